// Predict the next step: before is shown; a reader says what the rule will do, and then sees it.

import { h } from "../common/dom.js";
import { ruleName, stageOf } from "../trace/read.js";

const CHOICES = 3;

/** What a rule does, in its own words: `before => after`. */
const deed = (trace, step) => trace.rules.get(step.rule)?.doc || ruleName(trace, step);

/** The question about a step: its rule's deed among those of others of the same conversion, in an order of its own. */
export function choicesOf(trace, index) {
  const step = trace.steps[index];
  const right = deed(trace, step);
  const others = [...new Set(trace.steps.filter((s) => stageOf(trace, s) === stageOf(trace, step)).map((s) => deed(trace, s)))].filter((text) => text !== right);
  const more = [...new Set(trace.steps.map((s) => deed(trace, s)))].filter((text) => text !== right && !others.includes(text));
  const pool = [...others, ...more];
  const picked = Array.from({ length: Math.min(CHOICES - 1, pool.length) }, (_, i) => pool[(index * 7 + i * 3) % pool.length]);
  const list = [...new Set(picked)];
  list.splice(index % (list.length + 1), 0, right);
  return { right, list };
}

/** The page of a question. onright(): it was answered. */
export function quiz(trace, index, onright) {
  const { right, list } = choicesOf(trace, index);
  const step = trace.steps[index];
  const said = h("p", { class: "tl-answer", role: "status" });
  const show = h("button", { type: "button", class: "tl-button", hidden: true, onclick: onright }, "see it");
  const answer = (text, button) => {
    const ok = text === right;
    button.classList.add(ok ? "tl-right-one" : "tl-wrong-one");
    button.setAttribute("aria-pressed", true);
    const why = step.note ? `, because ${step.note}` : "";
    said.textContent = ok ? `Right: ${ruleName(trace, step)}${why}.` : `Not yet. ${text.split(" => ")[0]} is another pattern: compare it with what is drawn.`;
    if (ok) show.hidden = false;
  };
  const buttons = list.map((text) => {
    const button = h("button", { type: "button", class: "tl-choice", onclick: () => answer(text, button) }, text);
    return button;
  });
  const skip = h("button", { type: "button", class: "tl-button", onclick: onright }, "just show it");
  return h("section", { class: "tl-quiz", "aria-label": "predict the next step" }, h("h4", {}, "What happens next to what is drawn at the left?"), ...buttons, said, h("div", {}, show, " ", skip));
}
