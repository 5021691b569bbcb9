import assert from "node:assert/strict";
import { test } from "node:test";
import { apply, inverse } from "../src/trace/edits.js";
import { Replay } from "../src/trace/replay.js";
import { State } from "../src/trace/state.js";
import { nested, sample } from "./sample.js";

/** All that a state says of the graphs that are alive. */
function seen(state) {
  const graphs = state.live().map((id) => state.graphs.get(id));
  const nodes = graphs.flatMap((graph) => graph.nodes.map((id) => state.nodes.get(id)));
  const values = [...new Set(nodes.flatMap((node) => [...node.in, ...node.out]))].sort((a, b) => a - b);
  return structuredClone({
    size: state.size, graphs, nodes,
    values: values.map((id) => [state.values.get(id), state.producer.get(id), [...state.usersOf(id)].sort((a, b) => a - b)]),
  });
}

test("a step does its edits in order", () => {
  const state = new Replay(sample()).goto(1);
  assert.deepEqual(state.graphs.get(0).nodes, [2, 1]);
  assert.deepEqual(state.nodes.get(1).in, [4]);
  assert.equal(state.producer.get(4), 2);
  assert.deepEqual([...state.usersOf(4)], [1]);
  assert.deepEqual([...state.usersOf(0)], [2]);
  assert.equal(state.producer.has(2), false);
});

test("the end has one node whose value is of another type and the output", () => {
  const state = new Replay(sample()).goto(3);
  assert.deepEqual(state.graphs.get(0), { id: 0, owner: null, inputs: [0], outputs: [4], nodes: [2] });
  assert.equal(state.values.get(4).dtype, "FLOAT16");
  assert.deepEqual(state.values.get(4).shape, [1, null, 4]);
});

for (const { name, make } of [{ name: "flat", make: sample }, { name: "nested", make: nested }]) {
  test(`back through a ${name} trace is as forwards`, () => {
    const replay = new Replay(make());
    const forwards = [];
    for (let at = 0; at <= replay.trace.steps.length; at += 1) forwards.push(seen(replay.goto(at)));
    for (let at = replay.trace.steps.length; at >= 0; at -= 1) assert.deepEqual(seen(replay.goto(at)), forwards[at], `at ${at}`);
  });

  test(`each edit of a ${name} trace is undone by its inverse`, () => {
    const trace = make();
    const state = new State(trace.start);
    for (const edit of trace.steps.flatMap((step) => step.edits)) {
      const before = seen(state);
      const undo = inverse(state, edit);
      apply(state, edit);
      for (const back of undo) apply(state, back);
      assert.deepEqual(seen(state), before, edit[0]);
      apply(state, edit);
    }
  });
}

test("a subgraph's nodes count while a node of the main graph holds it", () => {
  const replay = new Replay(nested());
  assert.deepEqual([0, 1, 2, 3].map((at) => replay.goto(at).size), [2, 4, 3, 2]);
  assert.deepEqual([0, 1, 2, 3].map((at) => replay.goto(at).live()), [[0], [0, 1], [0], [0]]);
});

test("counts leave the replay where it is", () => {
  const replay = new Replay(sample());
  assert.deepEqual(replay.counts(2), [2, 1]);
  assert.equal(replay.position, 0);
});

test("attributes are set, changed and taken away", () => {
  const state = new State(sample().start);
  const set = (item) => {
    const undo = inverse(state, ["attr", 0, "axis", item]);
    apply(state, ["attr", 0, "axis", item]);
    return undo;
  };
  assert.deepEqual(set(1), [["attr", 0, "axis", null]]);
  assert.deepEqual(set(2), [["attr", 0, "axis", 1]]);
  assert.deepEqual(state.nodes.get(0).attrs, { axis: 2 });
  set(null);
  assert.deepEqual(state.nodes.get(0).attrs, {});
});

test("inputs and outputs of a graph are replaced, its constants stay known", () => {
  const state = new State(sample().start);
  const fresh = { id: 9, name: "more", dtype: "INT8", shape: [1] };
  assert.deepEqual(inverse(state, ["inputs", 0, [0, 9], [fresh]]), [["inputs", 0, [0], []]]);
  apply(state, ["inputs", 0, [0, 9], [fresh]]);
  apply(state, ["outputs", 0, [2, 3]]);
  apply(state, ["constant", { id: 10, name: "k", const: { data: [1] } }]);
  assert.deepEqual(state.graphs.get(0).inputs, [0, 9]);
  assert.deepEqual(state.graphs.get(0).outputs, [2, 3]);
  assert.equal(state.values.get(9), fresh);
  assert.equal(state.values.get(10).name, "k");
});

test("an insert before a node that is not there is told, not done somewhere", () => {
  const state = new State(sample().start);
  assert.throws(() => apply(state, ["insert", 0, 77, { id: 5, op: "Neg", in: [], out: [], attrs: {} }, []]), /node 77 is not in graph 0/);
});
