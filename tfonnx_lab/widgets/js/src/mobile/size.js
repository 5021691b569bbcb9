// The size of a build: a bar that steps down, the most expensive kernels, the commands that build it.

import { h } from "../common/dom.js";
import { box, choice, command, details, plain } from "./parts.js";

const PLATFORMS = ["android", "ios", "linux"];
const ACCELERATORS = ["nnapi", "coreml", "xnnpack"];
const SHADES = { base: "tlm-base", "matrix code": "tlm-matrix", kernels: "tlm-kernel-code" };
let platform = "android";

export function size(data, { act, again }) {
  const most = Math.max(...data.steps.map((step) => step.bytes));
  const set = (more) => act("build", { exceptions: data.exceptions, providers: data.providers, static: data.static, ...more });
  const accelerated = (name) => (on) => set({ providers: on ? [...data.providers, name] : data.providers.filter((p) => p !== name) });
  return [
    h("div", { class: "tlm-bars", role: "img", "aria-label": `size, step by step: ${data.steps.map((s) => `${s.name} ${s.total}`).join(", ")}` }, ...data.steps.map((step) => bar(step, most))),
    h("p", { class: "tlm-legend" }, ...Object.entries(SHADES).map(([name, shade]) => h("span", {}, h("i", { class: shade }), name)), h("span", { class: "tl-dim" }, data.saved.join("; "))),
    h(
      "div",
      { class: "tlm-line" },
      h("span", { class: "tl-dim" }, "the build also has"),
      box("C++ exceptions", data.exceptions, (exceptions) => set({ exceptions })),
      ...ACCELERATORS.map((name) => box(name.toUpperCase().replace("COREML", "CoreML"), data.providers.includes(name), accelerated(name), { key: `with ${name}` })),
      box("libc++ inside", data.static, (on) => set({ static: on })),
    ),
    h("div", { class: "tlm-line" }, choice("command for", PLATFORMS, platform, (name) => {
      platform = name;
      again();
    })),
    command(data.commands[platform].command, `build command for ${platform}`),
    h("ul", { class: "tlm-notes" }, ...data.build_notes.map((note) => h("li", {}, note))),
    details("the same as CMake options", command(data.commands[platform].cmake, `CMake options for ${platform}`)),
    h("section", { class: "tlm-wide" }, h("h4", {}, "The most expensive kernels, in bytes"), costs(data.costs)),
    details(`of which build these figures are, and their error`, h("p", {}, data.build), h("ul", { class: "tlm-notes" }, ...data.notes.map((note) => h("li", {}, note)))),
  ];
}

function bar(step, most) {
  const pieces = step.parts.map(([name, bytes]) => h("i", { class: SHADES[name], style: `width:${(100 * bytes) / most}%`, title: `${name}: ${bytes.toLocaleString("en")} bytes` }));
  return h("div", { class: "tlm-bar" }, h("span", { class: "tlm-bar-name" }, step.name), h("span", { class: "tlm-bar-room" }, ...pieces), h("b", { class: "tlv-num" }, step.total));
}

function costs(list) {
  const rows = list.map((c) => [c.domain === "ai.onnx" ? c.op : `${c.domain}:${c.op}`, c.matrix ? "yes" : "", c.estimated ? "estimated" : "measured", c.alone.toLocaleString("en"), c.on_top.toLocaleString("en")]);
  return plain("the most expensive kernels", ["operator", "matrix code", "figure", "alone", "on top of the others"], rows, 2);
}
