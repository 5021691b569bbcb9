// Netron in an element: of a trace at any step, or of a model's bytes. This is the large bundle, loaded when needed.

import { FileInNetron } from "./file.js";
import { TraceInNetron } from "./trace.js";

/**
 * The graph after step `index` (-1: the start graph), what the step changed coloured.
 * @returns {{go(index), select(key), close()}}
 */
export function showTrace(parent, trace, options) {
  return new TraceInNetron(parent, trace, options);
}

/** A model's own file. A node's key is its place in the graph. */
export function showModel(parent, bytes, name, options) {
  return new FileInNetron(parent, bytes, name, options);
}
