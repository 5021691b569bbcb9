// Pictures as files: what is drawn, with the colours that it has in the page, as SVG or PNG.

import { h } from "./dom.js";

const KEPT = ["fill", "fill-opacity", "stroke", "stroke-width", "stroke-dasharray", "stroke-opacity", "opacity", "font-family", "font-size", "font-weight", "font-style", "text-anchor", "dominant-baseline", "paint-order", "visibility", "display"];
const NS = "http://www.w3.org/2000/svg";
const GAP = 16;
const SMALLEST = 60; // px: what is smaller is an icon
const SHARP = 2; // pixels of a PNG for one of the page

/** The pictures in an element that are in sight, those in frames too. */
export function picturesIn(element) {
  const own = [...element.querySelectorAll("svg")];
  const framed = [...element.querySelectorAll("iframe")].flatMap((frame) => [...(frame.contentDocument?.querySelectorAll("svg#canvas") ?? [])]);
  const seen = (svg) => {
    const { width, height } = svg.getBoundingClientRect();
    return width > SMALLEST && height > SMALLEST && !svg.parentElement.closest("svg");
  };
  return [...own, ...framed].filter(seen);
}

/** One SVG of all of them, beside each other. @returns {{text: string, width: number, height: number} | null} */
export function together(pictures, background) {
  if (pictures.length === 0) return null;
  let [x, height] = [0, 0];
  const parts = pictures.map((svg) => {
    const size = svg.getBoundingClientRect();
    const copy = styled(svg);
    if (!copy.hasAttribute("viewBox")) copy.setAttribute("viewBox", `0 0 ${size.width} ${size.height}`);
    for (const [name, value] of [["x", x], ["y", 0], ["width", size.width], ["height", size.height]]) copy.setAttribute(name, value);
    x += size.width + GAP;
    height = Math.max(height, size.height);
    return new XMLSerializer().serializeToString(copy);
  });
  const width = x - GAP;
  const text = `<svg xmlns="${NS}" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}"><rect width="100%" height="100%" fill="${background}"/>${parts.join("")}</svg>`;
  return { text, width, height };
}

/** A copy that needs no style sheet. */
function styled(svg) {
  const copy = svg.cloneNode(true);
  const [from, to] = [[svg, ...svg.querySelectorAll("*")], [copy, ...copy.querySelectorAll("*")]];
  const window = svg.ownerDocument.defaultView;
  from.forEach((element, i) => {
    const style = window.getComputedStyle(element);
    to[i].setAttribute("style", KEPT.map((name) => `${name}:${style.getPropertyValue(name)}`).join(";"));
    to[i].removeAttribute("class");
  });
  return copy;
}

/** Save all pictures of an element. @returns {Promise<boolean>} whether there were any */
export async function save(element, name, kind) {
  const found = together(picturesIn(element), getComputedStyle(element).getPropertyValue("--tl-bg").trim() || "#fff");
  if (!found) return false;
  const svg = new Blob([found.text], { type: "image/svg+xml" });
  download(kind === "svg" ? svg : await painted(svg, found), `${name}.${kind}`);
  return true;
}

async function painted(svg, { width, height }) {
  const url = URL.createObjectURL(svg);
  try {
    const image = Object.assign(new Image(), { src: url });
    await image.decode();
    const canvas = h("canvas", { width: Math.ceil(width * SHARP), height: Math.ceil(height * SHARP) });
    canvas.getContext("2d").drawImage(image, 0, 0, canvas.width, canvas.height);
    return await new Promise((done) => canvas.toBlob(done, "image/png"));
  } finally {
    URL.revokeObjectURL(url);
  }
}

function download(blob, name) {
  const url = URL.createObjectURL(blob);
  h("a", { href: url, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(url), 1000);
}
