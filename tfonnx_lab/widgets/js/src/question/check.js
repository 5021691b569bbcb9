// Whether an answer is right, and what is said to it. Knows nothing of a page.

/** A number as people write it: a comma or a point, spaces, a sign of per cent, thousands with an apostrophe. */
export function numberIn(text) {
  const plain = text.trim().replace(/[\s'_%]/g, "").replace(",", ".");
  return plain === "" ? Number.NaN : Number(plain);
}

/**
 * What is said to a choice.
 * @param {{choices: {text: string, why: string, right: boolean}[]}} question
 */
export function checkChoice({ choices }, index) {
  const { right, why } = choices[index];
  return { right, why };
}

/**
 * What is said to a number.
 * @param {{right: number, within: number, why: string, hints: {number: number, why: string}[], hint: string}} question
 */
export function checkNumber({ right, within, why, hints, hint }, text) {
  const given = numberIn(text);
  if (Number.isNaN(given)) return { right: null, why: "a number, please" };
  if (Math.abs(given - right) <= within) return { right: true, why };
  const near = hints.find((one) => Math.abs(given - one.number) <= within);
  return { right: false, why: near?.why || hint || (given < right ? "it is more" : "it is less") };
}

/** The parts of a text: what stands between backticks is code. */
export const parts = (text) => text.split("`").map((part, i) => ({ code: i % 2 === 1, text: part })).filter((part) => part.text !== "");
