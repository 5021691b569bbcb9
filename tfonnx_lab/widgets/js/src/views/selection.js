// Two lines over the tabs: what is selected, the step that made it, its tensor and its error.

import { h } from "../common/dom.js";
import { shortName } from "../common/format.js";
import { explained } from "../common/terms.js";

/** @returns {HTMLElement[]} */
export function selection(data, about, { message, onstep, onopen, oncompare }) {
  const title = h("strong", { class: "tlv-model" }, data.title);
  if (about.op === undefined) return [h("p", {}, title), h("p", { class: "tl-dim" }, "Nothing is selected: choose an op or a node in any tab, and all tabs show it.")];
  const { step } = about;
  const made = step && h("button", { type: "button", class: "tl-link tlv-to", onclick: () => onstep(step.index) }, `${about.failed ? "failed in" : "made by"} step ${step.index + 1}, ${step.rule}`);
  const error = about.error ?? h("button", { type: "button", class: "tl-link tlv-to", onclick: oncompare }, data.compare ?? "compare with LiteRT");
  return [
    h("p", {}, title, message ? h("span", { class: "tl-dim", role: "status" }, message) : null),
    h(
      "p",
      { class: "tlv-chosen" },
      fact("selected", h("b", {}, `op ${about.op} ${about.type} `), h("span", { title: about.name }, shortName(about.name, 48))),
      about.node ? fact("node", h("span", { title: about.node }, shortName(about.node, 48)), " ", h("button", { type: "button", class: "tl-link tlv-to", onclick: () => onopen("Source") }, "in Netron")) : fact("node", "none: it was folded away"),
      made ? fact("", made) : null,
      ...about.tensors.map((text) => fact("tensor", ...explained(text))),
      fact("error", error),
    ),
  ];
}

function fact(label, ...what) {
  return h("span", { class: "tlv-fact" }, label ? h("span", { class: "tl-dim" }, `${label}: `) : null, ...what);
}
