// Netron in an element: of a trace at any step, or of a model's bytes. This is the large bundle, loaded when needed.

import { openModel } from "./drawing.js";
import { Frame } from "./frame.js";
import { TraceInNetron } from "./trace.js";

/**
 * The graph after step `index` (-1: the start graph), what the step changed coloured.
 * @returns {{go(index), select(id), close()}}
 */
export function showTrace(parent, trace, options) {
  return new TraceInNetron(parent, trace, options);
}

/** A model's own file. */
export function showModel(parent, bytes, name, { onselect, onkey }) {
  let current = null;
  new Frame(parent, {
    title: `${name} in Netron`,
    onkey,
    async onready(view) {
      current = view;
      await openModel(view, name, bytes);
      view.target?.on("selectionchange", (target) => onselect?.(null, [...target.selection][0]?.value?.name ?? ""));
    },
  });
  return {
    go() {},
    select() {},
    close() {
      current?.dispose();
      parent.replaceChildren();
    },
  };
}
