// A question in the page: choices or a number, answered and checked here, without a kernel. An anywidget of its own, and in
// a saved page the same on what stands there as JSON.

import { h } from "../common/dom.js";
import { OWN_KEYS } from "../common/keys.js";
import { checkChoice, checkNumber, parts } from "./check.js";
import css from "./question.css";

const shown = (text) => parts(text).map((part) => (part.code ? h("code", {}, part.text) : part.text));

/** Draw a question. answered(text, right) is told of every answer; given: the one that was given before, if any. */
export function ask(question, given, answered) {
  const said = h("p", { class: "tfa-said", role: "status" });
  const tell = ({ right, why }) => {
    const word = right === null ? "" : right ? "✓ Right. " : "✗ Not yet. ";
    const show = right === false && solution ? h("button", { type: "button", class: "tfa-show", onclick: solution }, "show me") : null;
    said.replaceChildren(h("b", { class: right ? "tfa-yes" : "tfa-no" }, word), ...shown(why), show ?? "");
  };
  const [form, solution, again] = question.choices ? choices(question, tell, answered) : number(question, tell, answered);
  const text = h("p", {}, h("b", {}, "Question: "), ...shown(question.text));
  const element = h("section", { class: "tfa tl-own", role: "group", "aria-label": `question: ${question.text.replaceAll("`", "")}`, ...OWN_KEYS }, h("style", {}, css), text, form, said);
  if (given) again(given);
  return element;
}

function choices(question, tell, answered) {
  const press = (index, quiet = false) => {
    const found = checkChoice(question, index);
    buttons[index].className = found.right ? "tfa-right" : "tfa-not-yet";
    buttons.forEach((button, i) => button.setAttribute("aria-pressed", i === index));
    tell(found);
    if (!quiet) answered(question.choices[index].text, found.right);
  };
  const buttons = question.choices.map((choice, i) => h("button", { type: "button", "aria-pressed": false, onclick: () => press(i) }, ...shown(choice.text)));
  const right = question.choices.findIndex((choice) => choice.right);
  const again = (given) => {
    const index = question.choices.findIndex((choice) => choice.text === given);
    if (index >= 0) press(index, true);
  };
  const solution = () => {
    press(right);
    buttons[right].focus();
  };
  return [h("div", { class: "tfa-choices" }, ...buttons), solution, again];
}

function number(question, tell, answered) {
  const entered = (event) => {
    if (event.key !== "Enter") return;
    event.preventDefault(); // no form: a page may forbid to send one
    check();
  };
  const field = h("input", { type: "text", inputmode: "decimal", autocomplete: "off", "aria-label": question.text.replaceAll("`", ""), onkeydown: entered });
  const check = (quiet = false) => {
    const found = checkNumber(question, field.value);
    field.className = found.right === null ? "" : found.right ? "tfa-right" : "tfa-not-yet";
    tell(found);
    if (!quiet && found.right !== null) answered(field.value, found.right);
  };
  const solution = () => {
    field.value = String(question.right);
    check();
    field.focus();
  };
  const again = (given) => {
    field.value = given;
    check(true);
  };
  const unit = question.unit ? h("span", { class: "tfa-dim" }, question.unit) : null;
  return [h("div", { class: "tfa-number" }, field, unit, h("button", { type: "button", onclick: () => check() }, "check")), solution, again];
}

function render({ model, el }) {
  const answered = (text, right) => {
    model.set("answer", text);
    model.set("answered", right);
    model.save_changes();
  };
  el.replaceChildren(ask(model.get("question"), model.get("answer"), answered));
  return () => el.replaceChildren();
}

/** In a saved page: put the question where its answers are folded. */
export function inPage(place) {
  place.replaceChildren(ask(JSON.parse(place.dataset.question), "", () => {}));
}

export default { render };
