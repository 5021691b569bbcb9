// An .ort file: its graph in Netron, and what it holds as tables.

import { h } from "../common/dom.js";
import { OWN_KEYS } from "../common/keys.js";
import { once } from "../common/once.js";
import { addStyle } from "../common/style.js";
import { draw } from "./fronts.js";
import { hubOf } from "./hub.js";
import { Slot } from "./slot.js";

export function ort({ model, el }) {
  addStyle(el);
  const graph = new Slot(hubOf(model), "graph", draw);
  const tables = h("div", { class: "tlq-ranges", tabindex: 0, role: "group", "aria-label": "what the file holds" });
  tables.innerHTML = model.get("page"); // tables of the package's own; names in them are escaped
  el.replaceChildren(h("div", { class: "tl-own", ...OWN_KEYS }, graph.element, tables));
  graph.show();
  return once(() => {
    graph.close();
    el.replaceChildren();
  });
}
