// The stepper as an anywidget: traits in, traits out.

import { bytesOf, unzipped } from "../common/bytes.js";
import { netronFrom } from "../common/asset.js";
import { h } from "../common/dom.js";
import { once } from "../common/once.js";
import { addStyle } from "../common/style.js";
import { readTrace } from "../trace/read.js";
import { Stepper } from "./stepper.js";

async function render({ model, el }) {
  addStyle(el);
  let stepper = null;
  let gone = false;
  let turn = 0;
  const load = async () => {
    const mine = ++turn;
    const trace = await readTrace(await unzipped(bytesOf(model.get("trace"))));
    if (gone || mine !== turn) return; // a newer one came while this was read
    const before = stepper;
    const whole = Boolean(before?.whole);
    before?.dispose();
    const wanted = model.get("index"); // now: it may have changed while the trace was read
    let ready = false; // a new stepper stands at its first step, which nobody chose
    stepper = new Stepper(trace, {
      onindex: (index) => ready && send(model, "index", index),
      onselect: (id) => send(model, "selected", id),
      netron: () => netronFrom(model),
    }, model.get("marks"), model.get("layers") ?? {});
    stepper.element.style.setProperty("--tl-height", model.get("height"));
    const focused = before?.focused;
    if (before) stepper.resume(before); // now, before it loses the focus
    el.replaceChildren(stepper.element);
    if (whole) stepper.netron();
    if (focused) stepper[focused].focus({ preventScroll: true });
    stepper.go(wanted);
    if (before) stepper.now();
    ready = true;
    send(model, "index", stepper.index);
    if (model.get("selected") !== null) stepper.select(model.get("selected"));
  };
  let due = null; // trace and marks come together
  const soon = () => (due ??= Promise.resolve().then(() => (due = null)).then(load));
  el.append(h("p", { class: "tl-loading", role: "status" }, "reading the trace…"));
  const onindex = () => stepper && model.get("index") !== stepper.index && stepper.go(model.get("index"));
  const onselect = () => stepper && model.get("selected") !== stepper.selected && stepper.select(model.get("selected"));
  model.on("change:trace", soon);
  model.on("change:marks", soon);
  model.on("change:index", onindex);
  model.on("change:selected", onselect);
  await load(); // heard of before: further steps may come while the first are read
  return once(() => {
    gone = true;
    model.off("change:trace", soon);
    model.off("change:marks", soon);
    model.off("change:index", onindex);
    model.off("change:selected", onselect);
    stepper?.dispose();
    el.replaceChildren();
  });
}

function send(model, name, value) {
  if (model.get(name) === value) return;
  model.set(name, value);
  model.save_changes();
}

export default { render };
