// Reads the lines of a .tfltrace file (docs/trace.md).

const SLICE_MS = 25;

/**
 * @typedef {[kind: string, ...fields: any[]]} Edit as docs/trace.md lists them
 * @typedef {{rule: number | null, root: number | null, bind: Record<string, any>, edits: Edit[], note?: string,
 *   error?: {type: string, message: string}, [field: string]: any}} Step
 * @typedef {{header: any, start: any, rules: Map<number, any>, steps: Step[], misses: any[], end: any}} Trace
 */

/**
 * Reads a trace, giving way to the page where it is long.
 * @param {string} text the lines of the file
 * @returns {Promise<Trace>}
 */
export async function readTrace(text) {
  /** @type {Trace} */
  const trace = { header: null, start: null, rules: new Map(), steps: [], misses: [], end: null };
  let began = performance.now();
  for (let at = 0; at < text.length; ) {
    const end = text.indexOf("\n", at);
    const line = text.slice(at, end < 0 ? text.length : end);
    at = end < 0 ? text.length : end + 1;
    if (line === "") continue;
    const record = parsed(line);
    if (record === null) break; // the last line of a conversion that crashed may be cut off
    const [key, value] = Object.entries(record)[0];
    if (key === "rule") trace.rules.set(value.id, value);
    else if (key === "step") trace.steps.push(value);
    else if (key === "miss") trace.misses.push(value);
    else trace[key] = value;
    if (performance.now() - began < SLICE_MS) continue;
    await new Promise((resolve) => setTimeout(resolve));
    began = performance.now();
  }
  if (!trace.header || !trace.start) throw new Error("not a trace: the first two lines are not a header and a start graph");
  return trace;
}

function parsed(line) {
  try {
    return JSON.parse(line);
  } catch {
    return null;
  }
}

/** The stage of a step; one without a rule failed because no handler is registered. */
export function stageOf(trace, step) {
  return trace.rules.get(step.rule)?.stage ?? "handlers";
}

/** The rule's name of a step. */
export function ruleName(trace, step) {
  return trace.rules.get(step.rule)?.name ?? "no handler";
}
