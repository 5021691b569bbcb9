// The .ort file: style, platform, what was checked, a button that writes it.

import { h } from "../common/dom.js";
import { choice, facts, named, plain } from "./parts.js";

const STYLES = [
  ["Fixed", "Fixed", "every optimization is applied before writing: for the CPU"],
  ["Runtime", "Runtime", "what an accelerator could not undo is recorded for later"],
];
const PLATFORMS = [
  ["", "any", "what runs on every processor"],
  ["arm", "arm", "integer kernels of int8 activations"],
  ["amd64", "amd64", "convolutions in a blocked layout"],
];

export function file(data, { act }) {
  const set = (more) => act("file", { style: data.style, platform: data.platform, ...more });
  return [
    h("div", { class: "tlm-line" }, choice("style", STYLES, data.style, (style) => set({ style })), choice("platform", PLATFORMS, data.platform, (platform) => set({ platform }))),
    h("div", { class: "tlm-line" }, named("name of the .ort file", data.target, "save", (path) => act("save", { what: "ort", path }), { hint: "write it, load it again and compare it before it gets its name" })),
    facts(data.facts),
    ...data.tables.map((t) => h("section", { class: "tlm-wide" }, h("h4", {}, t.title), plain(t.title, t.head, t.rows, t.numbers))),
  ];
}
