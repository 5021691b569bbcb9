// The stepper: list, pictures, panel, slider; knows nothing of Jupyter.

import { h } from "../common/dom.js";
import { keepingFocus } from "../common/focus.js";
import { OWN_KEYS } from "../common/keys.js";
import { explained } from "../common/terms.js";
import { patient, WAITING } from "../common/waiting.js";
import { Replay } from "../trace/replay.js";
import { ruleName, stageOf } from "../trace/read.js";
import { Canvas } from "./canvas.js";
import { keyTable, legend, listen } from "./keys.js";
import { Order } from "./order.js";
import { measurer } from "./measure.js";
import { place } from "./place.js";
import { quiz } from "./predict.js";
import { sceneOf } from "./scene.js";
import { sections } from "./side.js";
import { Tree } from "./tree.js";
import { onlyNames } from "./words.js";

const PLAY_MS = 600;

export class Stepper {
  /** hooks: onindex(index), onselect(node id or null), netron(): Promise of the viewer's module; marks: as in order.js */
  constructor(trace, hooks, marks = {}, layers = {}) {
    this.trace = trace;
    this.hooks = hooks;
    this.replay = new Replay(trace);
    this.order = new Order(trace, marks, layers);
    this.index = 0;
    this.selected = null;
    this.hops = null;
    this.predicting = false;
    this.known = new Set(); // steps whose question was answered
    this.asked = null; // the step whose question is shown
    this.read = 0; // how far down it is read, where it came from another stepper
    this.measure = measurer();
    this.#build();
    listen(this);
    if (trace.steps.length > 0) {
      this.tree.render(0); // keys may come before the first picture
      this.go(0);
    }
    else this.heading.append(h("p", {}, "This conversion took no step."));
  }

  /** Show a step. */
  go(index) {
    if (this.trace.steps.length === 0) return;
    this.index = Math.min(Math.max(Math.trunc(index), 0), this.trace.steps.length - 1);
    this.hooks.onindex?.(this.index);
    this.whole?.go(this.index);
    // one picture a frame, however fast the keys come
    this.frame ??= requestAnimationFrame(() => this.#paint());
  }

  /** Paint at once, not with the next frame: where one stepper follows another, nothing flickers. */
  now() {
    if (!this.frame) return;
    cancelAnimationFrame(this.frame);
    this.canvas.measure(); // the observer tells it with the next frame only
    this.#paint();
  }

  step(by) {
    this.#move(this.order.next(this.index, by));
  }

  rule(by) {
    this.#move(this.order.nextRule(this.index, by));
  }

  marked() {
    this.#move(this.order.nextMarked(this.index));
  }

  #move(index) {
    if (index !== this.index) this.go(index);
  }

  select(id) {
    this.selected = id === this.selected ? null : id;
    this.canvas.mark(this.selected);
    if (this.scene) this.#side();
    this.hooks.onselect?.(this.selected);
  }

  filter(change) {
    this.order.set(change);
    this.tree.render(this.index);
    this.tree.reveal();
  }

  /** Draw more of the surroundings, or less. */
  around(by) {
    this.hops = Math.min(8, Math.max(0, (this.hops ?? 2) + by));
    this.go(this.index);
  }

  play() {
    if (this.timer) {
      clearInterval(this.timer);
      this.timer = null;
    } else {
      this.timer = setInterval(() => (this.index === this.order.visible.at(-1) ? this.play() : this.step(1)), PLAY_MS);
    }
    this.player.textContent = this.timer ? "❚❚" : "▶";
    this.player.setAttribute("aria-label", this.timer ? "Stop playing" : "Play the steps");
  }

  /** Ask before each step what it will do, or no more. */
  predict() {
    this.predicting = !this.predicting;
    this.predictor.setAttribute("aria-pressed", this.predicting);
    if (this.trace.steps.length > 0) this.go(this.index);
  }

  help() {
    this.keys.hidden = !this.keys.hidden;
  }

  escape() {
    if (!this.keys.hidden) this.help();
    else if (this.whole) this.netron();
    else if (this.selected !== null) this.select(this.selected);
  }

  /** Show the whole graph in Netron, or go back. */
  async netron() {
    if (this.whole) {
      this.whole.close();
      this.whole = null;
      this.over.replaceChildren();
      this.over.hidden = true;
      this.element.focus();
      return;
    }
    const frame = h("div", { class: "tl-whole" }, h("p", { class: "tl-dim" }, "loading Netron…"));
    const back = h("button", { class: "tl-button", type: "button", onclick: () => this.netron() }, "← back to the step");
    this.over.replaceChildren(h("div", { class: "tl-bar" }, back, h("span", { class: "tl-dim" }, "the whole graph after this step; what changed is coloured")), frame);
    this.over.hidden = false;
    this.whole = { go() {}, close() {} };
    try {
      const { showTrace } = await patient(this.hooks.netron(), () => frame.replaceChildren(h("p", { class: "tl-waiting", role: "status" }, WAITING)));
      if (this.over.hidden) return;
      this.whole = showTrace(frame, this.trace, { index: this.index, onselect: (id) => this.hooks.onselect?.(id), onkey: (key) => key === "Escape" && this.escape() });
    } catch (error) {
      frame.replaceChildren(h("p", {}, `Netron cannot be shown: ${error.message}`));
    }
  }

  /** Which part has the focus, if any. */
  get focused() {
    const { activeElement: at } = this.element.ownerDocument;
    return ["list", "search", "slider", "element"].find((part) => (part === "element" ? this.element.contains(at) : this[part] === at));
  }

  /** Go on where another stepper stood: its filter, what was open in its list, its scale, whether it asks. */
  resume({ order, tree, canvas, hops, predicting, known, asked, question }) {
    Object.assign(this, { hops, predicting });
    this.known = new Set([...known].filter((index) => !this.order.marks.has(index))); // a changed step is asked anew
    if (asked !== null && !this.order.marks.has(asked)) {
      this.asked = asked; // a question that somebody is at stays as it is, with what was said to it, and where it is read
      this.read = question.scrollTop;
      this.question.replaceChildren(...question.childNodes);
    }
    this.predictor.setAttribute("aria-pressed", predicting);
    this.canvas.zoom = canvas.zoom;
    this.tree.resume(tree);
    this.filter(order.filter);
  }

  dispose() {
    if (this.timer) this.play();
    if (this.frame) cancelAnimationFrame(this.frame);
    this.whole?.close();
  }

  #build() {
    const { steps } = this.trace;
    this.tree = new Tree(this.order, { ongo: (index) => this.go(index), onfilter: (change) => this.filter(change) });
    this.list = this.tree.list;
    this.search = this.tree.search;
    this.canvas = new Canvas({ onselect: (id) => this.select(id) });
    this.heading = h("header", { class: "tl-head", "aria-live": "polite" });
    this.panel = h("aside", { class: "tl-right", "aria-label": "The rule and what it matched" }, h("div", { class: "tl-sections" }));
    this.slider = h("input", { type: "range", class: "tl-slider", min: 0, max: Math.max(0, steps.length - 1), value: 0, "aria-label": "Step" });
    this.slider.addEventListener("input", () => this.go(Number(this.slider.value)));
    this.timeline = h("div", { class: "tl-timeline" }, ticks(this.order.marks, steps.length), this.slider);
    this.counter = h("span", { class: "tl-counter" });
    this.player = button("▶", "Play the steps", () => this.play());
    this.keys = h("div", { class: "tl-keys", role: "dialog", "aria-label": "Keys", hidden: true }, h("h4", {}, "Marks"), legend(), h("h4", {}, "Keys"), keyTable());
    this.over = h("div", { class: "tl-over", hidden: true });
    this.predictor = button("predict", "Predict: say what each step will do before you see it", () => this.predict());
    this.predictor.setAttribute("aria-pressed", false);
    const tools = [this.predictor, button("−", "Smaller", () => this.canvas.scaleBy(0.8)), button("+", "Larger", () => this.canvas.scaleBy(1.25)),
      button("Netron", "Show the whole graph in Netron", () => this.netron()), button("?", "Show the keys", () => this.help())];
    const bar = h("div", { class: "tl-foot", role: "group", "aria-label": "Walk through the steps" }, button("◀", "Step before", () => this.step(-1)), this.player, button("▶▏", "Next step", () => this.step(1)),
      this.timeline, this.counter, ...tools);
    // a click in the pictures leaves the focus, and so the keys, with the stepper; Tab reaches the nodes
    this.canvas.element.addEventListener("mousedown", (event) => {
      if (!event.target.closest("svg")) return;
      event.preventDefault();
      this.element.focus({ preventScroll: true });
    });
    this.question = h("div", { class: "tl-question", hidden: true });
    this.question.addEventListener("answered", () => this.#answered());
    const middle = h("div", { class: "tl-middle" }, this.heading, this.canvas.element, this.question, this.canvas.note);
    const grid = h("div", { class: "tl-grid" }, this.tree.element, middle, this.panel);
    this.element = h("div", { class: "tl-root", role: "application", "aria-label": `Steps of the conversion of ${this.trace.header.name}`, ...OWN_KEYS, tabindex: 0 }, grid, bar, this.over, this.keys);
  }

  #paint() {
    this.frame = null;
    this.#draw();
    this.#head();
    this.#side();
    this.#ask();
    this.tree.render(this.index);
    this.slider.value = this.index;
    this.slider.setAttribute("aria-valuetext", `step ${this.index + 1}, ${ruleName(this.trace, this.trace.steps[this.index])}${this.order.marks.has(this.index) ? `, ${this.order.marks.get(this.index)} since the retry` : ""}`);
    this.counter.textContent = `${this.index + 1}/${this.trace.steps.length}`;
    this.canvas.centre();
    this.tree.reveal();
  }

  /** Cover what the step did until its question is answered. */
  #ask() {
    const asking = this.predicting && !this.known.has(this.index);
    this.element.classList.toggle("tl-asking", asking);
    this.question.hidden = !asking;
    if (asking && this.asked !== this.index) this.question.replaceChildren(quiz(this.trace, this.index, drawnOps(this.scene)));
    else if (asking && this.read > 0) this.question.scrollTop = this.read;
    this.read = 0;
    this.asked = asking ? this.index : null;
  }

  /** The question was answered, or is not wanted. */
  #answered() {
    this.known.add(this.index);
    this.go(this.index);
    this.element.focus({ preventScroll: true });
  }

  /** Two hops of surroundings, or as many as were asked for; one where two do not fit in a readable size. */
  #draw() {
    for (const hops of this.hops === null ? [null, 1] : [this.hops]) {
      this.scene = sceneOf(this.replay, this.index, hops);
      this.placed = place(this.scene, this.measure);
      if (this.canvas.fits(this.placed)) break;
    }
    this.canvas.show(this.scene, this.placed, this.selected);
  }

  #head() {
    const step = this.trace.steps[this.index];
    const rule = this.trace.rules.get(step.rule);
    const place = h("div", { class: "tl-where" }, h("span", {}, `Step ${this.index + 1} of ${this.trace.steps.length}`), h("span", { class: "tl-badge" }, ...explained(stageOf(this.trace, step))));
    place.append(h("strong", {}, ruleName(this.trace, step)));
    const mark = this.order.marks.get(this.index);
    if (mark) place.append(h("span", { class: "tl-fresh" }, `${mark} since the retry`));
    const text = step.error ? `${step.error.type}: ${step.error.message.split("\n")[0]}` : rule?.doc || "";
    const names = onlyNames(step, this.replay.state);
    const note = names ? h("p", { class: "tl-doc" }, names) : step.note ? h("p", { class: "tl-why" }, step.note) : null;
    this.heading.replaceChildren(place, h("p", { class: step.error ? "tl-error" : "tl-doc" }, text), note ?? "");
  }

  #side() {
    const vertex = this.scene.vertices.get(`n${this.selected}`);
    const node = vertex ? (vertex.after ?? vertex.before) : null;
    const parts = sections({ trace: this.trace, replay: this.replay, index: this.index, node, onselect: (id) => this.select(id), onclose: () => this.select(this.selected) });
    keepingFocus(this.panel, () => this.panel.firstChild.replaceChildren(...parts));
  }
}

/** The types of the ops that stand in the picture before. */
const drawnOps = (scene) => new Set([...scene.vertices.values()].map((vertex) => vertex.before?.op).filter(Boolean));

/** Where on the timeline the steps are that a retry changed; the list and the heading say it in words. */
function ticks(marks, count) {
  if (marks.size === 0) return null;
  const width = Math.max(0.4, 100 / count);
  const tick = (index) => h("i", { style: `left:${(100 * index) / Math.max(1, count - 1) - width / 2}%;width:${width}%` });
  return h("div", { class: "tl-ticks", "aria-hidden": true }, [...marks.keys()].map(tick));
}

function button(text, label, onclick) {
  return h("button", { class: "tl-button", type: "button", "aria-label": label, title: label, onclick }, text);
}
