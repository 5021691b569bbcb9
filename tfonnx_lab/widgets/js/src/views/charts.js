// Bars, the curve of node counts, and the error along the graph: plain SVG and elements, with text beside every colour.

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
      h("span", { class: "tlv-num" }, b.added === undefined ? String(b.value) : `−${b.value}${b.added ? ` +${b.added}` : ""}`),
    ),
  );
  return h("div", { class: "tlv-bars", role: "group", "aria-label": "how often each was applied; a click shows only its rows", tabindex: -1 }, ...rows);
}

/** Nodes over steps, the stages as bands. A click goes to the step. */
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
  const picture = s("svg", { viewBox: `0 0 ${w} ${high}`, preserveAspectRatio: "none", role: "img", "aria-label": label }, ...bands, s("polyline", { points: line, class: "tlv-line" }));
  picture.addEventListener("click", (event) => {
    const { left, width } = picture.getBoundingClientRect();
    onpick(points[Math.round(((event.clientX - left) / width) * (points.length - 1))][0]);
  });
  return h("figure", { class: "tlv-figure tlv-curve" }, h("div", { class: "tlv-names", "aria-hidden": true }, ...names), picture, h("figcaption", {}, `${label}; a click goes to the step`));
}

const PADDING = 24; // of a figure, as in views.css
const FLOOR = 1e-9;
const UNITS = {
  steps: { least: 0.1, what: "largest error in steps of the tensor's own quantization", name: "in steps" },
  nrmse: { least: FLOOR, what: "root mean square error over the tensor's deviation (nrmse)", name: "nrmse" },
};

/** The error of each tensor in graph order, on a log scale, with the band of LiteRT's own two answers. */
export function errors(data, onpick) {
  const quantized = data.rows.filter((row) => row.steps !== null).length;
  const figure = h("figure", { class: "tlv-figure" });
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
  const { least, what } = UNITS[unit];
  const [high, left, low] = [190, 44, 182];
  const rows = data.rows.filter((row) => row[unit] !== null).sort((a, b) => a.origin - b.origin);
  const value = (row) => Math.max(least, Math.min(1e5, Number.isFinite(Number(row[unit])) ? Number(row[unit]) : 1e5));
  const top = Math.max(unit === "steps" ? 10 : 1, data.bands[unit] ?? 0, ...rows.map(value));
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
  let first = null;
  rows.forEach((row, i) => {
    const said = `${row.op}: nrmse ${row.nrmse}${row.steps === null ? "" : `, ${row.steps} steps`}`;
    parts.push(s("circle", { cx: x(i), cy: y(value(row)), r: row.output ? 6 : 4, class: row.far ? "tlv-dot tlv-dot-far" : "tlv-dot", onclick: () => onpick(row) }, s("title", {}, said)));
    if (row.origin !== data.first || first) return;
    const right = x(i) > w * 0.6;
    first = s("text", { x: x(i) + (right ? -9 : 9), y: Math.max(28, y(value(row)) - 12), class: `tlv-label tlv-first${right ? " tlv-end" : ""}` }, `first to leave: ${row.op}`);
    parts.push(s("line", { x1: x(i), x2: x(i), y1: 16, y2: low, class: "tlv-first-line" }));
  });
  if (first) parts.push(first);
  const label = `error along the graph. ${data.title}`;
  return [s("svg", { viewBox: `0 0 ${w} ${high}`, role: "img", "aria-label": label }, ...parts), h("figcaption", {}, `${what}; TFLite ops in order from left to right; large dots are outputs, orange ones with an edge are far; click to select`)];
}
