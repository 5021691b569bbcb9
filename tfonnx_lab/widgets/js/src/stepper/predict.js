// Predict the next step: before is shown; a reader says what the rule will do, and then sees it.

import { h } from "../common/dom.js";
import { ruleName, stageOf } from "../trace/read.js";

const CHOICES = 3;
const OP = /^(?:[A-Z][A-Z0-9_]+|[A-Z][a-z][A-Za-z0-9]*)$/; // TFLite's types, ONNX's types; a single letter is a constant

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

/** Why a rule is not the one: what its pattern asks for and is not drawn; empty where all of it is there. */
export function missing(text, drawn) {
  const [before] = text.split(" => ");
  const wanted = [...before.matchAll(/\b[A-Z][A-Za-z0-9_]*\b(?=[({]|$| )/g)].map((match) => match[0]).filter((word) => OP.test(word));
  return [...new Set(wanted)].filter((op) => !drawn.has(op));
}

/** What is said to a wrong choice. */
export function notYet(text, drawn) {
  const gone = missing(text, drawn);
  if (gone.length > 0) return `Not yet. It begins with ${gone.join(" and ")}, and there is none in the picture.`;
  return `Not yet. All that it asks for is drawn; but what is marked there is not what it changes: ${text.split(" => ")[0]}.`;
}

/** The page of a question; it tells whom it is in by the event `answered`. drawn: the types of the ops in the picture. */
export function quiz(trace, index, drawn) {
  const { right, list } = choicesOf(trace, index);
  const step = trace.steps[index];
  const said = h("p", { class: "tl-answer", role: "status" });
  const onright = (event) => event.target.dispatchEvent(new Event("answered", { bubbles: true }));
  const show = h("button", { type: "button", class: "tl-button", hidden: true, onclick: onright }, "see it");
  const answer = (text, button) => {
    const ok = text === right;
    button.classList.add(ok ? "tl-right-one" : "tl-wrong-one");
    button.setAttribute("aria-pressed", true);
    const why = step.note ? `, because ${step.note}` : "";
    said.textContent = ok ? `Right: ${ruleName(trace, step)}${why}.` : notYet(text, drawn);
    if (ok) show.hidden = false;
    (ok ? show : said).scrollIntoView({ block: "nearest" });
  };
  const buttons = list.map((text) => {
    const button = h("button", { type: "button", class: "tl-choice", onclick: () => answer(text, button) }, text);
    return button;
  });
  const skip = h("button", { type: "button", class: "tl-button", onclick: onright }, "just show it");
  return h("section", { class: "tl-quiz", "aria-label": "predict the next step" }, h("h4", {}, "What happens next to what is drawn at the left?"), ...buttons, said, h("div", {}, show, " ", skip));
}
