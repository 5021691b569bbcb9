// What the words mean: a term opens its sentence where it stands.

import { h } from "./dom.js";

export const TERMS = {
  "zero point": "The code that stands for the real value 0: real = scale * (code - zero point).",
  scale: "How far apart two neighbouring codes are as real values; one step.",
  "per channel": "Each output channel of the weights has a scale of its own; activations have one for all.",
  "QDQ group": "DequantizeLinear, an op, QuantizeLinear: ONNX's way to say that the op works on codes. A runtime may make one integer kernel of it.",
  "float island": "An op between DequantizeLinear and QuantizeLinear that ONNX Runtime computes in float, since it has no integer kernel that fits.",
  integers: "An integer kernel multiplies and adds the codes themselves; in float, codes become real values first and codes again after.",
  opset: "The version of ONNX's operators that the file is written for.",
  steps: "One rule applied once: what it matched was replaced by something that computes the same. All are in the trace.",
  risk: "Not an error: something that may go otherwise than one thinks, on some machines or with other inputs.",
  verdict: "Each op is judged by itself first, on LiteRT's own inputs, then along the graph, against how far LiteRT's own sets of kernels differ.",
  kernel: "The code in a runtime that computes an op for given types.",
  partition: "Nodes that an accelerator runs as one piece. At each border tensors are copied between it and the CPU.",
  nrmse: "Root mean square error over the spread of the tensor: 0 is equal, 1 is no better than its mean.",
  rule: "A rewriter, a handler or an optimizer: a pattern, what takes its place, and why that computes the same.",
};

/** A word that explains itself at a click. */
export function term(word, shown = word) {
  const says = h("span", { class: "tl-says", role: "note", hidden: true }, TERMS[word]);
  const button = h("button", { type: "button", class: "tl-term", title: TERMS[word], "aria-expanded": false, onclick: open }, shown);
  function open() {
    says.hidden = !says.hidden;
    button.setAttribute("aria-expanded", !says.hidden);
  }
  return h("span", { class: "tl-explained" }, button, says);
}
