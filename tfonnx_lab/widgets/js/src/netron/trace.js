// The whole graph of a trace at any step in Netron; of a large one the part around the selection.

import { h } from "../common/dom.js";
import { ruleName } from "../trace/read.js";
import { Replay } from "../trace/replay.js";
import { openModel, scrollTo } from "./drawing.js";
import { Frame } from "./frame.js";
import { partOf } from "./part.js";
import { Tools } from "./tools.js";

const PLACEHOLDER = new Uint8Array([0x7b, 0x20]); // Netron refuses a file of no bytes
const SETTLE_MS = 150; // steps that come faster are skipped: a large graph takes longer to lay out
const FEW = 40; // a step that changes more is about the whole graph

export class TraceInNetron {
  constructor(parent, trace, { index, onselect, onkey }) {
    Object.assign(this, { trace, onselect, wanted: index, shown: null, drawn: null, all: false });
    this.replay = new Replay(trace);
    this.selected = null;
    this.centre = null;
    this.view = null;
    this.queue = Promise.resolve();
    this.tools = new Tools({ onfind: (text, by) => this.#find(text, by), onwhole: () => this.#whole() });
    const place = h("div", { class: "tl-whole" });
    this.element = h("div", { class: "tl-netron-view" }, this.tools.element, place);
    parent.replaceChildren(this.element);
    this.frame = new Frame(place, {
      title: `Graph of ${trace.header.name} in Netron`,
      onkey,
      onready: (fresh) => {
        [this.view, this.shown] = [fresh, null];
        this.queue = Promise.resolve(); // what waits for a frame that is gone waits for ever
        this.#later();
      },
    });
  }

  /** Show the graph after a step; -1 is the graph that the trace starts with. */
  go(step) {
    this.wanted = step;
    this.centre = null;
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.#later(), SETTLE_MS);
  }

  select(id) {
    if (id === this.selected) return;
    this.#choose(id);
  }

  close() {
    clearTimeout(this.timer);
    this.view = null;
    this.element.remove();
  }

  #later() {
    this.queue = this.queue.then(() => this.#open()).catch((error) => console.warn("Netron:", error));
  }

  async #open() {
    if (!this.view || this.shown === this.wanted) return;
    const [here, at] = [this.view, this.wanted];
    const state = this.replay.goto(at + 1);
    const step = this.trace.steps[at];
    const kinds = kindsOf(this.trace, at, state);
    const own = step && kinds.size <= FEW ? [...kinds.keys()] : [];
    this.centre ??= [...own, this.selected].find((id) => state.graphOf.has(id)) ?? null;
    this.drawn = this.all ? null : partOf(state, this.centre);
    here.host.state = state;
    here.host.drawn = this.drawn;
    await openModel(here, `${this.trace.header.name}.message`, PLACEHOLDER);
    if (here !== this.view || !here.target) return;
    this.shown = at;
    here.target.on("selectionchange", (target) => this.#picked(here, target));
    const marked = mark(here, kinds);
    this.#tell(state, step, kinds);
    if (this.selected !== null && this.#see(this.selected)) return;
    if (marked.length > 0) scrollTo(here, marked);
  }

  #tell(state, step, kinds) {
    const counts = new Map();
    for (const kind of kinds.values()) counts.set(kind, (counts.get(kind) ?? 0) + 1);
    const nodes = state.graphs.get(state.main).nodes.length;
    const moment = step ? `after step ${this.shown + 1}, ${ruleName(this.trace, step)}` : "before the first step";
    const large = this.all || this.drawn !== null;
    this.tools.tell({ moment, drawn: this.drawn?.size ?? nodes, nodes, large, marks: counts });
  }

  #picked(here, target) {
    if (here !== this.view || this.shown !== this.wanted || this.choosing) return; // an old graph lets go as it is replaced
    const [first] = target.selection;
    this.selected = first?.value?.number ?? null;
    this.onselect?.(this.selected, first?.value?.name ?? "");
  }

  /** Select a node, and draw its surroundings where it is not drawn yet. */
  #choose(id) {
    this.selected = id;
    if (!this.view?.target) return;
    if (id !== null && this.drawn && !this.drawn.has(id) && this.replay.state.graphOf.has(id)) {
      [this.centre, this.shown] = [id, null];
      this.#later();
    } else this.#see(id);
  }

  #see(id) {
    const node = this.view.activeTarget?.nodes.find((other) => other.number === id);
    this.choosing = true;
    const elements = this.view.target.select(node ? [node] : null);
    this.choosing = false;
    if (elements) this.view.target.scrollTo(elements, "instant");
    return Boolean(node);
  }

  #whole() {
    [this.all, this.shown] = [!this.all, null];
    this.centre = this.selected;
    this.#later();
  }

  #find(text, by) {
    const words = text.toLowerCase().split(/\s+/).filter(Boolean);
    const { state } = this.replay;
    const fits = ({ op, name }) => words.every((word) => `${op} ${name}`.toLowerCase().includes(word));
    const found = words.length === 0 ? [] : state.graphs.get(state.main).nodes.filter((id) => fits(state.nodes.get(id)));
    if (found.length === 0) return { at: -1, count: 0 };
    const now = found.indexOf(this.selected);
    const at = now < 0 ? 0 : (now + by + found.length) % found.length;
    this.#choose(found[at]);
    this.onselect?.(found[at], state.nodes.get(found[at]).name);
    return { at, count: found.length };
  }
}

/** What a step did to the nodes that are in the graph after it, and the nodes that failed before. */
function kindsOf(trace, at, state) {
  const kinds = new Map();
  for (const { error, root } of trace.steps.slice(0, at + 1)) if (error && root !== null) kinds.set(root, "failed");
  for (const edit of trace.steps[at]?.edits ?? []) {
    if (edit[0] === "insert") kinds.set(edit[3].id, "added");
    else if (edit[0] === "input" || edit[0] === "attr") if (!kinds.has(edit[1])) kinds.set(edit[1], "changed");
  }
  return new Map([...kinds].filter(([id]) => state.graphOf.has(id)));
}

/** Colour nodes. @returns {object[]} those of Netron's that are drawn */
function mark(view, kinds) {
  const found = view.activeTarget.nodes.filter((node) => kinds.has(node.number));
  for (const node of found) view.target.find(node)?.element?.classList.add(`tfx-${kinds.get(node.number)}`);
  return found;
}
