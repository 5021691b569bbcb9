// Netron in an element: of a trace at any step, or of a model's bytes. This is the large bundle, loaded when needed.

import { Replay } from "../trace/replay.js";
import { Frame } from "./frame.js";
import { Context } from "./host.js";

const PLACEHOLDER = new Uint8Array([0x7b, 0x20]); // Netron refuses a file of no bytes
const SETTLE_MS = 150; // steps that come faster are skipped: a large graph takes longer to lay out

/**
 * The whole graph after step `index` (-1: the start graph), what the step changed coloured.
 * @returns {{go(index), select(id), close()}}
 */
export function showTrace(parent, trace, { index, onselect, onkey }) {
  const replay = new Replay(trace);
  let [view, shown, wanted, timer, selected] = [null, null, index, null, null];
  let queue = Promise.resolve();

  const open = async () => {
    if (!view || shown === wanted) return;
    const here = view;
    const at = wanted;
    const state = replay.goto(at + 1);
    here.host.state = state;
    await openModel(here, `${trace.header.name}.message`, PLACEHOLDER);
    if (here !== view || !view.target) return;
    shown = at;
    view.target.on("selectionchange", (target) => {
      if (here !== view || shown !== wanted) return; // an old graph lets go of its selection as it is replaced
      const [first] = target.selection;
      selected = first?.value?.number ?? null;
      onselect?.(selected, first?.value?.name ?? "");
    });
    if (at >= 0) scroll(view, mark(view, trace.steps[at], replay));
    if (selected !== null) choose(view, selected);
  };
  const later = () => {
    queue = queue.then(open).catch((error) => console.warn("Netron:", error));
    return queue;
  };
  new Frame(parent, {
    title: `Graph of ${trace.header.name} in Netron`,
    onkey,
    onready(fresh) {
      [view, shown] = [fresh, null];
      queue = Promise.resolve(); // what waits for a frame that is gone waits for ever
      later();
    },
  });
  return {
    go(step) {
      wanted = step;
      clearTimeout(timer);
      timer = setTimeout(later, SETTLE_MS);
    },
    select(id) {
      if (id === selected) return;
      selected = id;
      if (view?.target) choose(view, id);
    },
    close() {
      clearTimeout(timer);
      view = null;
      parent.replaceChildren();
    },
  };
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

async function openModel(view, name, bytes) {
  view.show("welcome spinner");
  try {
    await view.open(new Context(view.host, name, bytes));
  } catch (error) {
    await view.error(error, error.name);
  }
}

/** Colour the nodes that a step added or changed. @returns {object[]} Netron's nodes */
function mark(view, step, replay) {
  const kinds = new Map();
  for (const edit of step.edits) {
    if (edit[0] === "insert") kinds.set(edit[3].id, "added");
    else if (edit[0] === "input" || edit[0] === "attr") if (!kinds.has(edit[1])) kinds.set(edit[1], "changed");
  }
  if (step.error && step.root !== null) kinds.set(step.root, "failed");
  const found = view.activeTarget.nodes.filter((node) => kinds.has(node.number) && replay.state.graphOf.has(node.number));
  for (const node of found) view.target.find(node)?.element?.classList.add(`tfx-${kinds.get(node.number)}`);
  return found;
}

function scroll(view, nodes) {
  const elements = nodes.map((node) => view.target.find(node)?.element).filter(Boolean);
  if (elements.length > 0) view.target.scrollTo(elements.slice(0, 8), "instant");
}

function choose(view, id) {
  const node = view.activeTarget?.nodes.find((other) => other.number === id);
  const elements = view.target.select(node ? [node] : null);
  if (elements) view.target.scrollTo(elements, "instant");
}
