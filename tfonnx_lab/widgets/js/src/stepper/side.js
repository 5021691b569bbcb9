// The panel at the right: the rule, what it matched, where the node came from, what it nearly matched, the numbers.

import { h } from "../common/dom.js";
import { attrText, constText, isConst, placeText, quantText, shortName, typeText } from "../common/format.js";
import { explained } from "../common/terms.js";
import { ruleName } from "../trace/read.js";
import { namesOf, patternTree } from "./pattern.js";
import { namesTable, onlyNames } from "./words.js";

const MOST = 12;

/** @returns {HTMLElement[]} the sections of the panel for a step */
export function sections({ trace, replay, index, node, onselect, onclose }) {
  const step = trace.steps[index];
  const rule = trace.rules.get(step.rule) ?? { name: ruleName(trace, step), doc: "No handler is registered for this op." };
  const names = [...new Set([...namesOf(rule.pattern), ...Object.keys(step.bind)])];
  const mark = (name) => (names.includes(name) ? names.indexOf(name) % 6 : "");
  const state = replay.state;
  return [
    node && chosen(node, onclose),
    step.error && section("Error", h("p", { class: "tl-error" }, `${step.error.type}: ${step.error.message}`), folded("traceback", code(step.error.traceback ?? ""))),
    section("Rule", h("p", { class: "tl-doc" }, rule.doc || rule.name), rule.file ? h("p", { class: "tl-file" }, placeText(rule)) : null),
    rule.source ? folded("source", source(rule, mark), true) : null,
    rule.pattern ? section("Pattern", patternTree(rule.pattern, mark)) : null,
    Object.keys(step.bind).length ? section("Bindings", bindings(step, state, mark, onselect)) : null,
    step.origin.length ? section("Origin", origins(trace, step)) : null,
    renames(step, state),
    numbers(trace, replay, index),
    nearly(trace, step),
  ].filter(Boolean);
}

function renames(step, state) {
  return onlyNames(step, state) ? section("Names", namesTable(step, state)) : null;
}

function section(title, ...children) {
  return h("section", {}, h("h4", {}, ...explained(title)), ...children);
}

function folded(title, content, open = false) {
  return h("details", { open, class: "tl-folded" }, h("summary", {}, title), content);
}

const code = (text) => h("pre", { class: "tl-code", tabindex: 0 }, text);

/** The source, with the pattern's names in the colours of the drawing. */
function source(rule, mark) {
  const parts = rule.source.trimEnd().split(/\b([A-Za-z_]\w*)\b/);
  const pre = code("");
  parts.forEach((part, i) => {
    if (i % 2 === 1 && mark(part) !== "") pre.append(h("span", { class: `tl-mark${mark(part)}` }, part));
    else pre.append(part);
  });
  return pre;
}

function bindings(step, state, mark, onselect) {
  const rows = Object.entries(step.bind).map(([name, bound]) => {
    const label = h("th", { scope: "row", class: `tl-mark${mark(name)}` }, name);
    if (bound.node !== undefined) {
      const node = state.nodes.get(bound.node);
      const button = h("button", { class: "tl-link", type: "button", title: node?.name ?? "", onclick: () => onselect(bound.node) });
      button.append(node ? `${node.op} ${shortName(node.name, 20)}` : `node ${bound.node}`);
      return h("tr", {}, label, h("td", {}, button));
    }
    const value = state.values.get(bound.value);
    const what = value ? (isConst(value) ? `constant ${constText(value)}` : typeText(value)) : `value ${bound.value}`;
    return h("tr", {}, label, h("td", { title: value?.name ?? "" }, what));
  });
  return h("table", { "aria-label": "what the pattern's names stand for" }, rows);
}

function origins(trace, step) {
  const byIndex = new Map(trace.start.nodes.flatMap((node) => node.origin.map((i) => [i, node])));
  const rows = step.origin.slice(0, MOST).map((i) => {
    const node = byIndex.get(i);
    return h("li", { title: node?.name ?? "" }, `op ${i} ${node ? `${node.op} ${shortName(node.name, 22)}` : ""}`);
  });
  return h("ul", { class: "tl-plain" }, rows, step.origin.length > MOST ? h("li", {}, `… ${step.origin.length - MOST} more`) : null);
}

function numbers(trace, replay, index) {
  const step = trace.steps[index];
  const [before, after] = replay.counts(index);
  const kinds = new Map();
  for (const [kind] of step.edits) kinds.set(kind, (kinds.get(kind) ?? 0) + 1);
  const made = [...kinds].map(([kind, count]) => `${count} ${kind}`).join(", ");
  return section("Numbers", h("p", {}, `nodes ${before} → ${after}`, step.ms ? ` · ${step.ms} ms` : ""), h("p", { class: "tl-dim" }, made || "no edits"));
}

function nearly(trace, step) {
  const misses = trace.misses.filter((miss) => miss.rule === step.rule && miss.rule !== null);
  if (misses.length === 0) return null;
  const nodes = new Map(trace.start.nodes.map((node) => [node.id, node]));
  const rows = misses.slice(0, MOST).map((miss) => {
    const node = nodes.get(miss.node);
    return h("li", {}, h("span", { class: "tl-dim" }, node ? `${node.op} ${shortName(node.name, 18)}: ` : `node ${miss.node}: `), miss.why);
  });
  return folded(`nearly matched: ${misses.length}`, h("ul", { class: "tl-plain" }, rows, misses.length > MOST ? h("li", {}, `… ${misses.length - MOST} more`) : null));
}

function chosen(node, onclose) {
  const attrs = Object.entries(node.attrs).map(([name, value]) => row(name, attrText(value)));
  const values = (label, list) => list.map((v, i) => row(`${label} ${i}`, v ? `${isConst(v) ? "constant " : ""}${typeText(v)}` : "none", v));
  const close = h("button", { class: "tl-button tl-close", type: "button", "aria-label": "Close the node's details", onclick: onclose }, "×");
  const table = h("table", { "aria-label": "attributes and tensors" }, attrs, values("in", node.ins), values("out", node.outs));
  return h("section", { class: "tl-chosen" }, close, h("h4", {}, `Node ${node.op}`), h("p", { class: "tl-file" }, node.name), table);
}

function row(label, text, value = null) {
  const quant = value?.quant ? h("div", { class: "tl-quant" }, quantText(value)) : null;
  return h("tr", {}, h("th", { scope: "row" }, label), h("td", { title: value?.name ?? "" }, text, quant, value ? h("div", { class: "tl-dim" }, shortName(value.name, 28)) : null));
}
