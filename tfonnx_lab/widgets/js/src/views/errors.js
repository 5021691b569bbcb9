// The error along the graph: a dot a tensor, reached by pointer and keyboard, with text beside every colour.

import { h, s } from "../common/dom.js";

const PADDING = 24; // of a figure, as in views.css
const FLOOR = 1e-9;
const COLUMN = 3; // px: of the dots that stand so close together the worst is drawn
const UNITS = {
  steps: { least: 0.1, what: "largest error in steps of the tensor's own quantization", name: "in steps", was: "was_steps" },
  nrmse: { least: FLOOR, what: "root mean square error over the tensor's deviation (nrmse)", name: "nrmse", was: "was_nrmse" },
};
let made = 0;

/** The error of each tensor in graph order, on a log scale, with the band of LiteRT's own two answers. */
export function errors(data, onpick) {
  const quantized = data.rows.filter((row) => row.steps !== null).length;
  const figure = h("figure", { class: "tlv-figure", "aria-label": "errors along the graph" });
  let [width, unit] = [0, quantized * 2 > data.rows.length ? "steps" : "nrmse"];
  const choice = h("span", { class: "tlv-chips", role: "group", "aria-label": "unit of the errors" });
  const show = (chosen) => {
    unit = chosen;
    choice.replaceChildren(...(quantized ? Object.keys(UNITS) : []).map((name) => h("button", { type: "button", class: "tlv-chip", "aria-pressed": name === unit, onclick: () => show(name) }, UNITS[name].name)));
    figure.replaceChildren(...errorsIn(unit, data, width || 1000, onpick), h("div", { class: "tlv-tools" }, choice));
  };
  show(unit);
  new ResizeObserver(() => {
    const now = Math.max(320, figure.clientWidth - PADDING);
    if (figure.clientWidth === 0 || Math.abs(now - width) < 8) return;
    width = now; // drawn anew, not scaled: the texts stay readable
    show(unit);
  }).observe(figure);
  return figure;
}

function errorsIn(unit, data, w, onpick) {
  const { least, what, was } = UNITS[unit];
  const [high, left, low] = [190, 44, 182];
  const rows = data.rows.filter((row) => row[unit] !== null).sort((a, b) => a.origin - b.origin);
  const size = (number) => Math.max(least, Math.min(1e5, Number.isFinite(Number(number)) ? Number(number) : 1e5));
  const value = (row) => size(row[unit]);
  const top = rows.reduce((most, row) => Math.max(most, value(row), row[was] === undefined ? 0 : size(row[was])), Math.max(unit === "steps" ? 10 : 1, data.bands[unit] ?? 0));
  const [from, to] = [Math.log10(least), Math.log10(top)];
  const y = (v) => low - ((low - 16) * (Math.log10(Math.max(v, least)) - from)) / (to - from);
  const x = (i) => left + 10 + ((w - left - 20) * i) / Math.max(1, rows.length - 1);
  const parts = [];
  const band = data.bands[unit];
  if (band) {
    parts.push(s("rect", { x: left, y: y(band), width: w - left, height: low - y(band), class: "tlv-band tlv-band-1" }));
    parts.push(s("text", { x: left + 8, y: Math.max(y(band) - 4, 12), class: "tlv-label" }, `grey: so far apart are LiteRT's two own answers at the outputs (${Number(band.toPrecision(2))})`));
  }
  const every = to - from > 6 ? 3 : 1;
  for (let e = Math.ceil(from); e <= to; e += every) {
    parts.push(s("line", { x1: left, x2: w, y1: y(10 ** e), y2: y(10 ** e), class: "tlv-rule" }));
    parts.push(s("text", { x: left - 6, y: y(10 ** e) + 4, class: "tlv-label tlv-end" }, 10 ** e === least ? "0" : unit === "steps" ? String(10 ** e) : `1e${e}`));
  }
  const dots = apart(rows.map((row, i) => ({ row, x: x(i), y: y(value(row)), worth: row.status === "wrong" ? Infinity : value(row) })));
  for (const { row, x: at } of dots) {
    if (row[was] !== undefined) parts.push(s("circle", { cx: at, cy: y(size(row[was])), r: 4, class: "tlv-was" }));
  }
  const drawn = dots.map(({ row, x: cx, y: cy }) => s("circle", { cx, cy, r: row.output ? 6 : 4, class: `tlv-dot tlv-dot-${row.status || "unjudged"}`, role: "option", "aria-label": said(row) }, s("title", {}, said(row))));
  const first = dots.find(({ row }) => row.origin === data.first);
  if (first) {
    const right = first.x > w * 0.6;
    parts.push(s("line", { x1: first.x, x2: first.x, y1: 16, y2: low, class: "tlv-first-line" }));
    drawn.push(s("text", { x: first.x + (right ? -9 : 9), y: Math.max(28, first.y - 12), class: `tlv-label tlv-first${right ? " tlv-end" : ""}`, "aria-hidden": true }, `wrong by itself: ${first.row.op}`));
  }
  for (const part of parts) part.setAttribute("aria-hidden", "true");
  const caption = h("figcaption", {});
  const few = dots.length < rows.length ? ` The worst of each few is drawn: ${dots.length} of ${rows.length}.` : "";
  const before = dots.some(({ row }) => row[was] !== undefined) ? "; hollow: before the retry" : "";
  const judged = rows.some((row) => row.status) ? "; red with an edge: wrong by itself, orange ring: right by itself and fed with something off, grey: within LiteRT's band, blue: exact" : "";
  const rest = `${what}; ${data.things ?? "TFLite ops"} in order from left to right; large dots are outputs${judged}${before}.${few} Click to select; arrow keys walk, Enter selects`;
  const picture = s("svg", { viewBox: `0 0 ${w} ${high}`, class: "tlv-errors", role: "listbox", tabindex: 0, "aria-label": `error along the graph. ${data.title}` }, ...parts, ...drawn);
  walked(picture, dots, drawn, { onpick, tell: (text) => (caption.textContent = text || rest) });
  caption.textContent = rest;
  return [picture, caption];
}

const MEANS = { wrong: ", wrong by itself", amplified: ", right by itself, fed with something off", within: ", within LiteRT's own band", exact: ", exact" };

const said = (row) => `${row.op}: nrmse ${row.nrmse}${row.steps === null ? "" : `, ${row.steps} steps`}${MEANS[row.status] ?? ""}${row.was === undefined ? "" : `, ${row.was} of its scale before the retry`}`;

/** Of the dots that lie on top of each other only the worst. */
function apart(dots) {
  const columns = new Map();
  for (const dot of dots) {
    const key = Math.round(dot.x / COLUMN);
    if (!columns.has(key) || columns.get(key).worth < dot.worth) columns.set(key, dot);
  }
  return [...columns.values()];
}

/** Dots that the pointer and the keyboard reach: one stop for Tab, inside of it the arrow keys. */
function walked(picture, dots, drawn, { onpick, tell }) {
  const id = `tlv-dots-${(made += 1)}`;
  let at = null;
  const show = (to) => {
    drawn[at]?.classList.remove("tlv-at");
    at = to;
    if (at === null) picture.removeAttribute("aria-activedescendant");
    else {
      drawn[at].id = `${id}-${at}`; // named when it is needed: there are many
      drawn[at].classList.add("tlv-at");
      picture.setAttribute("aria-activedescendant", drawn[at].id);
    }
    tell(at === null ? "" : `${said(dots[at].row)}; Enter selects it`);
  };
  const by = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1, PageDown: 10, PageUp: -10, Home: -Infinity, End: Infinity };
  picture.addEventListener("click", (event) => {
    const index = drawn.indexOf(event.target.closest("circle"));
    if (dots[index]) onpick(dots[index].row);
  });
  picture.addEventListener("focus", () => picture.matches(":focus-visible") && dots.length > 0 && show(at ?? 0));
  picture.addEventListener("blur", () => show(null));
  picture.addEventListener("keydown", (event) => {
    if ((event.key === "Enter" || event.key === " ") && at !== null) onpick(dots[at].row);
    else if (event.key in by && dots.length > 0) show(Math.min(Math.max((at ?? 0) + by[event.key], 0), dots.length - 1));
    else return;
    event.preventDefault();
  });
}
