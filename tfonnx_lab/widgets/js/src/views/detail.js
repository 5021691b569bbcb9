// Everything that is known about one op.

import { taken } from "../common/cells.js";
import { h } from "../common/dom.js";
import { explained } from "../common/terms.js";
import { drawn } from "./drawn.js";

/** A button that asks Python to do something. */
export function button(act, name, text, hint) {
  return h("button", { type: "button", class: "tl-button", title: hint, onclick: () => act(name) }, text);
}

export function detail(op, { act, live, message, node, onstep, onnode }) {
  const note = message ? h("pre", { class: "tlv-message", role: "status", tabindex: "0" }, message) : null;
  if (!op || op.op === undefined) return h("div", {}, note);
  const own = [["isolate", "isolate as a one-op model", "write OP.tflite with the real tensors that flow into it"], ["test", "write as a test", "a test case to paste"], ["handler", "write a handler", "a handler to paste into a cell and to fill in"]];
  const copy = /^def /m.test(message ?? "") ? h("div", { class: "tlv-buttons" }, ...taken(() => message)) : null;
  return h(
    "div",
    {},
    h("h3", {}, `op ${op.op}  ${op.type}`),
    h("p", { class: "tl-dim tlv-wrap" }, op.name),
    op.error ? h("p", { class: "tlv-error", role: "alert" }, op.error) : null,
    h("div", { class: "tlv-buttons" }, ...(live ? own : []).map((args) => button(act, ...args))),
    note,
    copy,
    op.rule ? source(op.rule) : null,
    h("h4", {}, "the nodes that it became"),
    drawn(op.graph, { selected: node, onselect: onnode }) ?? h("p", {}, op.onnx.length ? op.onnx.join(", ") : "none: it was folded away"),
    list("values at hand", op.bindings.map(([name, text]) => `${name} = ${text}`)),
    list("inputs", op.inputs),
    list("outputs", op.outputs),
    list("attributes", op.attributes.map(([name, text]) => `${name} = ${text}`)),
    h("h4", {}, ...explained("steps")),
    h("ul", { class: "tlv-steps" }, ...op.steps.map((step) => h("li", {}, h("button", { type: "button", class: "tl-link", onclick: () => onstep(step.index) }, `${step.index + 1}  ${step.text}`), step.note ? h("span", { class: "tl-dim" }, ` ${step.note}`) : null))),
    op.traceback ? h("details", {}, h("summary", {}, "traceback"), h("pre", {}, op.traceback)) : null,
  );
}

function list(title, lines) {
  if (lines.length === 0) return null;
  return h("section", {}, h("h4", {}, ...explained(title)), h("ul", {}, ...lines.map((line) => h("li", { class: "tlv-wrap" }, line))));
}

function source(rule) {
  const lines = String(rule.source ?? "").split("\n");
  const code = lines.map((line, i) => h("span", { class: i === rule.line ? "tlv-here" : null }, `${i === rule.line ? "→ " : "  "}${line}\n`));
  return h("details", { open: rule.line !== null }, h("summary", {}, `handler ${rule.name}, ${rule.file}`), h("pre", { tabindex: "0" }, ...code));
}
