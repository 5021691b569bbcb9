import assert from "node:assert/strict";
import { afterEach, beforeEach, test } from "node:test";
import { measurer } from "../src/stepper/measure.js";

const page = /** @type {any} */ (globalThis);
let asked = [];

// a page whose letters are all as wide as its font is large
beforeEach(() => {
  asked = [];
  const context = { font: "", measureText: (text) => (asked.push([text, context.font]), { width: text.length * Number.parseFloat(context.font.match(/[\d.]+px/)[0]) }) };
  page.document = { body: {}, createElement: () => ({ getContext: () => context }) };
  page.getComputedStyle = () => ({ getPropertyValue: (name) => (name === "--jp-ui-font-family" ? "Lato" : "") });
});
afterEach(() => {
  delete page.document;
  delete page.getComputedStyle;
});

test("each kind of text is measured in its font, JupyterLab's where there is one", () => {
  const measure = measurer();
  assert.equal(measure("Conv", "op"), 52);
  assert.equal(measure("Conv", "mono"), 46);
  assert.deepEqual(asked[0], ["Conv", "650 13px Lato"]);
  assert.match(asked[1][1], /^11\.5px ui-monospace/);
});

test("a text is measured once", () => {
  const measure = measurer();
  measure("Relu", "op");
  measure("Relu", "op");
  assert.equal(asked.length, 1);
});
