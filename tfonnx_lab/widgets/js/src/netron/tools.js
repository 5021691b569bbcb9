// The line over a graph in Netron: what is drawn of it, what its colours mean, and a search that looks through all of it.

import { h } from "../common/dom.js";

const MEANS = { added: "+ added (green)", changed: "~ changed (amber)", failed: "! failed (red)", cpu: "on the CPU (grey, dashed)", only: "+ only here (green)", differs: "~ differ (amber)" };
const HINT = "← → node by node · ↑ ↓ along the data · Enter properties · + − zoom";

export class Tools {
  /** onfind(text, by): how many nodes fit and which is shown; onwhole(): draw everything, or a part again */
  constructor({ onfind, onwhole }) {
    this.onfind = onfind;
    this.field = h("input", { type: "search", class: "tl-find", placeholder: "find a node", "aria-label": "Find a node by op or name; Enter goes to the next" });
    this.field.addEventListener("keydown", (event) => {
      event.stopPropagation();
      if (event.key === "Enter") this.#find(event.shiftKey ? -1 : 1);
    });
    this.found = h("span", { class: "tl-dim", role: "status" });
    this.said = h("span", { class: "tl-unseen", role: "status" });
    this.note = h("span", { class: "tl-dim tl-drawn", role: "status" });
    this.keys = h("span", { class: "tl-dim tl-drawn", hidden: true }, HINT);
    this.whole = h("button", { class: "tl-button", type: "button", hidden: true, onclick: onwhole });
    this.element = h("div", { class: "tl-bar tl-tools" }, this.field, this.found, this.said, this.note, this.keys, this.whole);
  }

  #find(by) {
    const { at, count } = this.onfind(this.field.value, by);
    this.found.textContent = this.field.value === "" ? "" : count === 0 ? "none" : `${at + 1} of ${count}`;
  }

  /** Tell a screen reader. */
  say(text) {
    if (this.said.textContent !== text) this.said.textContent = text;
  }

  /** While the keys are the graph's, they are told. */
  hint(shown) {
    this.keys.hidden = !shown;
    this.note.hidden = shown;
  }

  /** A drawing begins. */
  drawing(nodes) {
    this.note.textContent = `drawing ${nodes} nodes …`;
  }

  /** marks: [[kind, how many]] of the nodes that a step changed. */
  tell({ moment, drawn, nodes, large, marks }) {
    const parts = [moment, drawn === nodes ? `${nodes} nodes` : `${drawn} of ${nodes} nodes, around the selection`];
    for (const [kind, count] of marks) if (MEANS[kind]) parts.push(`${count} ${MEANS[kind]}`);
    this.note.textContent = parts.join(" · ");
    this.whole.hidden = !large;
    this.whole.textContent = drawn === nodes ? "only a part" : "draw all";
  }
}
