import assert from "node:assert/strict";
import { test } from "node:test";
import { gzipSync } from "node:zlib";
import { bytesOf, fromBase64, unzipped } from "../src/common/bytes.js";
import { once } from "../src/common/once.js";
import { namesOf } from "../src/stepper/pattern.js";
import { partOf } from "../src/netron/part.js";
import { ticks } from "../src/explorer/svg.js";
import { told } from "../src/views/table.js";

test("bytes of a view are those that it shows, not its whole buffer", () => {
  const buffer = new Uint8Array([1, 2, 3, 4]).buffer;
  assert.deepEqual([...bytesOf(new DataView(buffer, 1, 2))], [2, 3]);
  assert.deepEqual([...bytesOf(buffer)], [1, 2, 3, 4]);
  assert.deepEqual([...bytesOf(null)], []);
});

test("gzip and base64 come back", async () => {
  const zipped = gzipSync("größer als ein Byte");
  assert.equal(await unzipped(fromBase64(zipped.toString("base64"))), "größer als ein Byte");
});

test("once is once", () => {
  let calls = 0;
  const end = once(() => (calls += 1));
  end();
  end();
  assert.equal(calls, 1);
});

test("a pattern's names, root first, each once", () => {
  const pattern = { op: "Add", name: "add", in: [{ op: "Mul", name: "mul", in: [{ var: "x" }, { const: "_" }] }, { var: "x" }] };
  assert.deepEqual(namesOf(pattern), ["add", "mul", "x"]);
  assert.deepEqual(namesOf(null), []);
});

test("of a large graph the nodes nearest to one are drawn, of a small one all", () => {
  const around = (key) => ({ before: [key - 1], after: [key + 1] });
  assert.equal(partOf([...Array(600).keys()], around, 3), null);
  const part = [...partOf([...Array(1000).keys()], around, 500)].sort((a, b) => a - b);
  assert.equal(part.length, 200);
  assert.ok(part[0] >= 399 && part.at(-1) <= 601);
  assert.equal(part.at(-1) - part[0], 199); // without gaps
});

test("ticks are round and lie in the range", () => {
  assert.deepEqual(ticks(-1, 1, 4), [-1, -0.5, 0, 0.5, 1]);
  assert.deepEqual(ticks(0, 6.1, 7), [0, 1, 2, 3, 4, 5, 6]);
});

test("a column that says nothing of any row has no room", () => {
  const columns = [{ key: "op" }, { key: "error" }, { key: "name" }];
  const rows = [{ op: 0, error: null, name: "" }, { op: 1, name: "conv" }];
  assert.deepEqual(told(columns, rows).map((c) => c.key), ["op", "name"]);
  assert.deepEqual(told(columns, [{ op: 0, error: 0, name: "" }]).map((c) => c.key), ["op", "error"]);
  assert.equal(told(columns, []), columns);
});
