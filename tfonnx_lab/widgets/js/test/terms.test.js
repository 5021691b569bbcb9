// The words that explain themselves: every one that a view names is in the glossary, and a text is taken apart rightly.

import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { partsOf, TERMS, termOf } from "../src/common/terms.js";

const SOURCES = path.join(import.meta.dirname, "..", "src");
const files = fs.readdirSync(SOURCES, { recursive: true }).map(String).filter((name) => name.endsWith(".js"));

test("a term that a view asks for is there", () => {
  const asked = files.flatMap((name) => [...fs.readFileSync(path.join(SOURCES, name), "utf8").matchAll(/\bterm\("([^"]+)"/g)].map((match) => match[1]));
  assert.ok(asked.length >= 5);
  for (const word of asked) assert.ok(word in TERMS, `${word} has no sentence`);
});

test("the titles of the panels explain themselves", () => {
  const titles = [...fs.readFileSync(path.join(SOURCES, "stepper", "side.js"), "utf8").matchAll(/section\("([^"]+)"/g)].map((match) => match[1]);
  const known = titles.filter((title) => partsOf(title).some(([, word]) => word !== null));
  assert.deepEqual(["Rule", "Pattern", "Bindings", "Origin"].filter((title) => !known.includes(title)), []);
});

test("words in a text, each once, the longest first", () => {
  assert.deepEqual(partsOf("2 float islands, no zero point; a zero point"), [["2 ", null], ["float islands", "float island"], [", no ", null], ["zero point", "zero point"], ["; a zero point", null]]);
  assert.deepEqual(partsOf("nothing"), [["nothing", null]]);
  assert.deepEqual(partsOf(""), []);
});

test("singular, plural, capitals", () => {
  assert.equal(termOf("Bindings"), "binding");
  assert.equal(termOf("rewriters"), "rewriter");
  assert.equal(termOf("qdq group"), "QDQ group");
  assert.equal(termOf("banana"), undefined);
});
