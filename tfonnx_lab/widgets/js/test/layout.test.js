// What decides where the nodes of a picture stand.

import assert from "node:assert/strict";
import { test } from "node:test";
import { pack } from "../src/stepper/pack.js";
import { between, flowOrder } from "../src/stepper/routes.js";
import { edgeStatus, sceneOf, seedsOf } from "../src/stepper/scene.js";
import { slotsOf } from "../src/stepper/slots.js";
import { Replay } from "../src/trace/replay.js";
import { sample } from "./sample.js";

const box = (v, x, width = 200) => ({ v, x, y: 20, width, height: 40 });

test("parts that fit into one row, and parts that hang together, stay", () => {
  const two = [box("a", 100), box("b", 330)];
  pack(two, []);
  assert.deepEqual(two, [box("a", 100), box("b", 330)]);
  const wide = [box("a", 100), box("b", 900)];
  pack(wide, [{ v: "a", w: "b", x: 500, width: 10, points: [{ x: 100, y: 20 }] }]);
  assert.deepEqual(wide, [box("a", 100), box("b", 900)]);
});

test("parts that do not fit go into the next row, with their links", () => {
  const nodes = [box("a", 100), box("b", 330), box("c", 560), box("d", 790)];
  const link = { v: "c", w: "d", x: 675, y: 20, width: 10, points: [{ x: 660, y: 20 }, { x: 690, y: 20 }] };
  pack(nodes, [link]);
  const corners = nodes.map((node) => [node.x - node.width / 2, node.y - node.height / 2]);
  assert.deepEqual(corners, [[0, 0], [230, 0], [0, 70], [230, 70]]);
  assert.deepEqual(link.points, [{ x: 200, y: 90 }, { x: 230, y: 90 }]);
  assert.equal(link.x, 215);
});

/** @returns {[string, import("../src/stepper/scene.js").Vertex]} */
function vertex(id, status, op = "Add") {
  const item = { op };
  return [id, { id, kind: "node", status, before: status === "added" ? null : item, after: status === "removed" ? null : item }];
}

const edge = (v, w, side = "both") => ({ v, w, before: side === "after" ? [] : [{}], after: side === "before" ? [] : [{}] });

test("an added node takes the place of the removed one that is alike", () => {
  const scene = {
    vertices: new Map([vertex("x", "kept", "RELU"), vertex("old", "removed", "CONV_2D"), vertex("t", "added", "Transpose"), vertex("new", "added", "Conv")]),
    edges: [edge("x", "old", "before"), edge("x", "t", "after"), edge("t", "new", "after")],
  };
  assert.deepEqual([...slotsOf(scene)], [["x", "x"], ["old", "old"], ["t", "t"], ["new", "old"]]);
});

test("places are not shared where data would flow in a circle", () => {
  const scene = {
    vertices: new Map([vertex("a", "removed", "Neg"), vertex("k", "kept", "Relu"), vertex("b", "added", "Neg")]),
    edges: [edge("a", "k", "before"), edge("k", "b", "after")],
  };
  const slots = slotsOf(scene);
  assert.equal(slots.get("b"), "b");
});

test("the flow of one side orders its vertices", () => {
  const scene = { vertices: new Map([vertex("c", "kept"), vertex("a", "kept"), vertex("b", "added")]), edges: [edge("a", "b", "after"), edge("b", "c", "after"), edge("a", "c", "before")] };
  const order = flowOrder(scene, "after");
  assert.ok(order.indexOf("a") < order.indexOf("b") && order.indexOf("b") < order.indexOf("c"));
});

test("an edge that replaces removed nodes goes through their places", () => {
  const direct = edge("a", "c", "after");
  const scene = { vertices: new Map([vertex("a", "kept"), vertex("b", "removed"), vertex("c", "kept")]), edges: [edge("a", "b", "before"), edge("b", "c", "before"), direct] };
  assert.deepEqual(between(scene, direct), ["b"]);
  assert.equal(between(scene, edge("a", "c")), null);
  assert.equal(edgeStatus(scene, direct, "after"), "rewired");
  assert.equal(edgeStatus(scene, scene.edges[0], "before"), "removed");
});

test("a scene tells what a step removed, added and kept", () => {
  const replay = new Replay(sample());
  const { vertices, hidden } = sceneOf(replay, 0);
  const nodes = [...vertices.values()].filter((v) => v.kind === "node").map((v) => [v.id, v.status]);
  assert.deepEqual(nodes.sort(), [["n0", "removed"], ["n1", "kept"], ["n2", "added"]]);
  assert.equal(hidden, 0);
  const failed = sceneOf(replay, 1).vertices.get("n1");
  assert.equal(failed.status, "failed");
  assert.ok([...seedsOf(replay.trace.steps[1], replay.goto(1))].includes(1));
});
