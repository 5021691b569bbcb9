// The staircase over the histogram of real activations, on one real axis. What sliders move is redrawn, the rest stays.
import { dequantize, quantize, range } from "./numbers.js";
import { set, svg, ticks } from "./svg.js";

const HEIGHT = 330, LEFT = 50, RIGHT = 12, TOP = 26, BOTTOM = 36, BARS = 84;
const BASE = HEIGHT - BOTTOM;
const MOST_STEPS = 1024;
const APART = 14; // px between the middles of two labels
const ORIGINS = [{ v: 0, name: "tfq-origin" }, { v: 6, name: "tfq-six" }]; // zero, and where Relu6 ends
let serial = 0;

export class Picture {
  constructor(onPick) {
    this.id = `tfq-${(serial += 1)}`;
    this.element = svg("svg", { class: "tfq-picture", role: "img", "aria-label": "codes over real values, above a histogram of the activations" });
    const pick = (event) => {
      if (event.buttons !== 1) return;
      const box = this.element.getBoundingClientRect();
      onPick(this.from + ((event.clientX - box.left - LEFT) / (this.width - LEFT - RIGHT)) * (this.to - this.from));
    };
    this.element.addEventListener("pointerdown", pick);
    this.element.addEventListener("pointermove", pick);
  }

  // Axes, histogram and guides of a tensor.
  frame(tensor, width) {
    this.tensor = tensor;
    this.width = width;
    const own = range(tensor, tensor);
    const pad = (own[1] - own[0]) * 0.2;
    this.from = Math.min(0, own[0]) - pad;
    this.to = Math.max(0, own[1]) + pad;
    const inside = svg("rect", { y: 0, height: HEIGHT });
    this.moving = {
      inside,
      range: svg("rect", { y: TOP, height: BASE - TOP, class: "tfq-range" }),
      stairs: svg("path", { class: "tfq-stairs" }),
      probe: svg("line", { y1: TOP, y2: BASE, class: "tfq-probe" }),
      dot: svg("circle", { r: 4.5, class: "tfq-dot" }),
      zero: svg("circle", { r: 3.5, class: "tfq-zero" }),
    };
    set(this.element, { viewBox: `0 0 ${width} ${HEIGHT}`, width, height: HEIGHT });
    const clip = svg("clipPath", { id: this.id }, inside);
    const { range: shade, stairs, probe, dot, zero } = this.moving;
    const lost = this.bars("tfq-lost"), kept = this.bars("tfq-bar");
    set(kept, { "clip-path": `url(#${this.id})` });
    this.element.replaceChildren(svg("defs", {}, clip), shade, lost, kept, ...this.axes(), stairs, probe, zero, dot);
  }

  x(v) {
    return LEFT + ((v - this.from) / (this.to - this.from)) * (this.width - LEFT - RIGHT);
  }

  y(q) {
    const { low, high } = this.tensor;
    return BASE - BARS - ((q - low) / (high - low)) * (BASE - BARS - TOP);
  }

  // The mapping and the probed value as they are now.
  move(now, probe) {
    const { inside, range: shade, stairs, probe: line, dot, zero } = this.moving;
    const [low, high] = range(now, this.tensor);
    const left = this.x(low - now.scale / 2), size = Math.max(0, this.x(high + now.scale / 2) - left);
    for (const part of [inside, shade]) set(part, { x: left, width: size });
    set(stairs, { d: this.staircase(now) });
    const q = quantize(probe, now, this.tensor);
    set(line, { x1: this.x(probe), x2: this.x(probe) });
    set(dot, { cx: this.x(probe), cy: this.y(q) });
    set(zero, { cx: this.x(0), cy: this.y(quantize(0, now, this.tensor)) });
  }

  // A step for each code; where there are more codes than pixels, one for each pixel.
  staircase(now) {
    const { low, high } = this.tensor;
    const every = Math.max(1, Math.ceil((high - low) / MOST_STEPS));
    const ends = this.width - RIGHT;
    const points = [`M${LEFT} ${this.y(low)}`];
    for (let q = low + every; q <= high; q += every) {
      const edge = Math.min(ends, Math.max(LEFT, this.x(dequantize(q - every / 2, now))));
      points.push(`H${edge.toFixed(2)}V${(edge === ends ? this.y(q - every) : this.y(q)).toFixed(2)}`);
      if (edge === ends) break;
    }
    return `${points.join("")}H${ends}`;
  }

  bars(name) {
    const { counts, from, to } = this.tensor.histogram;
    const most = Math.max(...counts, 1);
    const width = (to - from) / counts.length;
    const parts = counts.map((count, i) => {
      if (!count) return "";
      const height = Math.max(1.5, (BARS - 14) * Math.sqrt(count / most));
      const left = this.x(from + i * width);
      return `M${left.toFixed(2)} ${BASE}v${-height.toFixed(2)}h${Math.max(1, this.x(from + (i + 1) * width) - left).toFixed(2)}v${height.toFixed(2)}z`;
    });
    return svg("path", { d: parts.join(""), class: name });
  }

  axes() {
    const { low, high } = this.tensor;
    const parts = [svg("line", { x1: LEFT, x2: this.width - RIGHT, y1: BASE, y2: BASE, class: "tfq-axis" })];
    const text = (x, y, content, anchor, name = "tfq-tick") => parts.push(svg("text", { x, y, class: name, "text-anchor": anchor }, content));
    for (const v of ticks(this.from, this.to, this.width / 70)) {
      parts.push(svg("line", { x1: this.x(v), x2: this.x(v), y1: BASE, y2: BASE + 4, class: "tfq-axis" }));
      text(this.x(v), BASE + 16, String(v), "middle");
    }
    for (const q of [low, Math.round((low + high) / 2), high]) {
      text(LEFT - 6, this.y(q) + 4, String(q), "end");
      parts.push(svg("line", { x1: LEFT - 4, x2: LEFT, y1: this.y(q), y2: this.y(q), class: "tfq-axis" }));
    }
    const close = ORIGINS.every(({ v }) => v >= this.from && v <= this.to) && this.x(ORIGINS.at(-1).v) - this.x(ORIGINS[0].v) < APART;
    for (const { v, name } of ORIGINS) {
      if (v < this.from || v > this.to) continue;
      parts.push(svg("line", { x1: this.x(v), x2: this.x(v), y1: TOP, y2: BASE, class: name }));
      const anchor = close ? (v === 0 ? "end" : "start") : "middle"; // else one would stand on the other
      text(this.x(v) + (close ? (v === 0 ? 2 : -2) : 0), TOP - 6, String(v), anchor, `tfq-tick ${name}-text`);
    }
    text(this.width - RIGHT, BASE + 31, "real value", "end", "tfq-label");
    text(LEFT - 6, TOP - 12, "code", "end", "tfq-label");
    text(LEFT + 4, BASE - BARS + 14, "how many activations (square root)", "start", "tfq-label");
    return parts;
  }
}
