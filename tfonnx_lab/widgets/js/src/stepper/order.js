// Which steps there are to walk through: in groups of stage and rule, under a filter.

import { ruleName, stageOf } from "../trace/read.js";

/** What a step is about, in a word or two, for the list. */
export function subjects(trace) {
  const nodes = new Map(trace.start.nodes.map((node) => [node.id, node]));
  for (const step of trace.steps) for (const edit of step.edits) if (edit[0] === "insert") nodes.set(edit[3].id, edit[3]);
  return nodes;
}

export class Order {
  /** marks: what a retry made of a step, "new" or "changed", by its index; layers: the steps of each layer of the model */
  constructor(trace, marks = {}, layers = {}) {
    this.trace = trace;
    this.marks = new Map(Object.entries(marks).map(([index, mark]) => [Number(index), mark]));
    this.layers = new Map(Object.entries(layers).map(([layer, steps]) => [layer, new Set(steps)]));
    this.nodes = subjects(trace);
    this.texts = trace.steps.map((step, index) => `${this.#text(step)} ${this.marks.get(index) ?? ""}`);
    this.filter = { text: "", changes: false, fresh: false, layer: "" };
    this.groups = grouped(trace);
    this.set({});
  }

  /** Choose what is shown; `visible` holds the indices of the steps that are left. */
  set(filter) {
    Object.assign(this.filter, filter);
    const words = this.filter.text.toLowerCase().split(/\s+/).filter(Boolean);
    const own = this.layers.get(this.filter.layer);
    this.visible = [];
    this.trace.steps.forEach((step, index) => {
      if (this.filter.changes && step.edits.length === 0 && !step.error) return;
      if (this.filter.fresh && !this.marks.has(index)) return;
      if (own && !own.has(index)) return;
      if (words.every((word) => this.texts[index].includes(word))) this.visible.push(index);
    });
    this.shown = new Set(this.visible);
  }

  /** The visible step that lies `by` further. */
  next(index, by) {
    if (this.visible.length === 0) return index;
    const at = this.visible.findIndex((i) => i >= index);
    const here = at < 0 ? this.visible.length - 1 : this.visible[at] === index ? at : by > 0 ? at - 1 : at;
    return this.visible[Math.min(Math.max(here + by, 0), this.visible.length - 1)];
  }

  /** The first visible step of the next rule in the list, or of the one before. */
  nextRule(index, by) {
    const rules = this.groups.flatMap((stage) => stage.rules).map((rule) => rule.steps.filter((i) => this.shown.has(i)));
    const filled = rules.filter((steps) => steps.length > 0);
    const here = filled.findIndex((steps) => steps.includes(index));
    return filled[Math.min(Math.max(here + by, 0), filled.length - 1)]?.[0] ?? index;
  }

  /** The next step that a retry made new or changed; after the last one the first. */
  nextMarked(index) {
    const marked = [...this.marks.keys()].sort((a, b) => a - b);
    return marked.find((i) => i > index) ?? marked[0] ?? index;
  }

  /** The op and the name of a step's root. */
  subject(step) {
    const node = this.nodes.get(step.root);
    return node ? { op: node.op, name: node.name } : { op: "whole graph", name: "" };
  }

  #text(step) {
    const { op, name } = this.subject(step);
    return [ruleName(this.trace, step), stageOf(this.trace, step), op, name, step.note, step.error?.message ?? ""].join(" ").toLowerCase();
  }
}

function grouped(trace) {
  const stages = new Map(trace.header.stages.map((name) => [name, new Map()]));
  const of = (stage, rule) => {
    if (!stages.has(stage)) stages.set(stage, new Map());
    const rules = stages.get(stage);
    if (!rules.has(rule.name)) rules.set(rule.name, { ...rule, steps: [], misses: 0 });
    return rules.get(rule.name);
  };
  trace.steps.forEach((step, index) => {
    of(stageOf(trace, step), trace.rules.get(step.rule) ?? { id: null, name: "no handler", doc: "" }).steps.push(index);
  });
  for (const miss of trace.misses) {
    const rule = trace.rules.get(miss.rule);
    if (rule) of(rule.stage, rule).misses += 1;
  }
  return [...stages].map(([name, rules]) => ({ name, rules: [...rules.values()] }));
}
