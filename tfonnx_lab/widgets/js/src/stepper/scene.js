// What one step did, as a small picture: the nodes around it before and after, with what became of each.

import { isConst } from "../common/format.js";

const MOST = 150; // nodes drawn at most; Netron shows the whole graph
const ENOUGH = 22; // surroundings are added until there are so many nodes
const CROWD = 12; // of the many users of one value, so many are followed

/**
 * @typedef {{id: string, kind: "node"|"input"|"output", status: string, before: any, after: any}} Vertex
 * @typedef {{v: string, w: string, before: any[], after: any[]}} Edge before, after: the values that go along it
 * @typedef {{vertices: Map<string, Vertex>, edges: Edge[], hidden?: number}} Scene hidden: how many nodes are left out
 * @param {import("../trace/replay.js").Replay} replay
 * @param {number} index the step
 * @param {number | null} hops of surroundings; null: as many as fit
 * @returns {Scene}
 */
export function sceneOf(replay, index, hops = null) {
  const step = replay.trace.steps[index];
  const before = replay.goto(index);
  const seeds = seedsOf(step, before);
  const near = surroundings(before, seeds, hops);
  const after = replay.goto(index + 1);
  for (const id of surroundings(after, [...seeds, ...seedsOf(step, after)], hops)) near.add(id);
  const ids = [...near].slice(0, MOST);
  const shown = new Set(ids);
  const now = snapshot(after, shown);
  const then = snapshot(replay.goto(index), shown);
  return { ...merged(then, now, step), hidden: near.size - ids.length };
}

/** The nodes that a step is about: changed, bound by the pattern, or its root. */
export function seedsOf(step, state) {
  const found = new Set();
  const around = (value) => {
    const producer = state.producer.get(value);
    if (producer !== undefined) found.add(producer);
    else for (const user of [...state.usersOf(value)].slice(0, CROWD)) found.add(user);
  };
  for (const edit of step.edits) {
    if (edit[0] === "insert") found.add(edit[3].id);
    else if (edit[0] === "erase" || edit[0] === "input" || edit[0] === "attr") found.add(edit[1]);
    else if (edit[0] === "output") around(edit[3]);
    else if (edit[0] === "inputs" || edit[0] === "outputs") edit[2].forEach(around);
    else if (edit[0] === "retype" && Object.keys(edit[2]).some((field) => field !== "name" && field !== "tensors")) around(edit[1]);
  }
  for (const bound of Object.values(step.bind)) if (bound.node !== undefined) found.add(bound.node);
  if (step.root !== null) found.add(step.root);
  if (found.size === 0) for (const [kind, id] of step.edits) if (kind === "retype") around(id); // names alone: where they stand
  return [...found];
}

function surroundings(state, seeds, hops) {
  const near = new Set(seeds.filter((id) => state.graphOf.has(id)));
  let edge = [...near];
  for (let hop = 0; hop < (hops ?? 2) && near.size < MOST; hop += 1) {
    const next = new Set();
    for (const id of edge) for (const other of neighbours(state, id)) if (!near.has(other)) next.add(other);
    if (hops === null && hop > 0 && near.size + next.size > ENOUGH) break;
    for (const id of next) near.add(id);
    edge = [...next];
  }
  return near;
}

function neighbours(state, id) {
  const node = state.nodes.get(id);
  const found = node.in.map((value) => state.producer.get(value)).filter((other) => other !== undefined);
  for (const value of node.out) found.push(...[...state.usersOf(value)].slice(0, CROWD));
  return found;
}

/** The chosen nodes of a state, copied, for a state changes under its viewers' hands. */
function snapshot(state, shown) {
  const value = (id) => (id === null || id === undefined ? null : { ...state.values.get(id) });
  const nodes = new Map();
  const edges = [];
  const inputs = new Set();
  const outputs = new Set();
  for (const graph of state.graphs.values()) for (const id of graph.inputs) inputs.add(id);
  for (const graph of state.graphs.values()) for (const id of graph.outputs) outputs.add(id);
  const ends = new Map();
  for (const id of shown) {
    if (!state.graphOf.has(id)) continue;
    const node = state.nodes.get(id);
    const record = { ...node, in: [...node.in], attrs: { ...node.attrs }, ins: node.in.map(value), outs: node.out.map(value), from: 0, to: 0 };
    nodes.set(`n${id}`, record);
    record.ins.forEach((input) => {
      if (input === null || isConst(input)) return;
      const producer = state.producer.get(input.id);
      if (shown.has(producer)) edges.push({ v: `n${producer}`, w: `n${id}`, value: input });
      else if (inputs.has(input.id)) {
        ends.set(`i${input.id}`, { kind: "input", value: input });
        edges.push({ v: `i${input.id}`, w: `n${id}`, value: input });
      } else record.from += 1;
    });
    record.outs.forEach((output) => {
      if (outputs.has(output.id)) {
        ends.set(`o${output.id}`, { kind: "output", value: output });
        edges.push({ v: `n${id}`, w: `o${output.id}`, value: output });
      }
      record.to += [...state.usersOf(output.id)].filter((user) => !shown.has(user)).length;
    });
  }
  return { nodes, ends, edges };
}

function merged(then, now, step) {
  const vertices = new Map();
  for (const id of new Set([...then.nodes.keys(), ...now.nodes.keys()])) {
    const before = then.nodes.get(id) ?? null;
    const after = now.nodes.get(id) ?? null;
    vertices.set(id, { id, kind: "node", before, after, status: statusOf(id, before, after, step) });
  }
  for (const id of new Set([...then.ends.keys(), ...now.ends.keys()])) {
    const before = then.ends.get(id) ?? null;
    const after = now.ends.get(id) ?? null;
    const status = !before ? "added" : !after ? "removed" : "kept";
    vertices.set(id, { id, kind: (before ?? after).kind, before, after, status });
  }
  const edges = new Map();
  const add = (side, { v, w, value }) => {
    const key = `${v} ${w}`;
    if (!edges.has(key)) edges.set(key, { v, w, before: [], after: [] });
    edges.get(key)[side].push(value);
  };
  then.edges.forEach((edge) => add("before", edge));
  now.edges.forEach((edge) => add("after", edge));
  return { vertices, edges: [...edges.values()] };
}

function statusOf(id, before, after, step) {
  if (step.error && id === `n${step.root}`) return "failed";
  if (!before) return "added";
  if (!after) return "removed";
  return written(before) === written(after) ? "kept" : "changed";
}

/** What a node says of itself: its attributes and constants. Other inputs are edges, which tell of themselves. */
function written(node) {
  return JSON.stringify([node.attrs, node.ins.map((value) => (isConst(value) ? value.id : null))]);
}

/** What became of an edge on one side. */
export function edgeStatus(scene, edge, side) {
  const [v, w] = [scene.vertices.get(edge.v), scene.vertices.get(edge.w)];
  const gone = side === "before" ? "removed" : "added";
  if (v.status === gone || w.status === gone) return gone;
  const other = side === "before" ? edge.after : edge.before;
  return other.length === 0 ? "rewired" : "kept";
}
