import assert from "node:assert/strict";
import { test } from "node:test";
import { readTrace, ruleName, stageOf } from "../src/trace/read.js";
import { sample } from "./sample.js";

function lines(trace) {
  const records = [["header", trace.header], ["start", trace.start], ...[...trace.rules.values()].map((rule) => ["rule", rule])];
  records.push(...trace.steps.map((step) => ["step", step]), ...trace.misses.map((miss) => ["miss", miss]), ["end", trace.end]);
  return records.map(([key, value]) => JSON.stringify({ [key]: value }));
}

test("what was written is read", async () => {
  assert.deepEqual(await readTrace(`${lines(sample()).join("\n")}\n`), sample());
});

test("a last line that is cut off ends the trace", async () => {
  const trace = await readTrace(`${lines(sample()).slice(0, 5).join("\n")}\n{"step": {"ru`);
  assert.equal(trace.steps.length, 1);
  assert.equal(trace.end, null);
});

test("what is no trace is refused", async () => {
  await assert.rejects(readTrace('{"header": {}}\n'), /not a trace/);
  await assert.rejects(readTrace("PK\u0003\u0004"), /not a trace/);
});

test("a step has a stage and a rule; without a rule it is a missing handler", () => {
  const trace = sample();
  assert.deepEqual(trace.steps.map((step) => [stageOf(trace, step), ruleName(trace, step)]), [
    ["handlers", "add"], ["handlers", "no handler"], ["optimizers", "drop_relu"],
  ]);
});
