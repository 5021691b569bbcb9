// The graph of a trace at any step in Netron, what the step changed coloured.

import { ruleName } from "../trace/read.js";
import { Replay } from "../trace/replay.js";
import { openModel, scrollTo } from "./drawing.js";
import { partOf } from "./part.js";
import { Viewing } from "./viewing.js";

const PLACEHOLDER = new Uint8Array([0x7b, 0x20]); // Netron refuses a file of no bytes
const SETTLE_MS = 150; // steps that come faster are skipped: a large graph takes longer to lay out
const FEW = 40; // a step that changes more is about the whole graph

export class TraceInNetron extends Viewing {
  /** The step whose graph is drawn; null where none is. */
  shown = null;

  /**
   * @param {Element} parent
   * @param {import("../trace/read.js").Trace} trace
   * @param {{index: number, plain?: boolean, marks?: Record<string, string>, title?: string, onselect?: Function, onkey?: Function}} hooks index: the step to begin
   * with; plain: what its step did is not coloured; the others as in viewing.js
   */
  constructor(parent, trace, { index, plain = false, marks = null, title = "Graph", ...hooks }) {
    super(parent, { title: `${title} of ${trace.header.name} in Netron`, ...hooks });
    this.plain = plain;
    this.marks = marks; // node => what is said of it, in the place of what the step did
    this.trace = trace;
    this.wanted = index;
    this.replay = new Replay(trace);
  }

  /** Show the graph after a step; -1 is the graph that the trace starts with. */
  go(step, plain = false) {
    if (this.plain !== plain) this.fresh();
    this.plain = plain;
    this.wanted = step;
    this.centre = null;
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.later(), SETTLE_MS);
  }

  close() {
    clearTimeout(this.timer);
    super.close();
  }

  // what is to be told of the nodes, whose keys are their ids in the trace

  keys() {
    const { state } = this.replay;
    return state.graphs.get(state.main).nodes;
  }

  has(id) {
    return this.replay.state.graphOf.has(id);
  }

  about(id) {
    return this.replay.state.nodes.get(id);
  }

  around(id) {
    const { state } = this.replay;
    const node = state.nodes.get(id);
    const before = node.in.map((value) => state.producer.get(value)).filter((other) => other !== undefined);
    return { before, after: node.out.flatMap((value) => [...state.usersOf(value)]) };
  }

  keyOf(node) {
    return node.number ?? null;
  }

  nodeOf(id) {
    return this.view.activeTarget?.nodes.find((node) => node.number === id);
  }

  /** What is drawn is not what is wanted. */
  fresh() {
    this.shown = null;
  }

  async open(here) {
    if (this.shown === this.wanted) return;
    const at = this.wanted;
    const state = this.replay.goto(at + 1);
    const step = this.trace.steps[at];
    const kinds = this.marks ? told(this.marks, state) : kindsOf(this.trace, at, state, this.plain);
    const own = step && kinds.size <= FEW ? [...kinds.keys()] : [];
    this.centre ??= [...own, this.selected].find((id) => state.graphOf.has(id)) ?? null;
    this.drawn = this.all ? null : partOf(this.keys(), (id) => this.around(id), topmost(state, this.centre));
    this.tools.drawing(this.drawn?.size ?? this.keys().length);
    here.host.state = state;
    here.host.drawn = this.drawn;
    await openModel(here, `${this.trace.header.name}.message`, PLACEHOLDER);
    if (here !== this.view || !here.target) return;
    this.shown = at;
    // an old graph lets go of its selection as it is replaced
    here.target.on("selectionchange", (target) => here === this.view && this.shown === this.wanted && this.picked(target));
    const marked = mark(here, kinds);
    this.#tell(this.plain || this.marks ? null : step, kinds);
    if (this.selected !== null && this.see(this.selected)) return;
    if (marked.length > 0) scrollTo(here, marked);
  }

  #tell(step, kinds) {
    const marks = new Map();
    for (const kind of kinds.values()) marks.set(kind, (marks.get(kind) ?? 0) + 1);
    const nodes = this.keys().length;
    const moment = step ? `after step ${this.shown + 1}, ${ruleName(this.trace, step)}` : this.shown < 0 && !this.marks ? "before the first step" : this.shown < 0 ? "the whole graph" : "the result";
    this.tools.tell({ moment, drawn: this.drawn?.size ?? nodes, nodes, large: this.all || this.drawn !== null, marks });
  }
}

/** The node itself, or the one of the main graph that its subgraph belongs to. */
function topmost(state, id) {
  for (let at = id; at !== undefined && at !== null; at = state.graphs.get(state.graphOf.get(at))?.owner) {
    if (state.graphOf.get(at) === state.main) return at;
  }
  return undefined;
}

/** What a step did to the nodes that are in the graph after it (not where plain), and the nodes that failed before. */
function kindsOf(trace, at, state, plain) {
  const kinds = new Map();
  for (const { error, root } of trace.steps.slice(0, at + 1)) if (error && root !== null) kinds.set(root, "failed");
  for (const edit of (plain ? [] : trace.steps[at]?.edits) ?? []) {
    if (edit[0] === "insert") kinds.set(edit[3].id, "added");
    else if (edit[0] === "input" || edit[0] === "attr") if (!kinds.has(edit[1])) kinds.set(edit[1], "changed");
  }
  return new Map([...kinds].filter(([id]) => state.graphOf.has(id)));
}

/** What is said of the nodes that are in the graph. */
function told(marks, state) {
  const found = new Map();
  for (const [id, kind] of Object.entries(marks)) if (state.graphOf.has(Number(id))) found.set(Number(id), kind);
  return found;
}

/** Colour nodes. @returns {object[]} those of Netron's that are drawn */
function mark(view, kinds) {
  const found = view.activeTarget.nodes.filter((node) => kinds.has(node.number));
  for (const node of found) view.target.find(node)?.element?.classList.add(`tfx-${kinds.get(node.number)}`);
  return found;
}
