// Bars, the curve of node counts, and the error along the graph: plain SVG and elements, with text beside every colour.

import { h, s } from "../common/dom.js";

const STAGES = ["rewriters", "handlers", "optimizers", "ONNX Runtime"];

/** One bar a rule: what it deleted (red, hatched to the left of the number) and added. A click filters the table. */
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
        { class: "tlv-bar-room" },
        h("i", { class: b.added === undefined ? "tlv-plain" : "tlv-minus", style: width(b.value) }),
        b.added ? h("i", { class: "tlv-plus", style: width(b.added) }) : null,
      ),
      h("span", { class: "tlv-num" }, b.added === undefined ? String(b.value) : `−${b.value}${b.added ? ` +${b.added}` : ""}`),
    ),
  );
  return h("div", { class: "tlv-bars", role: "group", "aria-label": "how often each was applied" }, ...rows);
}

/** Nodes over steps, the stages as bands. */
export function curve(points) {
  const [w, high] = [1000, 150];
  const most = Math.max(...points.map((p) => p[1])) * 1.08;
  const x = (i) => (w * i) / Math.max(1, points.length - 1);
  const y = (n) => high - (high * n) / most;
  const bands = STAGES.flatMap((stage, k) => {
    const inside = points.map((p, i) => (p[2] === stage ? i : -1)).filter((i) => i >= 0);
    if (inside.length === 0) return [];
    const [from, to] = [x(inside[0]), x(inside.at(-1))];
    return [
      s("rect", { x: from, y: 0, width: Math.max(1, to - from), height: high, class: `tlv-band tlv-band-${k % 2}` }),
      s("text", { x: from + 6, y: 14, class: "tlv-label" }, stage),
    ];
  });
  const line = points.map((p, i) => `${x(i).toFixed(1)},${y(p[1]).toFixed(1)}`).join(" ");
  const first = points[0][1];
  const last = points.at(-1)[1];
  const label = `nodes in the graph, step by step: ${first} after the first, at most ${Math.max(...points.map((p) => p[1]))}, ${last} at the end`;
  return h(
    "figure",
    { class: "tlv-figure" },
    s("svg", { viewBox: `0 0 ${w} ${high}`, preserveAspectRatio: "none", role: "img", "aria-label": label }, ...bands, s("polyline", { points: line, class: "tlv-line" })),
    h("figcaption", {}, label),
  );
}

const FLOOR = 1e-9;

/** The error of each tensor in graph order, on a log scale, with the band of LiteRT's own two answers. */
export function errors(data, onpick) {
  const [w, high, left] = [1000, 190, 56];
  const value = (row) => Math.max(FLOOR, Math.min(1e3, row.nrmse === "inf" || row.nrmse === "nan" ? 1e3 : Number(row.nrmse)));
  const top = Math.max(1, ...data.rows.map(value));
  const span = Math.log10(top) - Math.log10(FLOOR);
  const y = (v) => high - 8 - ((high - 22) * (Math.log10(Math.max(v, FLOOR)) - Math.log10(FLOOR))) / span;
  const x = (i) => left + 10 + ((w - left - 20) * i) / Math.max(1, data.rows.length - 1);
  const parts = [];
  if (data.band) {
    parts.push(s("rect", { x: left, y: y(data.band), width: w - left, height: high - 8 - y(data.band), class: "tlv-band tlv-band-1" }));
    parts.push(s("text", { x: left + 8, y: high - 14, class: "tlv-label" }, "LiteRT's own optimised kernels differ by this much"));
  }
  for (let e = -9; e <= Math.ceil(Math.log10(top)); e += 3) {
    if (10 ** e > top) break;
    parts.push(s("line", { x1: left, x2: w, y1: y(10 ** e), y2: y(10 ** e), class: "tlv-rule" }));
    parts.push(s("text", { x: left - 6, y: y(10 ** e) + 4, class: "tlv-label tlv-end" }, e === -9 ? "0" : `1e${e}`));
  }
  const order = data.rows.map((row, i) => ({ row, i })).sort((a, b) => a.row.origin - b.row.origin);
  order.forEach(({ row }, i) => {
    const mark = s(
      "circle",
      { cx: x(i), cy: y(value(row)), r: row.output ? 6 : 4, class: row.far ? "tlv-dot tlv-dot-far" : "tlv-dot", onclick: () => onpick(row) },
      s("title", {}, `${row.op}: nrmse ${row.nrmse}${row.steps === null ? "" : `, ${row.steps} steps`}`),
    );
    parts.push(mark);
    if (row.origin === data.first && !parts.named) {
      parts.named = true;
      parts.push(s("text", { x: Math.min(x(i) + 8, w - 160), y: Math.max(14, y(value(row)) - 10), class: "tlv-label tlv-first" }, `first to leave: ${row.op}`));
    }
  });
  const label = `error (nrmse) along the graph. ${data.title}`;
  return h("figure", { class: "tlv-figure" }, s("svg", { viewBox: `0 0 ${w} ${high}`, role: "img", "aria-label": label }, ...parts), h("figcaption", {}, "nrmse of each tensor, TFLite ops in order from left to right; large dots are outputs, orange ones are far; click to select"));
}
