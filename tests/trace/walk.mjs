// Walks a trace to its end and back with the stepper's own code, and prints what it sees at each position, a line each.
// Arguments: the folder of the sources, the trace, the positions to print in full (comma-separated).

import { readFileSync, writeSync } from "node:fs";
import { pathToFileURL } from "node:url";

const [folder, path, wanted] = process.argv.slice(2);
const { readTrace } = await import(pathToFileURL(`${folder}/trace/read.js`));
const { Replay } = await import(pathToFileURL(`${folder}/trace/replay.js`));

const trace = await readTrace(readFileSync(path, "utf-8"));
const replay = new Replay(trace);
const full = new Set(wanted.split(",").map(Number));
const print = (item) => writeSync(1, `${JSON.stringify(item)}\n`);
for (let at = 0; at <= trace.steps.length; at += 1) print(seen(at, at - 1));
for (let at = trace.steps.length - 1; at >= 0; at -= 1) print(seen(at, at));
print({ counts: trace.steps.map((_, step) => replay.counts(step)) });

/** The state at a position; of a step's neighbourhood alone where all of it would be too much. */
function seen(at, step) {
  const state = replay.goto(at);
  const all = full.has(at);
  const nodes = all ? [...state.graphOf.keys()] : touched(trace.steps[step]);
  const values = new Set(nodes.flatMap((id) => [...(state.nodes.get(id)?.in ?? []), ...(state.nodes.get(id)?.out ?? [])]));
  for (const edit of all ? [] : (trace.steps[step]?.edits ?? [])) if (edit[0] === "retype") values.add(edit[1]);
  values.delete(null);
  const ordered = (ids) => [...ids].sort((a, b) => a - b);
  return {
    at,
    size: state.size,
    live: state.live(),
    graphs: ordered(state.graphs.keys()).map((id) => state.graphs.get(id)).map((graph) => (all ? graph : { ...graph, nodes: graph.nodes.length })),
    nodes: ordered(nodes).map((id) => [id, state.graphOf.get(id) ?? null, state.graphOf.has(id) ? state.nodes.get(id) : null]),
    values: ordered(values).map((id) => [id, state.values.get(id) ?? null, state.producer.get(id) ?? null, [...state.usersOf(id)]]),
  };
}

function touched(step) {
  const found = new Set();
  for (const [kind, a, , node] of step?.edits ?? []) {
    if (kind === "insert") found.add(node.id);
    if (kind === "erase" || kind === "input" || kind === "attr") found.add(a);
  }
  return [...found];
}
