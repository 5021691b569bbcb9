// The graph view as an anywidget.

import { netronFrom } from "../common/asset.js";
import { bytesOf, unzipped } from "../common/bytes.js";
import { h } from "../common/dom.js";
import { OWN_KEYS } from "../common/keys.js";
import { once } from "../common/once.js";
import { addStyle } from "../common/style.js";
import { patient, WAITING } from "../common/waiting.js";
import { readTrace } from "../trace/read.js";

async function render({ model, el }) {
  addStyle(el);
  const frame = h("div", { class: "tl-whole" }, h("p", { class: "tl-dim" }, "loading Netron…"));
  const root = h("div", { class: "tl-root tl-graph-view", ...OWN_KEYS }, frame);
  root.style.setProperty("--tl-height", model.get("height"));
  el.replaceChildren(root);
  let shown = null;
  try {
    const viewer = await patient(netronFrom(model), () => frame.replaceChildren(h("p", { class: "tl-waiting", role: "status" }, WAITING)));
    const trace = model.get("trace").byteLength ? await readTrace(await unzipped(bytesOf(model.get("trace")))) : null;
    const onselect = (id, name) => send(model, { selected: id, picked: name });
    shown = trace === null
      ? viewer.showModel(frame, bytesOf(model.get("model_bytes")), model.get("name"), { onselect })
      : viewer.showTrace(frame, trace, { index: model.get("index"), onselect });
  } catch (error) {
    frame.replaceChildren(h("p", {}, `The graph cannot be shown: ${error.message}`));
    return undefined;
  }
  if (model.get("selected") !== null) shown.select(model.get("selected"));
  const onindex = () => shown.go(model.get("index"));
  const onselected = () => shown.select(model.get("selected"));
  model.on("change:index", onindex);
  model.on("change:selected", onselected);
  return once(() => {
    model.off("change:index", onindex);
    model.off("change:selected", onselected);
    shown.close();
    el.replaceChildren();
  });
}

function send(model, values) {
  const fresh = Object.entries(values).filter(([name, value]) => model.get(name) !== value);
  if (fresh.length === 0) return;
  for (const [name, value] of fresh) model.set(name, value);
  model.save_changes();
}

export default { render };
