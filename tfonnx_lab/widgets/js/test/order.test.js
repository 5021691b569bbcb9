import assert from "node:assert/strict";
import { test } from "node:test";
import { Order } from "../src/stepper/order.js";
import { sample } from "./sample.js";

test("steps are grouped by stage and rule, in the order of the header", () => {
  const { groups } = new Order(sample());
  assert.deepEqual(groups.map(({ name, rules }) => [name, rules.map((rule) => [rule.name, rule.steps, rule.misses])]), [
    ["rewriters", []],
    ["handlers", [["add", [0], 0], ["no handler", [1], 0]]],
    ["optimizers", [["drop_relu", [2], 1]]],
  ]);
});

test("words are looked for in rule, stage, op, name, note and error", () => {
  const order = new Order(sample());
  const found = (text) => {
    order.set({ text });
    return order.visible;
  };
  assert.deepEqual(found(""), [0, 1, 2]);
  assert.deepEqual(found("ADD"), [0]);
  assert.deepEqual(found("relu"), [1, 2]);
  assert.deepEqual(found("relu_1 handler"), [1]);
  assert.deepEqual(found("broadcasts"), [0]);
  assert.deepEqual(found("softmax"), []);
});

test("only changes: a step without edits goes, a failed one stays", () => {
  const trace = sample();
  trace.steps.push({ rule: 8, root: 2, bind: {}, edits: [] });
  const order = new Order(trace);
  order.set({ changes: true });
  assert.deepEqual(order.visible, [0, 1, 2]);
});

test("steps are walked within what is visible, and stop at its ends", () => {
  const order = new Order(sample());
  order.set({ text: "relu" });
  assert.equal(order.next(1, 1), 2);
  assert.equal(order.next(2, 1), 2);
  assert.equal(order.next(2, -Infinity), 1);
  assert.equal(order.next(0, 1), 1); // from a step that is hidden, to the next that is not
  order.set({ text: "softmax" });
  assert.equal(order.next(1, 1), 1);
});

test("rules are walked from first step to first step", () => {
  const order = new Order(sample());
  assert.equal(order.nextRule(0, 1), 1);
  assert.equal(order.nextRule(2, -1), 1);
  assert.equal(order.nextRule(2, 1), 2);
});

test("what a retry marked can be walked, round and round, and shown alone", () => {
  const order = new Order(sample(), { 2: "changed", 0: "new" });
  assert.equal(order.nextMarked(0), 2);
  assert.equal(order.nextMarked(2), 0);
  assert.equal(new Order(sample()).nextMarked(1), 1);
  order.set({ fresh: true });
  assert.deepEqual(order.visible, [0, 2]);
  order.set({ text: "changed" });
  assert.deepEqual(order.visible, [2]);
});

test("a step's subject is its root, also where a step before inserted it", () => {
  const trace = sample();
  trace.steps.push({ rule: 8, root: 2, bind: {}, edits: [] }, { rule: 8, root: null, bind: {}, edits: [] });
  const order = new Order(trace);
  assert.deepEqual(order.subject(trace.steps[3]), { op: "Add", name: "add_2" });
  assert.deepEqual(order.subject(trace.steps[4]), { op: "whole graph", name: "" });
});
