import assert from "node:assert/strict";
import { test } from "node:test";
import { attrText, betweenText, constText, dtypeText, isConst, number, quantText, shapeText, shortName, typeText } from "../src/common/format.js";

test("types and shapes", () => {
  assert.equal(dtypeText("BFLOAT16"), "bf16");
  assert.equal(dtypeText("COMPLEX64"), "complex64");
  assert.equal(dtypeText(null), "?");
  assert.equal(shapeText([1, null, "n"]), "1×?×n");
  assert.equal(shapeText([]), "scalar");
  assert.equal(shapeText(null), "?");
  assert.equal(typeText({ dtype: "INT8", shape: [2, 3] }), "i8 2×3");
  assert.equal(typeText(null), "");
});

test("numbers have four digits, integers all", () => {
  assert.equal(number(123456), "123456");
  assert.equal(number(0.0235294), "0.02353");
  assert.equal(number(1e-9 / 3), "3.333e-10");
  assert.equal(number("inf"), "inf");
});

test("quantization as a formula", () => {
  const quant = (zero) => quantText({ dtype: "UINT8", quant: { scale: [0.5], zero_point: [zero] } });
  assert.equal(quant(0), "u8 0.5 q");
  assert.equal(quant(128), "u8 0.5 (q - 128)");
  assert.equal(quant(-128), "u8 0.5 (q + 128)");
  assert.equal(quantText({ dtype: "INT8", quant: { scale: [1, 2], zero_point: [0, 0], axis: 3 } }), "i8 2 scales, axis 3");
  assert.equal(quantText({ dtype: "INT8", quant: { scale: [1], zero_point: [0], size: 64 } }), "i8 64 scales, axis 0");
  assert.equal(quantText({ dtype: "INT8" }), "");
});

test("names are shortened in the middle to the length that is asked for", () => {
  assert.equal(shortName("a;b;c"), "a");
  const short = shortName("model/block_1/conv2d/BiasAdd", 16);
  assert.equal(short, "mode...d/BiasAdd");
  assert.equal(short.length, 16);
  assert.equal(shortName("exactly", 7), "exactly");
});

test("attributes and constants on one line", () => {
  assert.equal(attrText([1, [2, 0.123456]]), "[1, [2, 0.1235]]");
  assert.equal(attrText({ graph: 3 }), "graph 3");
  assert.equal(attrText({ data: [1, 2] }), "[1, 2]");
  assert.equal(attrText({ dtype: "FLOAT", shape: [900] }), "f32 900");
  assert.equal(attrText(true), "true");
  assert.equal(constText({ dtype: "FLOAT", const: { data: [0.5] } }), "f32 0.5");
  assert.equal(constText({ dtype: "INT64", const: { data: [1, 2] } }), "i64 [1, 2]");
  assert.equal(constText({ dtype: "INT64", shape: [5], const: { data: [1, 2, 3, 4, 5] } }), "i64 5");
  assert.equal(isConst({ const: {} }), true);
  assert.equal(isConst(null), false);
  assert.equal(betweenText({ domain: "tflite.intermediate" }), "between stages");
  assert.equal(betweenText({ domain: "" }), "");
});
