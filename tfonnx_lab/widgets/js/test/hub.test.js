// Parts of a widget speak over its comm.

import assert from "node:assert/strict";
import { test } from "node:test";
import { hubOf } from "../src/lab/hub.js";

/** A model whose kernel is this test. */
function model() {
  const heard = new Set();
  const sent = [];
  return { sent, say: (message, buffers = []) => heard.forEach((f) => f(message, buffers)), on: (_, f) => heard.add(f), send: (message) => sent.push(message) };
}

async function opened() {
  const widget = model();
  const hub = hubOf(widget);
  const coming = hub.open("Steps");
  widget.say({ part: "Steps", front: "stepper", state: { index: 3, trace: null }, buffer_paths: [["trace"]] }, [new Uint8Array([1])]);
  return { widget, hub, part: await coming };
}

test("a part is asked for once and arrives with its bytes", async () => {
  const { widget, hub, part } = await opened();
  assert.deepEqual(widget.sent, [{ part: "Steps", open: true }]);
  assert.equal(part.get("index"), 3);
  assert.deepEqual([...part.get("trace")], [1]);
  assert.equal(await hub.open("Steps"), part);
  assert.equal(widget.sent.length, 1);
});

test("a part that comes twice changes nothing; other bytes do", async () => {
  const { widget, part } = await opened();
  const seen = [];
  part.on("change:trace", (value) => seen.push([...new Uint8Array(value.buffer)]));
  const come = (...bytes) => widget.say({ part: "Steps", front: "stepper", state: { index: 3, trace: null }, buffer_paths: [["trace"]] }, [new DataView(new Uint8Array(bytes).buffer)]);
  come(1);
  assert.deepEqual(seen, []);
  come(2);
  come(2, 0);
  assert.deepEqual(seen, [[2], [2, 0]]);
});

test("what is set is told at once here, and to the kernel when it is saved", async () => {
  const { widget, hub, part } = await opened();
  const seen = [];
  part.on("change:index", (value) => seen.push(value));
  part.set("index", 4);
  part.set("index", 4);
  assert.deepEqual([seen, widget.sent.length], [[4], 1]);
  part.save_changes();
  part.save_changes();
  assert.deepEqual(widget.sent.slice(1), [{ part: "Steps", from: hub.id, data: { method: "update", state: { index: 4 }, buffer_paths: [] } }]);
});

test("without a kernel what is set is still told here", async () => {
  const { widget, part } = await opened();
  const seen = [];
  part.on("change:index", (value) => seen.push(value));
  widget.send = () => {
    throw new Error("Cannot send");
  };
  part.set("index", 4);
  part.save_changes();
  assert.deepEqual(seen, [4]);
});

test("an echo of its own is not taken, one of another is", async () => {
  const { widget, hub, part } = await opened();
  const echo = (from, index) => widget.say({ part: "Steps", from, data: { method: "echo_update", state: { index } } });
  part.set("index", 9);
  echo(hub.id, 5);
  assert.equal(part.get("index"), 9);
  echo("another", 6);
  assert.equal(part.get("index"), 6);
});

test("all values are there before anybody hears of the first", async () => {
  const { widget, part } = await opened();
  const seen = [];
  part.on("change:index", () => seen.push(part.get("marks")));
  widget.say({ part: "Steps", from: "", data: { method: "update", state: { index: 1, marks: "new" } } });
  assert.deepEqual(seen, ["new"]);
});

test("what stands in the way is told, and asked again later", async () => {
  const widget = model();
  const hub = hubOf(widget);
  const coming = hub.open("Parity");
  widget.say({ part: "Parity", failed: "no LiteRT" });
  await assert.rejects(coming, /no LiteRT/);
  hub.open("Parity").catch(() => {});
  assert.equal(widget.sent.length, 2);
  widget.say({ part: "Parity", failed: "again" });
});

test("a part that is gone is asked for anew", async () => {
  const { widget, hub, part } = await opened();
  const gone = [];
  hub.watch((names) => gone.push(...names));
  widget.say({ gone: ["Steps"] });
  assert.deepEqual(gone, ["Steps"]);
  const next = hub.open("Steps");
  widget.say({ part: "Steps", front: "stepper", state: { index: 0 } });
  assert.notEqual(await next, part);
});
