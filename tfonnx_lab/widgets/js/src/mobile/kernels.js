// The kernels of a build as boxes: what is ticked is kept, and above stands what that means for the models and the size.

import { h } from "../common/dom.js";
import { shortName } from "../common/format.js";
import { box, choice, command, details, named } from "./parts.js";

export function kernels(data, { act }) {
  return [
    verdict(data),
    h(
      "div",
      { class: "tlm-line" },
      choice("types", data.hows, data.how, (how) => act("typed", { how })),
      h("button", { type: "button", class: "tl-button", disabled: !data.changed, "data-key": "reset", title: "keep exactly what the models need", onclick: () => act("reset") }, "back to what is needed"),
    ),
    data.global ? h("div", { class: "tlm-line" }, h("span", { class: "tl-dim" }, "allowed for all operators"), ...data.global.map(({ word, on }) => box(word, on, (now) => act("type", { word, on: now }), { key: `global ${word}` }))) : null,
    h(
      "div",
      { class: "tlm-line" },
      named("name of the config file", data.target, "save config", (path) => act("save", { what: "config", path }), { hint: "the file of build.py --include_ops_by_config" }),
      named("folder of more models", "", "also for these models", (path) => act("folder", { path }), { placeholder: "folder of models", hint: "read the kernels of all .tflite, .onnx and .ort files there" }),
    ),
    grid(data, act),
    details("the config file", command(data.text, "the config file")),
  ];
}

function verdict(data) {
  const whole = data.models === 1;
  const broken = data.models - data.runs;
  const text = broken === 0 ? (whole ? "The model runs in this build" : `All ${data.models} models run in this build`) : whole ? "The model does NOT run in this build" : `${broken} of ${data.models} models do NOT run in this build`;
  return h(
    "div",
    { class: `tlm-verdict${broken ? " tlm-bad" : ""}`, role: "status" },
    h("strong", {}, text),
    h("span", {}, `the library has ${data.bytes}`),
    broken
      ? h("ul", { class: "tlm-broken", "data-scroll": "broken" }, ...data.broken.map((b) => h("li", { title: `${b.node}: ${b.why}; ${b.change}` }, h("b", {}, shortName(b.model, 44)), ` ${b.fail} of ${b.of} nodes; ${b.why}. To keep it, ${b.change}.`)))
      : null,
  );
}

function grid(data, act) {
  const head = ["keep", "operator", "version", "types that are kept", "nodes", "from", "costs on top"];
  const rows = data.rows.map((row) => {
    const key = { domain: row.domain, op: row.op, version: row.version };
    const name = `${row.domain === "ai.onnx" ? "" : `${row.domain}:`}${row.op}`;
    const types = row.types.map(({ arg, name: where, words }) => h(
      "div",
      {},
      row.types.length > 1 ? h("span", { class: "tl-dim" }, where) : null,
      ...words.map(({ word, on }) => box(`${word}, ${where} of ${name}`, on && row.on, (now) => act("type", { ...key, arg, word, on: now }), { key: `${name} ${row.version} ${where} ${word}`, text: word, disabled: !row.on })),
    ));
    return h(
      "tr",
      { class: row.on ? null : "tlm-off" },
      h("td", {}, box(`keep ${name} version ${row.version}`, row.on, (on) => act("keep", { ...key, on }), { key: `keep ${name} ${row.version}`, text: "" })),
      h("td", {}, name),
      h("td", { class: "tlv-num" }, String(row.version)),
      h("td", { class: "tlm-types" }, types.length ? types : h("span", { class: "tl-dim" }, "all")),
      h("td", { class: "tlv-num" }, String(row.nodes)),
      h("td", { title: row.from }, shortName(row.from, 34)),
      h("td", { class: "tlv-num" }, row.cost),
    );
  });
  const right = new Set(["version", "nodes", "costs on top"]);
  return h(
    "div",
    { class: "tlm-wide", "data-scroll": "kernels" },
    h("table", { class: "tlv-table tlm-kernels", "aria-label": "kernels of the build" }, h("thead", {}, h("tr", {}, ...head.map((t) => h("th", { scope: "col", class: right.has(t) ? "tlv-num" : null }, t)))), h("tbody", {}, ...rows)),
  );
}
