// Bars, and the curve of node counts: plain SVG and elements, with text beside every colour.

import { h, s } from "../common/dom.js";

const STAGES = ["rewriters", "handlers", "optimizers", "ONNX Runtime"];

/** One bar a rule: what it deleted (red, with a minus) and added (green, with a plus). A click filters the table. */
export function bars(list, onpick) {
  const most = Math.max(1, ...list.map((b) => Math.max(b.value, b.added ?? 0)));
  const width = (n) => `width:${Math.max(n > 0 ? 2 : 0, (100 * n) / most)}%`;
  const rows = list.slice(0, 40).map((b) =>
    h(
      "button",
      { type: "button", class: "tlv-bar", onclick: () => onpick(b.name), title: `show only ${b.name}` },
      h("span", { class: "tlv-bar-name" }, b.name),
      h(
        "span",
        { class: "tlv-bar-room", "aria-hidden": true },
        h("i", { class: b.added === undefined ? "tlv-plain" : "tlv-minus", style: width(b.value) }),
        b.added ? h("i", { class: "tlv-plus", style: width(b.added) }) : null,
      ),
      h("span", { class: "tlv-num" }, amount(b)),
    ),
  );
  return h("div", { class: "tlv-bars", role: "group", "aria-label": "how often each was applied; a click shows only its rows", tabindex: -1 }, ...rows);
}

const amount = ({ value, added }) => (added === undefined ? String(value) : [value ? `−${value}` : "", added ? `+${added}` : ""].filter(Boolean).join(" ") || "0");

/** Nodes over steps, the stages as bands. A click goes to the step; so does Enter, from where the arrow keys led. */
export function curve(points, onpick) {
  const [w, high] = [1000, 130];
  const most = Math.max(...points.map((p) => p[1])) * 1.08;
  const x = (i) => (w * i) / Math.max(1, points.length - 1);
  const y = (n) => high - (high * n) / most;
  const bands = [];
  const names = [];
  STAGES.forEach((stage, k) => {
    const from = points.findIndex((p) => p[2] === stage);
    const to = points.findLastIndex((p) => p[2] === stage);
    if (from < 0) return;
    bands.push(s("rect", { x: x(from), y: 0, width: Math.max(1, x(to) - x(from)), height: high, class: `tlv-band tlv-band-${k % 2}` }));
    names.push(h("span", { style: `left:${(x(from) / w) * 100}%` }, `${stage}: ${from === 0 ? "" : `${points[from - 1][1]} → `}${points[to][1]}`));
  });
  const line = points.map((p, i) => `${x(i).toFixed(1)},${y(p[1]).toFixed(1)}`).join(" ");
  const label = `nodes in the graph, step by step: ${points[0][1]} after the first, at most ${Math.max(...points.map((p) => p[1]))}, ${points.at(-1)[1]} at the end`;
  const cursor = s("line", { y1: 0, y2: high, class: "tlv-cursor" });
  const picture = s("svg", { viewBox: `0 0 ${w} ${high}`, preserveAspectRatio: "none", "aria-hidden": true }, ...bands, s("polyline", { points: line, class: "tlv-line" }), cursor);
  const told = h("span", {}, "a click goes to the step");
  let at = 0;
  const slider = h("div", { class: "tlv-steps-slider", role: "slider", tabindex: 0, "aria-label": `step; ${label}`, "aria-valuemin": 1, "aria-valuemax": points.length, "aria-valuenow": 1 }, picture);
  const move = (to) => {
    at = Math.min(Math.max(to, 0), points.length - 1);
    const [step, nodes, stage] = points[at];
    const text = `step ${step + 1}, ${stage}: ${nodes} nodes`;
    cursor.setAttribute("x1", x(at));
    cursor.setAttribute("x2", x(at));
    slider.setAttribute("aria-valuenow", step + 1);
    slider.setAttribute("aria-valuetext", text);
    told.textContent = `${text}; Enter goes there`;
  };
  move(0);
  told.textContent = "a click goes to the step";
  const far = Math.ceil(points.length / 20);
  const by = { ArrowRight: 1, ArrowUp: 1, ArrowLeft: -1, ArrowDown: -1, PageUp: far, PageDown: -far, Home: -Infinity, End: Infinity };
  slider.addEventListener("keydown", (event) => {
    if (event.key === "Enter" || event.key === " ") onpick(points[at][0]);
    else if (event.key in by) move(at + by[event.key]);
    else return;
    event.preventDefault();
  });
  picture.addEventListener("click", (event) => {
    const { left, width } = picture.getBoundingClientRect();
    onpick(points[Math.round(((event.clientX - left) / width) * (points.length - 1))][0]);
  });
  return h("figure", { class: "tlv-figure tlv-curve", "aria-label": "nodes over steps" }, h("div", { class: "tlv-names", "aria-hidden": true }, ...names), slider, h("figcaption", {}, `${label}; `, told));
}
