// A view of the lab as an anywidget: what `kind` says is drawn from `data`; the selection goes both ways.

import { h } from "../common/dom.js";
import { keepingFocus } from "../common/focus.js";
import { OWN_KEYS } from "../common/keys.js";
import { once } from "../common/once.js";
import { addStyle } from "../common/style.js";
import { explained } from "../common/terms.js";
import { Waiting } from "../common/waiting.js";
import css from "./views.css";
import { bars, curve } from "./charts.js";
import { button, detail } from "./detail.js";
import { errors } from "./errors.js";
import { mobile } from "../mobile/mobile.js";
import { overview } from "./overview.js";
import { selection } from "./selection.js";
import { table } from "./table.js";

const QUESTIONS = {
  handlers: "Did every op make it, and is it right?",
  optimizers: "What was unnecessary, and who says so?",
  rewriters: "Which patterns were found, and what nearly was one?",
  layers: "What became of each layer, and does it compute what Keras does?",
  parity: "Where do the numbers leave LiteRT's?",
  ranges: "Which real values can each tensor hold, and which did it?",
  runtime: "Who computes each op, on integers or in float?",
};

const BUTTONS = {
  handlers: [["retry", "retry", "convert again with the handlers that are registered now"], ["compare", "compare with LiteRT", "run both and show each op's error"]],
  layers: [["compare", "compare with Keras", "run Keras, LiteRT and ONNX Runtime on the same inputs and show where the numbers leave Keras's: lab.compare_layers()"]],
  parity: [["bisect", "find what is wrong", "go to the op that is wrong by itself, and to the step that made it so: lab.bisect()"]],
};

async function render({ model, el }) {
  addStyle(el);
  const kind = model.get("kind");
  if (kind === "selection") return lines({ model, el });
  if (kind === "said") return sentence({ model, el });
  if (kind === "overview") return overview({ model, el });
  if (kind === "mobile") return mobile({ model, el });
  const title = h("p", { class: "tlv-title", role: "status" });
  const side = h("aside", { class: "tlv-side", "aria-label": "selected op" });
  const general = h("div", { class: "tlv-buttons" });
  const body = h("div", { class: "tlv-body" });
  const said = h("pre", { class: "tlv-found", role: "status", tabindex: 0, hidden: true });
  const waiting = new Waiting(model);
  const root = h(
    "section",
    { class: `tl-root tlv tlv-${kind}`, "aria-label": QUESTIONS[kind], ...OWN_KEYS },
    h("style", {}, css),
    h("header", { class: "tlv-head" }, h("h3", {}, ...explained(model.get("data").question ?? QUESTIONS[kind])), title, general, waiting.element),
    kind === "parity" ? said : null,
    h("div", { class: "tlv-split" }, body, kind === "handlers" ? side : null),
  );
  root.style.setProperty("--tl-height", model.get("height"));
  el.replaceChildren(root);

  const set = (values) => {
    const fresh = Object.entries(values).filter(([name, value]) => value !== undefined && model.get(name) !== value);
    for (const [name, value] of fresh) model.set(name, value);
    if (fresh.length === 0) return;
    model.save_changes();
    waiting.told();
  };
  const pick = (row) => set({ selection: row.origin ?? null, index: row.index });
  let rows = null;

  const draw = () => {
    const data = model.get("data");
    title.replaceChildren(...explained(data.title ?? ""));
    root.classList.toggle("tlv-is-wrong", data.ok === false);
    rows = table(data.columns, data.rows, { label: QUESTIONS[kind], statuses: data.statuses, onpick: pick });
    const parts = [];
    if (kind === "parity") parts.push(errors(data, pick));
    if (data.curve?.length) parts.push(curve(data.curve, (index) => set({ index })));
    if (data.bars?.length) parts.push(bars(data.bars, (name) => rows.filter(name)));
    body.replaceChildren(...parts, rows.element);
    if (data.misses?.length) body.append(nearly(data.misses, pick));
    rows.select(model.get("selection"));
  };
  const choose = () => rows.select(model.get("selection"));
  const inside = () => {
    const act = (name) => waiting.ask({ do: name });
    said.textContent = model.get("message");
    said.hidden = said.textContent === "";
    const { op } = model.get("detail");
    side.hidden = op === undefined && !model.get("message");
    side.replaceChildren(detail(model.get("detail"), { act, live: model.get("data").live, message: model.get("message"), node: model.get("node"), onstep: (index) => set({ index }), onnode: (node) => set({ node }) }));
    general.replaceChildren(...(model.get("data").live ? (BUTTONS[kind] ?? []).map((args) => button(act, ...args)) : []));
  };
  const kept = (change) => () => keepingFocus(root, change);
  const tell = kept(inside);
  const again = kept(() => {
    draw();
    inside();
  });
  again();
  model.on("change:data", again);
  model.on("change:selection", choose);
  model.on("change:detail", tell);
  model.on("change:message", tell);
  model.on("change:node", tell);
  return once(() => {
    waiting.close();
    model.off("change:data", again);
    model.off("change:selection", choose);
    model.off("change:detail", tell);
    model.off("change:message", tell);
    model.off("change:node", tell);
    el.replaceChildren();
  });
}

function lines({ model, el }) {
  const root = h("section", { class: "tl-root tlv tlv-selection", "aria-label": "The model and the selection", "aria-live": "polite", ...OWN_KEYS });
  const inner = h("div", {});
  const waiting = new Waiting(model);
  root.append(h("style", {}, css), inner, waiting.element);
  root.style.height = "auto";
  el.replaceChildren(root);
  const open = (tab) => waiting.ask({ do: "open", tab });
  const fill = () => {
    const onstep = (index) => {
      model.set("index", index);
      model.save_changes();
      open("Steps");
    };
    inner.replaceChildren(...selection(model.get("data"), model.get("detail"), { message: model.get("message"), onstep, onopen: open, oncompare: () => waiting.ask({ do: "compare" }) }));
  };
  const draw = () => keepingFocus(root, fill);
  draw();
  const names = ["change:data", "change:detail", "change:message"];
  for (const name of names) model.on(name, draw);
  return once(() => {
    waiting.close();
    names.forEach((name) => model.off(name, draw));
    el.replaceChildren();
  });
}

function sentence({ model, el }) {
  const { question, title } = model.get("data");
  const root = h("section", { class: "tl-root tlv tlv-selection", "aria-label": question, ...OWN_KEYS }, h("style", {}, css), h("p", { class: "tl-dim" }, question), h("p", {}, h("strong", {}, title)));
  root.style.height = "auto";
  el.replaceChildren(root);
  return once(() => el.replaceChildren());
}

function nearly(misses, onpick) {
  const columns = [
    { key: "rule", title: "rewriter" },
    { key: "op", title: "node" },
    { key: "why", title: "why it did not match" },
  ];
  const part = table(columns, misses, { label: "near misses", onpick });
  return h("details", { class: "tlv-near" }, h("summary", {}, `${misses.length} near misses, with their reasons`), part.element);
}

export default { render };
