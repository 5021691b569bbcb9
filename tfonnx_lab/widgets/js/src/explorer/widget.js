// The quantization explorer: one tensor's codes and real values as a staircase, with sliders for scale and zero point.
import css from "./style.css";
import { figures, formula } from "./numbers.js";
import { picture } from "./picture.js";

function make(name, attributes = {}, ...children) {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  element.append(...children);
  return element;
}

function slider(label, min, max, step) {
  const input = make("input", { type: "range", min, max, step, "aria-label": label });
  const value = make("output");
  return { input, value, row: make("label", { class: "tfq-slider" }, make("span", {}, label), input, value) };
}

export default {
  render({ model, el }) {
    const tensors = JSON.parse(model.get("_tensors"));
    const choice = make("select", { "aria-label": "tensor" }, ...tensors.map((t, i) => make("option", { value: i }, `${t.op}  ${t.name}`)));
    const title = make("div", { class: "tfq-formula", "aria-live": "polite" });
    const plot = make("div", { class: "tfq-plot" });
    const numbers = make("div", { class: "tfq-figures" });
    const scale = slider("scale", -2, 2, 0.02); // as a power of two of the tensor's own
    const zero = slider("zero point", 0, 1, 1);
    const reset = make("button", {}, "reset");
    const cards = make("div", { class: "tfq-cards" });
    el.replaceChildren(
      make("style", {}, css),
      make("div", { class: "tfq" }, make("div", { class: "tfq-head" }, choice, title), plot, make("div", { class: "tfq-controls" }, scale.row, zero.row, reset), numbers, cards),
    );
    let tensor = null;
    let pending = 0;

    const current = () => ({ scale: tensor.scale * 2 ** Number(scale.input.value), zero: Number(zero.input.value) });

    function choose() {
      tensor = tensors[model.get("tensor")];
      choice.value = model.get("tensor");
      zero.input.min = tensor.low;
      zero.input.max = tensor.high;
      setBack();
      cards.replaceChildren(
        card("TFLite", tensor.tflite),
        card("ONNX", tensor.onnx),
        card("ONNX Runtime", tensor.kernel),
      );
    }

    function setBack() {
      scale.input.value = 0;
      zero.input.value = tensor.zero;
      update();
    }

    function update() {
      const now = current();
      scale.value.textContent = now.scale.toPrecision(3);
      zero.value.textContent = String(now.zero);
      title.textContent = `real = ${formula(now.scale, now.zero)}      codes ${tensor.low} to ${tensor.high}`;
      plot.replaceChildren(picture(tensor, now));
      numbers.textContent = figures(tensor, now);
    }

    // A drag gives more events than frames; one drawing a frame is enough.
    function soon() {
      pending ||= requestAnimationFrame(() => {
        pending = 0;
        update();
      });
    }

    function settled() {
      const now = current();
      model.set("scale", now.scale);
      model.set("zero_point", now.zero);
      model.save_changes();
    }

    for (const part of [scale, zero]) {
      part.input.addEventListener("input", soon);
      part.input.addEventListener("change", settled);
    }
    reset.addEventListener("click", () => {
      setBack();
      settled();
    });
    choice.addEventListener("change", () => {
      model.set("tensor", Number(choice.value));
      model.save_changes();
    });
    model.on("change:tensor", choose);
    choose();
    return () => {
      model.off("change:tensor", choose);
      cancelAnimationFrame(pending);
    };
  },
};

function card(title, lines) {
  return make("section", {}, make("h4", {}, title), ...lines.map((line) => make("div", {}, line)));
}
