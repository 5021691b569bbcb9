// What would a phone do with it? A button a question; each is answered when it is asked, and stays answered.

import { h } from "../common/dom.js";
import { once } from "../common/once.js";
import { explained } from "../common/terms.js";
import views from "../views/views.css";
import css from "./mobile.css";
import { advice } from "./advice.js";
import { file } from "./file.js";
import { kernels } from "./kernels.js";
import { provider, verdict } from "./provider.js";
import { redraw } from "./parts.js";
import { size } from "./size.js";
import { wholeGraph } from "./whole.js";

const DRAW = { ort: [file, "ort"], kernels: [kernels, "kernels"], size: [size, "size"], advice: [advice, "advice"] };
const PROVIDERS = ["nnapi", "coreml", "xnnpack"];
const TITLE = "What would a phone do with it?";

export function mobile({ model, el }) {
  const title = h("p", { class: "tlv-title" });
  const questions = h("nav", { class: "tlm-questions", "aria-label": "questions" });
  const status = h("p", { class: "tlm-status", role: "status" });
  const said = h("pre", { class: "tlv-found tlm-said", role: "status", tabindex: 0, hidden: true });
  const body = h("div", { class: "tlv-body tlm-body", "data-scroll": "body" });
  const side = h("aside", { class: "tlv-side", "aria-label": "selected node", "data-scroll": "side", hidden: true });
  const root = h(
    "section",
    { class: "tl-root tlv tlv-mobile", "aria-label": TITLE, "data-lm-suppress-shortcuts": "true" },
    h("style", {}, views + css),
    h("header", { class: "tlv-head" }, h("h3", {}, ...explained(TITLE)), title, status),
    questions,
    said,
    h("div", { class: "tlv-split" }, body, side),
  );
  root.style.setProperty("--tl-height", model.get("height"));
  el.replaceChildren(root);
  let chosen = null;
  let whole = null; // the graph in Netron, with the answer that it is coloured by

  const set = (values) => {
    for (const [name, value] of Object.entries(values)) model.set(name, value);
    model.save_changes();
  };
  const act = (name, content = {}) => {
    status.textContent = "waiting for the kernel ...";
    root.setAttribute("aria-busy", true);
    model.send({ do: name, ...content });
  };
  const ask = (question) => (model.get("brief")[question] === undefined || model.get("shown") === question || DRAW[question] === undefined ? act("ask", { question }) : set({ shown: question, message: "" }));
  const pick = (node) => set({ picked: node });
  const converted = () => model.get("data").converted;

  const ask_all = () => {
    const [data, brief, shown] = [model.get("data"), model.get("brief"), model.get("shown")];
    title.replaceChildren(...explained(data.title ?? ""));
    redraw(
      questions,
      ...data.questions.map(([key, name, asked]) =>
        h("button", { type: "button", class: "tlm-question", title: asked, "aria-pressed": key === shown, "data-key": key, "data-question": key, onclick: () => ask(key) }, h("b", {}, name), h("span", { class: brief[key] ? null : "tl-dim" }, brief[key] ?? "ask")),
      ),
    );
  };
  const inside = () => {
    const shown = model.get("shown");
    const accelerated = PROVIDERS.includes(shown) && model.get("provider").key === shown;
    side.hidden = !accelerated || model.get("picked") === null;
    if (accelerated) {
      const made = provider(model.get("provider"), { act, pick, picked: model.get("picked") });
      redraw(body, ...made.parts, netron(model.get("provider")));
      made.select(model.get("picked"));
      chosen = made.select;
      return about();
    }
    chosen = null;
    const [draw, trait] = DRAW[shown] ?? [];
    const data = trait ? model.get(trait) : {};
    const known = trait && Object.keys(data).length > 0;
    redraw(body, ...(known ? draw(data, { act, ask, again: inside, converted: converted() }) : [shown ? h("p", { class: "tlm-pad" }, "No answer; what stood in the way is told above.") : welcome()]));
  };
  const netron = (answer) => {
    if (whole && whole.answer !== answer) whole = void whole.close();
    if (whole) return whole.element;
    const open = () => {
      whole = Object.assign(wholeGraph(model, { pick }), { answer });
      button.replaceWith(whole.element);
      if (!model.get("graph")?.byteLength) act("graph");
    };
    const button = h("button", { type: "button", class: "tl-button tlm-open", "data-key": "netron", onclick: open }, "the whole graph in Netron, coloured by partition");
    return button;
  };
  const about = () => {
    if (chosen === null) return;
    chosen(model.get("picked"));
    whole?.select(model.get("picked"));
    side.hidden = model.get("picked") === null;
    redraw(side, ...verdict(model.get("provider"), model.get("around"), model.get("picked"), { act, pick, converted: converted(), ontflite: (selection) => set({ selection }) }));
  };
  const welcome = () =>
    h("div", { class: "tlm-pad" }, h("p", {}, "Nothing is computed before it is asked for. Press a question:"), h("dl", { class: "tlm-facts" }, ...model.get("data").questions.flatMap(([, name, asked]) => [h("dt", {}, name), h("dd", {}, asked)])));
  const tell = () => {
    status.textContent = model.get("busy");
    if (model.get("busy")) root.setAttribute("aria-busy", true);
    else root.removeAttribute("aria-busy");
    said.textContent = model.get("message");
    said.hidden = said.textContent === "";
  };
  const settled = (f) => () => {
    f();
    tell();
  };
  const heard = {
    "change:data": settled(() => { ask_all(); inside(); }),
    "change:brief": settled(ask_all),
    "change:shown": settled(() => { ask_all(); inside(); }),
    "change:busy": tell,
    "change:message": tell,
    "change:picked": settled(about),
    "change:around": settled(about),
    "msg:custom": (content) => content?.done && tell(),
  };
  for (const trait of ["ort", "kernels", "size", "provider", "advice"]) heard[`change:${trait}`] = settled(inside);
  ask_all();
  inside();
  tell();
  for (const [event, f] of Object.entries(heard)) model.on(event, f);
  return once(() => {
    whole?.close();
    for (const [event, f] of Object.entries(heard)) model.off(event, f);
    el.replaceChildren();
  });
}
