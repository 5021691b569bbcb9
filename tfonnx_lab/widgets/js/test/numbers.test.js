import assert from "node:assert/strict";
import { test } from "node:test";
import { dequantize, formula, losses, quantize, range, short } from "../src/explorer/numbers.js";
import { words } from "../src/explorer/lens.js";

const INT8 = { low: -128, high: 127 };
const now = { scale: 0.5, zero: 10 };

test("a real value becomes a code and comes back", () => {
  assert.equal(quantize(1, now, INT8), 12);
  assert.equal(dequantize(12, now), 1);
  assert.equal(quantize(1000, now, INT8), 127);
  assert.equal(quantize(-1000, now, INT8), -128);
  assert.deepEqual(range(now, INT8), [-69, 58.5]);
});

test("the formula's sign is the zero point's", () => {
  assert.equal(formula(0.5, 0), "0.5 * q");
  assert.equal(formula(0.5, 3), "0.5 * (q - 3)");
  assert.equal(formula(0.5, -3), "0.5 * (q + 3)");
  assert.equal(formula(1 / 128, 0), "0.007812 * q");
  assert.equal(short(0.123456), "0.123");
  assert.equal(short(0), "0");
});

test("values within a step lose what rounding takes: its error is scale / sqrt(12)", () => {
  const tensor = { ...INT8, histogram: { counts: Array(100).fill(10), from: -20, to: 20 } };
  const lost = losses(tensor, { scale: 0.5, zero: 0 });
  assert.equal(lost.total, 1000);
  assert.equal(lost.clipped, 0);
  assert.ok(Math.abs(lost.error - 0.5 / Math.sqrt(12)) < 0.01, String(lost.error));
});

test("values outside of the range are clipped", () => {
  const tensor = { ...INT8, histogram: { counts: [1, 1, 1, 1], from: 0, to: 4 } };
  const lost = losses(tensor, { scale: 2 / 127, zero: 0 });
  assert.equal(lost.clipped, 0.5);
  assert.equal(losses({ ...INT8, histogram: { counts: [0], from: 0, to: 1 } }, now), null);
});

test("the way there and back in words", () => {
  assert.match(words(INT8, now, 1.2), /^1\.2 becomes code 12, which means 1: 0\.4 of a step lost by rounding$/);
  assert.match(words(INT8, now, 60), /code 127, which means 58\.5: 3 steps lost by clipping$/);
});
