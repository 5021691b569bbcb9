// The language of a trace (docs/trace.md), as trace/edits.py has it: what each edit does to a state, and what undoes it.

const replaced = (list, index, item) => list.map((old, i) => (i === index ? item : old));

/** kind => [apply(state, ...fields), inverse(state before, ...fields): the edits that undo it, in order] */
const EDITS = {
  insert: [
    (state, graph, before, node, outputs) => {
      for (const value of outputs) state.know(value);
      state.insert(graph, before, node);
    },
    (state, graph, before, node) => [["erase", node.id], ...state.owners(node.attrs)],
  ],
  erase: [
    (state, id) => state.erase(id),
    (state, id) => {
      const node = state.nodes.get(id);
      return [["insert", state.graphOf.get(id), state.after(id), node, []], ...state.owners(node.attrs)];
    },
  ],
  input: [
    (state, id, index, value) => state.setInput(id, index, value),
    (state, id, index) => [["input", id, index, state.nodes.get(id).in[index]]],
  ],
  output: [
    (state, graph, index, value) => state.setOutputs(graph, replaced(state.graphs.get(graph).outputs, index, value)),
    (state, graph, index) => [["output", graph, index, state.graphs.get(graph).outputs[index]]],
  ],
  inputs: [
    (state, graph, ids, fresh) => {
      for (const value of fresh) state.know(value);
      state.setInputs(graph, ids);
    },
    (state, graph) => [["inputs", graph, state.graphs.get(graph).inputs, []]],
  ],
  outputs: [(state, graph, ids) => state.setOutputs(graph, ids), (state, graph) => [["outputs", graph, state.graphs.get(graph).outputs]]],
  // nothing uses a constant before, and its id is never given again: it may stay
  constant: [(state, value) => state.know(value), () => []],
  retype: [
    (state, id, changed) => state.retype(id, changed),
    (state, id, changed) => {
      const value = state.values.get(id);
      return [["retype", id, Object.fromEntries(Object.keys(changed).map((field) => [field, value[field] ?? null]))]];
    },
  ],
  attr: [
    (state, id, name, item) => state.setAttribute(id, name, item),
    (state, id, name, item) => {
      const old = state.nodes.get(id).attrs[name] ?? null;
      return [["attr", id, name, old], ...state.owners([item, old])];
    },
  ],
  graph: [
    (state, graph, inputs) => {
      for (const value of inputs) state.know(value);
      state.addGraph(graph);
    },
    (state, graph) => [["ungraph", graph.id]],
  ],
  // only ever in an inverse
  ungraph: [(state, id) => state.dropGraph(id)],
  owner: [(state, graph, owner) => state.setOwner(graph, owner)],
};

/** Do an edit. */
export function apply(state, [kind, ...fields]) {
  EDITS[kind][0](state, ...fields);
}

/** What undoes an edit, seen from the state before it is applied; to be applied in this order. */
export function inverse(state, [kind, ...fields]) {
  return EDITS[kind][1](state, ...fields);
}
