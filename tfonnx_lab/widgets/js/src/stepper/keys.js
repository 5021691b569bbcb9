// The keyboard. All keys are told by the help, which is made from this table.

import { h } from "../common/dom.js";

/** @type {[key: string, label: string, what: string, action: (app: import("./stepper.js").Stepper) => void][]} */
export const KEYS = [
  ["ArrowLeft", "←", "the step before", (app) => app.step(-1)],
  ["ArrowRight", "→", "the next step", (app) => app.step(1)],
  ["ArrowUp", "↑", "the rule before", (app) => app.rule(-1)],
  ["ArrowDown", "↓", "the next rule", (app) => app.rule(1)],
  ["Home", "Home", "the first step", (app) => app.step(-Infinity)],
  ["End", "End", "the last step", (app) => app.step(Infinity)],
  ["c", "c", "the next step that a retry changed", (app) => app.marked()],
  ["/", "/", "filter the steps", (app) => app.tree.search.focus()],
  [" ", "space", "play, or stop playing", (app) => app.play()],
  ["Enter", "Enter", "the whole graph in Netron, or back", (app) => app.netron()],
  ["+", "+", "larger", (app) => app.canvas.scaleBy(1.25)],
  ["-", "−", "smaller", (app) => app.canvas.scaleBy(0.8)],
  ["0", "0", "fit", (app) => app.canvas.scaleBy(0)],
  [".", ".", "more of the surroundings", (app) => app.around(1)],
  [",", ",", "less of the surroundings", (app) => app.around(-1)],
  ["Escape", "Esc", "close what is open", (app) => app.escape()],
  ["p", "p", "predict: say what a step will do before you see it, or no more", (app) => app.predict()],
  ["?", "?", "these keys", (app) => app.help()],
];

/** Handle the keys of `app.element`. Inside of fields, fields have them. */
export function listen(app) {
  app.element.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const { target, key } = event;
    const typing = target.matches("input[type=search], select");
    if (typing && (key === "Enter" || key === "Escape")) {
      if (key === "Escape") app.tree.search.value = "";
      if (key === "Escape") app.filter({ text: "" });
      app.element.focus();
    }
    event.stopPropagation(); // the notebook has these keys too
    const pressing = key === "Enter" || key === " ";
    if (typing || (pressing && target.matches("button, summary, input, [role=button]"))) {
      if (pressing && target.matches("[role=button]")) {
        target.dispatchEvent(new MouseEvent("click", { bubbles: true }));
        event.preventDefault();
      }
      return;
    }
    const found = KEYS.find(([name]) => name === key);
    if (!found) return;
    event.preventDefault();
    found[3](app);
  });
}

const LEGEND = [
  ["removed", "− removed by the step"],
  ["added", "+ added by the step"],
  ["changed", "~ attribute or constant changed"],
  ["failed", "! its rule raised an exception"],
];

/** What the marks in the pictures mean. */
export function legend() {
  return h("div", { class: "tl-legend" }, LEGEND.map(([status, text]) => h("span", { class: `tl-${status}` }, text)));
}

/** @returns {HTMLElement} the table of keys */
export function keyTable() {
  return h("table", {}, KEYS.map(([, label, what]) => h("tr", {}, h("th", { scope: "row" }, h("kbd", {}, label)), h("td", {}, what))));
}
