// The staircase over the histogram of real activations, on one real axis.
import { quantize, range } from "./numbers.js";

const NS = "http://www.w3.org/2000/svg";
const WIDTH = 860, HEIGHT = 330, LEFT = 56, RIGHT = 14, TOP = 12, BOTTOM = 34, BARS = 90;

function svg(name, attributes, text) {
  const element = document.createElementNS(NS, name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  if (text !== undefined) element.textContent = text;
  return element;
}

export function picture(tensor, now) {
  const own = range({ scale: tensor.scale, zero: tensor.zero }, tensor);
  const pad = (own[1] - own[0]) * 0.25;
  const from = Math.min(0, own[0]) - pad, to = Math.max(0, own[1]) + pad;
  const x = (v) => LEFT + ((v - from) / (to - from)) * (WIDTH - LEFT - RIGHT);
  const y = (q) => HEIGHT - BOTTOM - BARS - ((q - tensor.low) / (tensor.high - tensor.low)) * (HEIGHT - TOP - BOTTOM - BARS);
  const root = svg("svg", { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: "img", "aria-label": "codes over real values" });
  const [low, high] = range(now, tensor);
  root.append(svg("rect", { x: x(low), y: TOP, width: Math.max(0, x(high) - x(low)), height: HEIGHT - TOP - BOTTOM, class: "tfq-range" }));
  histogram(root, tensor, x);
  axes(root, tensor, from, to, x, y);
  root.append(svg("path", { d: staircase(tensor, now, from, to, x, y), class: "tfq-stairs" }));
  const zero = Math.min(tensor.high, Math.max(tensor.low, now.zero));
  root.append(svg("circle", { cx: x(0), cy: y(zero), r: 4, class: "tfq-zero" }), svg("text", { x: x(0) + 8, y: y(zero) - 6, class: "tfq-label" }, `zero is code ${now.zero}`));
  return root;
}

// Every code is a step; where there are more codes than pixels a line through their middles is the same picture.
function staircase(tensor, now, from, to, x, y) {
  const points = [];
  const pixels = WIDTH - LEFT - RIGHT;
  let last = null;
  for (let i = 0; i <= pixels; i++) {
    const value = from + ((to - from) * i) / pixels;
    const q = quantize(value, now, tensor);
    if (q !== last && last !== null) points.push(`${x(value)} ${y(last)}`);
    if (q !== last) points.push(`${x(value)} ${y(q)}`);
    last = q;
  }
  points.push(`${x(to)} ${y(last)}`);
  return `M${points.join("L")}`;
}

function histogram(root, tensor, x) {
  const { counts, from, to } = tensor.histogram;
  const most = Math.max(...counts, 1);
  const width = (to - from) / counts.length;
  counts.forEach((count, i) => {
    if (!count) return;
    const height = Math.max(1, (BARS - 8) * Math.sqrt(count / most));
    const left = x(from + i * width);
    root.append(svg("rect", { x: left, y: HEIGHT - BOTTOM - height, width: Math.max(1, x(from + (i + 1) * width) - left), height, class: "tfq-bar" }));
  });
  root.append(svg("text", { x: WIDTH - RIGHT - 4, y: HEIGHT - BOTTOM - BARS + 12, class: "tfq-label", "text-anchor": "end" }, "activations of a sample (square root of count)"));
}

function axes(root, tensor, from, to, x, y) {
  const base = HEIGHT - BOTTOM;
  root.append(svg("line", { x1: LEFT, x2: WIDTH - RIGHT, y1: base, y2: base, class: "tfq-axis" }));
  const span = to - from;
  const unit = 10 ** Math.floor(Math.log10(span / 4));
  const every = span / unit > 25 ? 5 * unit : span / unit > 12 ? 2 * unit : unit;
  for (let v = Math.ceil(from / every) * every; v <= to; v += every) {
    root.append(svg("line", { x1: x(v), x2: x(v), y1: base, y2: base + 4, class: "tfq-axis" }), svg("text", { x: x(v), y: base + 16, class: "tfq-tick", "text-anchor": "middle" }, String(Number(v.toPrecision(6)))));
  }
  root.append(svg("text", { x: WIDTH - RIGHT, y: base + 30, class: "tfq-label", "text-anchor": "end" }, "real value"));
  for (const q of [tensor.low, Math.round((tensor.low + tensor.high) / 2), tensor.high]) {
    root.append(svg("text", { x: LEFT - 6, y: y(q) + 4, class: "tfq-tick", "text-anchor": "end" }, String(q)));
  }
  root.append(svg("text", { x: 4, y: TOP + 2, class: "tfq-label" }, "code"));
  for (const v of [0, 6]) {
    if (v > from && v < to) root.append(svg("line", { x1: x(v), x2: x(v), y1: TOP, y2: base, class: v ? "tfq-six" : "tfq-axis" }));
  }
}
