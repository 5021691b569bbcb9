// A step that renames values: it is told in words, and the nodes around the values are drawn.

import assert from "node:assert/strict";
import { test } from "node:test";
import { sceneOf } from "../src/stepper/scene.js";
import { onlyNames, renamed } from "../src/stepper/words.js";
import { Replay } from "../src/trace/replay.js";
import { sample } from "./sample.js";

test("a step of names alone", () => {
  const trace = sample();
  const made = trace.steps.find((step) => step.edits.some(([kind]) => kind === "insert"));
  const inserted = made.edits.find(([kind]) => kind === "insert")[3];
  const step = /** @type {any} */ ({ ...trace.steps.at(-1), bind: {}, root: null, edits: [["retype", inserted.out[0], { name: "x" }]] });
  trace.steps.push(step);
  const replay = new Replay(trace);
  const index = trace.steps.length - 1;
  const before = replay.goto(index);
  const old = before.values.get(inserted.out[0]).name;
  assert.deepEqual(renamed(step, before), [{ from: old, to: "x", constant: false }]);
  assert.match(onlyNames(step, before), /^1 values get other names, 0 of them constants; no node changes/);
  const scene = sceneOf(replay, index);
  if (before.graphOf.has(inserted.id)) assert.ok(scene.vertices.size > 0, "the nodes around it");
});

test("a step that does more than that is told by its picture", () => {
  const trace = sample();
  const replay = new Replay(trace);
  for (const [index, step] of trace.steps.entries()) assert.equal(onlyNames(step, replay.goto(index)), "");
});
