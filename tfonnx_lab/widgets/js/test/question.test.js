// Answers: what is right, what is not yet, and what is no answer.

import assert from "node:assert/strict";
import { test } from "node:test";
import { checkChoice, checkNumber, numberIn, parts } from "../src/question/check.js";

const ASKED = { right: 16, within: 0, why: "three each, and one", hints: [{ number: 15, why: "one more, before the mean" }], hint: "" };

test("numbers as people write them", () => {
  assert.equal(numberIn(" 0,033 "), 0.033);
  assert.equal(numberIn("1'000"), 1000);
  assert.equal(numberIn("12 %"), 12);
  assert.equal(numberIn("-4"), -4);
  assert.ok(Number.isNaN(numberIn("")) && Number.isNaN(numberIn("many")));
});

test("a number is right, not yet, or none", () => {
  assert.deepEqual(checkNumber(ASKED, "16"), { right: true, why: ASKED.why });
  assert.deepEqual(checkNumber(ASKED, "15"), { right: false, why: "one more, before the mean" });
  assert.deepEqual(checkNumber(ASKED, "3"), { right: false, why: "it is more" });
  assert.deepEqual(checkNumber(ASKED, "30"), { right: false, why: "it is less" });
  assert.deepEqual(checkNumber({ ...ASKED, hint: "count again" }, "30"), { right: false, why: "count again" });
  assert.equal(checkNumber(ASKED, "x").right, null);
  assert.equal(checkNumber({ ...ASKED, within: 1 }, "17").right, true);
});

test("a choice has its own reason", () => {
  const choices = [{ text: "a", why: "since", right: false }, { text: "b", why: "so it is", right: true }];
  assert.deepEqual(checkChoice({ choices }, 0), { right: false, why: "since" });
  assert.deepEqual(checkChoice({ choices }, 1), { right: true, why: "so it is" });
});

test("code between backticks", () => {
  assert.deepEqual(parts("is `a` one?"), [{ code: false, text: "is " }, { code: true, text: "a" }, { code: false, text: " one?" }]);
  assert.deepEqual(parts("plain"), [{ code: false, text: "plain" }]);
});
