// One tensor in the explorer, and below it the ranges of all of them.

import { h } from "../common/dom.js";
import { OWN_KEYS } from "../common/keys.js";
import { once } from "../common/once.js";
import { addStyle } from "../common/style.js";
import { draw } from "./fronts.js";
import { hubOf } from "./hub.js";
import { Slot } from "./slot.js";

export function quantization({ model, el }) {
  addStyle(el);
  const says = model.get("says");
  if (says) {
    el.replaceChildren(h("p", { class: "tl-why-not" }, says));
    return once(() => el.replaceChildren());
  }
  const explorer = new Slot(hubOf(model), "explorer", draw);
  const ranges = h("div", { class: "tlq-ranges", tabindex: 0, role: "group", "aria-label": "ranges" }, h("p", { class: "tl-waiting", role: "status" }, "drawing the ranges of all tensors ..."));
  const root = h("div", { class: "tl-own tlq", ...OWN_KEYS }, explorer.element, h("b", {}, "Which real values does each tensor hold, and which end where a ReLU would?"), ranges);
  el.replaceChildren(root);
  const fill = () => {
    if (model.get("ranges")) ranges.innerHTML = model.get("ranges"); // a picture of the package's own; names in it are escaped
  };
  explorer.show().then(() => model.get("ranges") || model.send({ do: "ranges" }));
  fill();
  model.on("change:ranges", fill);
  return once(() => {
    model.off("change:ranges", fill);
    explorer.close();
    el.replaceChildren();
  });
}
