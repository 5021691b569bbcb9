// A few steps of the staircase, large: which code a real value gets, and what comes back.
import { dequantize, quantize, short } from "./numbers.js";
import { svg } from "./svg.js";

const HEIGHT = 330, LEFT = 44, RIGHT = 10, TOP = 26, BOTTOM = 36, AROUND = 4;
const BASE = HEIGHT - BOTTOM;

export function lens(tensor, now, probe, width) {
  const { low, high } = tensor;
  const exact = probe / now.scale + now.zero;
  const middle = Math.min(high + 1, Math.max(low - 1, Math.round(exact)));
  const first = middle - AROUND, last = middle + AROUND;
  const x = (code) => LEFT + ((code - first + 0.5) / (last - first + 1)) * (width - LEFT - RIGHT);
  const y = (code) => BASE - ((code - first + 0.5) / (last - first + 1)) * (BASE - TOP);
  const clip = (code) => Math.min(high, Math.max(low, code));
  const q = quantize(probe, now, tensor);
  const at = Math.min(last + 0.5, Math.max(first - 0.5, exact));

  const root = svg("svg", { viewBox: `0 0 ${width} ${HEIGHT}`, width, height: HEIGHT, role: "img", "aria-label": words(tensor, now, probe) });
  const line = (x1, y1, x2, y2, name) => root.append(svg("line", { x1, y1, x2, y2, class: name }));
  const text = (px, py, content, anchor, name = "tfq-tick") => root.append(svg("text", { x: px, y: py, class: name, "text-anchor": anchor }, content));
  line(x(first - 0.5), y(first - 0.5), x(last + 0.5), y(last + 0.5), "tfq-exact");
  line(LEFT, BASE, width - RIGHT, BASE, "tfq-axis");
  const path = [];
  for (let code = first; code <= last; code += 1) {
    path.push(`${path.length ? "L" : "M"}${x(code - 0.5)} ${y(clip(code))}L${x(code + 0.5)} ${y(clip(code))}`);
    if (code >= low && code <= high) text(LEFT - 6, y(code) + 4, String(code), "end", code === q ? "tfq-tick tfq-chosen" : "tfq-tick");
    line(x(code), BASE, x(code), BASE + 4, "tfq-axis");
    if ((code - middle) % 2 === 0) text(x(code), BASE + 16, short(dequantize(code, now)), "middle");
  }
  root.append(svg("path", { d: path.join(""), class: "tfq-stairs" }));
  line(x(at), BASE, x(at), y(q), "tfq-probe");
  line(LEFT, y(q), x(at), y(q), "tfq-probe");
  line(x(at), y(q), x(q), y(q), "tfq-error");
  root.append(svg("circle", { cx: x(at), cy: y(q), r: 4.5, class: "tfq-dot" }));
  text(width - RIGHT, BASE + 31, "real value", "end", "tfq-label");
  text(LEFT - 6, TOP - 12, "code", "end", "tfq-label");
  text(width - RIGHT, TOP - 12, "near that value, step by step", "end", "tfq-label");
  return root;
}

// One line: the way there and back.
export function words(tensor, now, probe) {
  const q = quantize(probe, now, tensor);
  const back = dequantize(q, now);
  const steps = (back - probe) / now.scale;
  const lost = short(Math.abs(steps), 2);
  const why = Math.abs(steps) > 0.5 + 1e-9 ? `${lost} steps lost by clipping` : `${lost} of a step lost by rounding`;
  return `${short(probe, 4)} becomes code ${q}, which means ${short(back, 4)}: ${why}`;
}
