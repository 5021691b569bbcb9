// The lab: the lines over the tabs, the tabs, and a view in each. A view is drawn when its tab is opened first, and stays.

import { corner } from "../common/corner.js";
import { h } from "../common/dom.js";
import { OWN_KEYS } from "../common/keys.js";
import { once } from "../common/once.js";
import { addStyle } from "../common/style.js";
import { draw } from "./fronts.js";
import { hubOf } from "./hub.js";
import { Slot } from "./slot.js";

let labs = 0;

export function lab({ model, el }) {
  addStyle(el);
  const hub = hubOf(model);
  const id = `tl-lab-${(labs += 1)}`;
  const names = model.get("tabs");
  const about = new Slot(hub, "about", draw, { class: "tl-slot tl-about" });
  const tabs = new Map(names.map((name, i) => [name, h("button", { type: "button", role: "tab", class: "tl-tab", id: `${id}-tab-${i}`, "aria-controls": `${id}-panel-${i}`, onclick: () => choose(name) }, name)]));
  const slots = new Map(names.map((name, i) => [name, new Slot(hub, name, draw, { role: "tabpanel", id: `${id}-panel-${i}`, "aria-labelledby": `${id}-tab-${i}`, hidden: true })]));
  const bar = h("div", { class: "tl-tabs", role: "tablist", "aria-label": "stages of the conversion", onkeydown: walk }, ...tabs.values());
  const root = h("div", { class: "tl-lab tl-own", ...OWN_KEYS }, about.element);
  const shown = () => slots.get(model.get("tab"))?.element ?? root;
  root.append(h("div", { class: "tl-bar-of-tabs" }, bar, corner(root, shown, () => model.get("tab").toLowerCase().replaceAll(" ", "_"))), ...[...slots.values()].map((slot) => slot.element));
  el.replaceChildren(root);

  function show() {
    const chosen = model.get("tab");
    for (const name of names) {
      tabs.get(name).setAttribute("aria-selected", name === chosen);
      tabs.get(name).tabIndex = name === chosen ? 0 : -1;
      slots.get(name).element.hidden = name !== chosen;
    }
    slots.get(chosen)?.show();
  }

  function choose(name) {
    model.set("tab", name);
    model.save_changes();
    show();
  }

  /** Arrow keys go from tab to tab; Enter opens, for that may take a while. */
  function walk(event) {
    const list = [...tabs.values()];
    const now = list.indexOf(event.target);
    const to = { ArrowRight: now + 1, ArrowLeft: now - 1, Home: 0, End: list.length - 1 }[event.key];
    if (now < 0 || to === undefined) return;
    event.preventDefault();
    list[(to + list.length) % list.length].focus();
  }

  const stop = hub.watch((gone) => {
    for (const name of gone) {
      slots.get(name)?.close();
      slots.get(name)?.element.replaceChildren();
    }
    show();
  });
  model.on("change:tab", show);
  about.show();
  show();
  return once(() => {
    stop();
    model.off("change:tab", show);
    for (const slot of [about, ...slots.values()]) slot.close();
    el.replaceChildren();
  });
}
