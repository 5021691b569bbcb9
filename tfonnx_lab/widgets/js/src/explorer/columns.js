// One tensor three times, in rows that belong together: its inputs, Q/DQ around the op, the tensor.
import { make } from "./dom.js";

const TITLES = ["TFLite", "ONNX", "ONNX Runtime"];
const SUBTITLES = ["codes are meant, Q/DQ are not written", "real numbers between Q/DQ", "what runs"];

export function columns(views) {
  const cells = TITLES.map((title, i) => column(i + 1, views[i], title, SUBTITLES[i]));
  return make("div", { class: "tfq-columns" }, ...cells);
}

// Rows: title, inputs, what stands before the op, the op, what stands after it, the tensor, a note. A kernel takes the
// place of the three in the middle.
function column(number, view, title, subtitle) {
  const swallows = view.kernel && !view.before;
  const op = make("div", { class: `tfq-box tfq-op ${number === 1 || view.kernel ? "tfq-integer" : "tfq-float"}` }, view.op);
  const told = [...view.inputs, view.before, view.op, view.after, view.codes, view.note].filter(Boolean).join(", ");
  return make(
    "section",
    { "aria-label": `${title}: ${told}` },
    make("h4", {}, title, make("small", {}, subtitle)),
    row(2, false, view.inputs.map((text) => chip(text))),
    row(3, true, view.before ? [box(view.before)] : []),
    row(swallows ? (view.after ? "3 / span 2" : "3 / span 3") : 4, true, view.op ? [op] : []),
    row(5, true, view.after ? view.after.split(", ").flatMap((part, i) => (i ? [arrow(), box(part)] : [box(part)])) : []),
    row(6, Boolean(view.op || view.after), view.codes ? [chip(view.codes, "tfq-this")] : []),
    make("p", { class: "tfq-note" }, view.note),
  );
}

function row(place, pointed, parts) {
  return make("div", { class: "tfq-row", style: `grid-row: ${place}` }, ...(pointed && parts.length ? [arrow()] : []), ...parts);
}

function box(text) {
  return make("div", { class: "tfq-box tfq-q" }, text);
}

function chip(text, name = "") {
  const [dtype, mapping] = text.split(": ");
  return make("span", { class: `tfq-chip ${name}` }, make("b", {}, dtype), mapping ? ` ${mapping}` : "");
}

function arrow() {
  return make("div", { class: "tfq-arrow", "aria-hidden": "true" }, "↓");
}
