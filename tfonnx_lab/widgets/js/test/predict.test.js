// The question that is asked before a step.

import assert from "node:assert/strict";
import { test } from "node:test";
import { choicesOf, missing, notYet } from "../src/stepper/predict.js";
import { sample } from "./sample.js";

test("one choice is right, no two are alike, and it does not always stand first", () => {
  const trace = sample();
  const places = new Set();
  trace.steps.forEach((step, index) => {
    const { right, list } = choicesOf(trace, index);
    assert.equal(right, trace.rules.get(step.rule)?.doc ?? "no handler");
    assert.equal(list.filter((text) => text === right).length, 1);
    assert.equal(new Set(list).size, list.length);
    places.add(list.indexOf(right));
  });
  assert.ok(trace.steps.length < 2 || places.size > 1);
});

test("a wrong choice is told what it lacks", () => {
  const drawn = new Set(["CONV_2D", "Transpose"]);
  assert.deepEqual(missing("CONV_2D{RELU6} => RELU6(CONV_2D{NONE})", drawn), []);
  assert.deepEqual(missing("Transpose(Add(x)) => Add(Transpose(x))", drawn), ["Add"]);
  assert.match(notYet("MEAN(x) => ReduceMean(x)", drawn), /begins with MEAN, and there is none/);
  assert.match(notYet("CONV_2D(x, w) => Conv", drawn), /not what it changes: CONV_2D\(x, w\)/);
});
