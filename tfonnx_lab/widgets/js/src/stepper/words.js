// What a step changed that no picture shows: values that keep their place and get another name.

import { h } from "../common/dom.js";
import { shortName } from "../common/format.js";

const MOST = 40;

/**
 * The values that a step renames.
 * @param {any} step
 * @param {{values: Map<number, any>}} before the state before it
 * @returns {{from: string, to: string, constant: boolean}[]}
 */
export function renamed(step, before) {
  const found = [];
  for (const [kind, id, changed] of step.edits) {
    const value = kind === "retype" && changed.name !== undefined ? before.values.get(id) : undefined;
    if (value && value.name !== changed.name) found.push({ from: value.name, to: changed.name, constant: Boolean(value.const) });
  }
  return found;
}

/** The step in a sentence, where all that it does is to rename; empty else. */
export function onlyNames(step, before) {
  const names = renamed(step, before);
  if (names.length === 0 || step.edits.length !== names.length) return "";
  const constants = names.filter((name) => name.constant).length;
  return `${names.length} values get other names, ${constants} of them constants; no node changes. Drawn are the nodes that make or read them; the panel lists the names`;
}

/** Old and new names, as a table; null where there are none. */
export function namesTable(step, before) {
  const names = renamed(step, before);
  if (names.length === 0) return null;
  const cell = (name) => h("td", { title: name }, shortName(name, 26));
  const rows = names.slice(0, MOST).map(({ from, to }) => h("tr", {}, cell(from), h("td", { "aria-label": "became" }, "→"), cell(to)));
  const more = names.length > MOST ? h("p", { class: "tl-dim" }, `… ${names.length - MOST} more`) : null;
  return h("div", { class: "tl-names" }, h("table", { "aria-label": "old and new names" }, rows), more);
}
