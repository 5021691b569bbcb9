// TFLite at the left and the ONNX graph at the right, each in Netron.

import { netronFrom } from "../common/asset.js";
import { bytesOf, unzipped } from "../common/bytes.js";
import { h } from "../common/dom.js";
import { OWN_KEYS } from "../common/keys.js";
import { once } from "../common/once.js";
import { addStyle } from "../common/style.js";
import { patient, WAITING } from "../common/waiting.js";
import { readTrace } from "../trace/read.js";

const SIDES = ["left", "right"];

export async function pair({ model, el }) {
  addStyle(el);
  const moments = model.get("moments");
  const choice = h("span", { class: "tlp-moment", role: "group", "aria-label": "the graph at the right" });
  const places = Object.fromEntries(SIDES.map((side) => [side, h("div", { class: "tl-whole" }, h("p", { class: "tl-dim" }, "loading Netron…"))]));
  const where = ` ${model.get("before")} is at the left; at the right `;
  const head = moments.length
    ? h("p", { class: "tlp-head" }, h("b", {}, "Where does each node come from?"), where, choice)
    : h("p", { class: "tlp-head" }, h("b", {}, "What is different?"), " a is at the left, b at the right; green nodes are only there, amber ones differ");
  const sides = SIDES.map((side) => h("div", { class: "tl-graph-view tlp-side" }, places[side]));
  const root = h("div", { class: "tl-root tlp", ...OWN_KEYS }, head, h("div", { class: "tlp-sides" }, ...sides));
  root.style.setProperty("--tl-height", model.get("height"));
  el.replaceChildren(root);
  const shown = {};
  const send = (values) => {
    for (const [name, value] of Object.entries(values)) model.set(name, value);
    model.save_changes();
  };
  const isResult = () => model.get("moment") === moments[0];
  const choices = () => {
    const buttons = moments.map((name) => h("button", { type: "button", class: "tl-button", "aria-pressed": name === model.get("moment"), onclick: () => send({ moment: name }) }, name));
    if (choice.childElementCount === 0) choice.append(...buttons);
    else [...choice.children].forEach((button, i) => button.setAttribute("aria-pressed", moments[i] === model.get("moment")));
  };
  const go = () => {
    choices();
    shown.right?.go(model.get("at"), isResult());
  };
  const heard = { "change:at": go, "change:moment": go };
  for (const side of SIDES) heard[`change:${side}_selected`] = () => shown[side]?.select(model.get(`${side}_selected`));
  choices();
  for (const [event, f] of Object.entries(heard)) model.on(event, f);
  const end = once(() => {
    for (const [event, f] of Object.entries(heard)) model.off(event, f);
    for (const side of SIDES) shown[side]?.close();
    el.replaceChildren();
  });
  try {
    const waits = () => SIDES.forEach((side) => places[side].replaceChildren(h("p", { class: "tl-waiting", role: "status" }, WAITING)));
    const viewer = await patient(netronFrom(model), waits);
    const read = async (name) => readTrace(await unzipped(bytesOf(model.get(name))));
    const trace = await read("trace");
    const other = model.get("other")?.byteLength ? await read("other") : trace;
    const marks = model.get("marks") ?? {};
    for (const side of SIDES) {
      const name = `${side}_selected`;
      const index = side === "left" ? (model.get("left_at") ?? -1) : model.get("at");
      shown[side] = viewer.showTrace(places[side], side === "left" ? trace : other, { index, plain: side === "right" && isResult(), marks: marks[side] ?? null, title: side === "left" ? model.get("before") : "ONNX", onselect: (id) => model.get(name) !== id && send({ [name]: id }) });
      if (model.get(name) !== null) shown[side].select(model.get(name));
    }
  } catch (error) {
    SIDES.forEach((side) => places[side].replaceChildren(h("p", {}, `The graph cannot be shown: ${error.message}`)));
  }
  return end;
}
