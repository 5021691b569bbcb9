// A rule's pattern, drawn as a tree of nested lists: the root first, below it what feeds its inputs.

import { h } from "../common/dom.js";

/** @returns {HTMLElement} the pattern; `mark` tells the colour number of a bound name */
export function patternTree(pattern, mark) {
  return h("ul", { class: "tl-pattern", "aria-label": "Pattern" }, branch(pattern, mark));
}

function branch(pattern, mark) {
  if (pattern.var !== undefined || pattern.const !== undefined) {
    const name = pattern.var ?? pattern.const;
    const text = name === "_" ? "any" : name;
    return h("li", {}, h("span", { class: `tl-leaf tl-mark${mark(name)}` }, pattern.const !== undefined ? `${text} (constant)` : text));
  }
  const box = h("span", { class: `tl-pattern-op tl-mark${mark(pattern.name)}` }, ops(pattern.op));
  const name = pattern.name ? h("span", { class: "tl-pattern-name" }, ` = ${pattern.name}`) : null;
  const attrs = Object.entries(pattern.attrs ?? {}).map(([key, want]) => h("div", { class: "tl-pattern-attr" }, `${key}: ${wanted(want)}`));
  const inputs = pattern.in ? pattern.in.map((input) => branch(input, mark)) : null;
  return h("li", {}, box, name, attrs, inputs && inputs.length ? h("ul", {}, inputs) : null);
}

function ops(text) {
  const names = text.replace(/^\w*(\.\w+)*::/, "").split("|");
  return names.length > 4 ? `${names.slice(0, 3).join(" | ")} … ${names.length} ops` : names.join(" | ");
}

const wanted = (want) => (typeof want === "object" ? JSON.stringify(want) : String(want));

/** The names of a pattern in the order of the drawing, root first. */
export function namesOf(pattern, found = []) {
  if (!pattern) return found;
  const name = pattern.name ?? pattern.var ?? pattern.const;
  if (name && name !== "_" && !found.includes(name)) found.push(name);
  for (const input of pattern.in ?? []) namesOf(input, found);
  return found;
}
