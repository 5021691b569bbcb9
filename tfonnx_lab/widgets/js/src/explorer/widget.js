// The quantization explorer: one tensor's codes and real values as a staircase, with sliders for scale and zero point.
import { OWN_KEYS } from "../common/keys.js";
import { addStyle } from "../common/style.js";
import css from "./style.css";
import { columns } from "./columns.js";
import { make, slider } from "./dom.js";
import { lens, words } from "./lens.js";
import { dequantize, formula, losses, range, short } from "./numbers.js";
import { Picture } from "./picture.js";

const NARROW = 700; // the lens stands below the picture where there is less room

export default {
  render({ model, el }) {
    addStyle(el);
    const explorer = new Explorer(model);
    el.replaceChildren(make("style", {}, css), explorer.element);
    const resized = new ResizeObserver(() => explorer.fit());
    resized.observe(explorer.element);
    return () => {
      resized.disconnect();
      explorer.dispose();
    };
  },
};

class Explorer {
  constructor(model) {
    this.model = model;
    this.tensors = JSON.parse(model.get("_tensors"));
    this.choice = make("select", { "aria-label": "tensor" }, ...this.tensors.map((t, i) => make("option", { value: i }, `${t.op}  ${t.name}`)));
    this.title = make("div", { class: "tfq-formula" });
    this.picture = new Picture((value) => this.probeAt(value));
    this.lens = make("div", { class: "tfq-lens" });
    this.plots = make("div", { class: "tfq-plots" }, this.picture.element, this.lens);
    this.scale = slider("scale", { min: -2, max: 2, step: 0.02 }); // as a power of two of the tensor's own
    this.zero = slider("zero point", { step: 1 });
    this.value = slider("a real value", {});
    this.reset = make("button", { type: "button", title: "scale and zero point as in the file" }, "reset");
    this.way = make("p", { class: "tfq-way", "aria-live": "polite" });
    this.figures = make("table", { class: "tfq-figures", "aria-label": "what the mapping costs", "aria-live": "polite" });
    this.three = make("div");
    this.element = make(
      "div",
      { class: "tfq", ...OWN_KEYS },
      make("p", { class: "tfq-question" }, "What does this integer mean, and who computes with it?"),
      make("div", { class: "tfq-head" }, this.choice, this.title),
      this.plots,
      make("div", { class: "tfq-controls" }, this.scale.row, this.zero.row, this.value.row, this.reset),
      this.way,
      this.figures,
      this.three,
    );
    this.pending = 0;
    this.listen();
    this.choose();
  }

  listen() {
    for (const part of [this.scale, this.zero, this.value]) part.input.addEventListener("input", () => this.soon());
    for (const part of [this.scale, this.zero]) part.input.addEventListener("change", () => this.settled());
    this.reset.addEventListener("click", () => {
      this.setBack();
      this.settled();
    });
    this.choice.addEventListener("change", () => {
      this.model.set("tensor", Number(this.choice.value));
      this.model.save_changes();
    });
    this.chosen = () => this.choose();
    this.model.on("change:tensor", this.chosen);
  }

  dispose() {
    this.model.off("change:tensor", this.chosen);
    cancelAnimationFrame(this.pending);
  }

  now() {
    return { scale: this.tensor.scale * 2 ** Number(this.scale.input.value), zero: Number(this.zero.input.value) };
  }

  // The third slider's value; its steps are counted from a minimum with a rounding error of its own.
  probe() {
    const step = Number(this.value.input.step);
    return Math.round(Number(this.value.input.value) / step) * step;
  }

  choose() {
    this.tensor = this.tensors[this.model.get("tensor")];
    this.choice.value = this.model.get("tensor");
    this.zero.input.min = this.tensor.low;
    this.zero.input.max = this.tensor.high;
    this.three.replaceChildren(columns(this.tensor.views));
    this.width = 0;
    this.setBack();
    this.fit();
  }

  setBack() {
    this.scale.input.value = 0;
    this.zero.input.value = this.tensor.zero;
    if (this.width) this.update();
  }

  // Draw for the room that there is.
  fit() {
    const room = this.plots.clientWidth || 860;
    if (room === this.width) return;
    const fresh = !this.width;
    this.width = room;
    const narrow = room < NARROW;
    this.plots.classList.toggle("tfq-narrow", narrow);
    this.lensWidth = narrow ? room : Math.round(room * 0.34);
    this.picture.frame(this.tensor, narrow ? room : room - this.lensWidth - 12);
    const { from, to } = this.picture;
    const step = (to - from) / 2000;
    Object.assign(this.value.input, { min: Math.ceil(from / step) * step, max: to, step }); // so that 0 can be chosen
    if (fresh) this.value.input.value = this.tensor.scale * (this.tensor.high - this.tensor.zero) * 0.31;
    this.update();
  }

  update() {
    const now = this.now();
    const probe = this.probe();
    this.scale.value.textContent = short(now.scale, 4);
    this.zero.value.textContent = String(now.zero);
    this.value.value.textContent = short(probe, 4);
    this.title.textContent = `real = ${formula(now.scale, now.zero)}`;
    this.picture.move(now, probe);
    this.lens.replaceChildren(lens(this.tensor, now, probe, this.lensWidth));
    this.way.textContent = words(this.tensor, now, probe);
    this.figures.replaceChildren(...table(this.tensor, now));
  }

  // A drag gives more events than frames; one drawing a frame is enough.
  soon() {
    this.pending ||= requestAnimationFrame(() => {
      this.pending = 0;
      this.update();
    });
  }

  probeAt(value) {
    this.value.input.value = value;
    this.soon();
  }

  settled() {
    const now = this.now();
    this.model.set("scale", now.scale);
    this.model.set("zero_point", now.zero);
    this.model.save_changes();
  }
}

// The figures of the file's mapping, and beside them those of the sliders' where it is another.
function table(tensor, now) {
  const moved = now.scale !== tensor.scale || now.zero !== tensor.zero;
  const maps = moved ? [tensor, now] : [tensor];
  const cell = (name, text) => make(name, {}, text);
  const head = make("tr", {}, make("td"), ...["codes", "real values", "one step", "clipped", "error (root mean square)"].map((t) => cell("th", t)));
  return [head, ...maps.map((map, i) => make("tr", {}, cell("th", i ? "sliders" : "in the file"), ...row(tensor, map).map((t) => cell("td", t))))];
}

function row(tensor, map) {
  const [low, high] = range(map, tensor);
  const lost = losses(tensor, map);
  const clipped = lost ? `${(100 * lost.clipped).toFixed(lost.clipped ? 2 : 0)} %` : "no sample";
  const error = lost ? `${short(lost.error, 2)} = ${short(lost.error / map.scale, 2)} steps` : "LiteRT could not run a sample";
  return [`${tensor.low} to ${tensor.high}`, `${short(low)} to ${short(high)}`, short(dequantize(map.zero + 1, map)), clipped, error];
}
