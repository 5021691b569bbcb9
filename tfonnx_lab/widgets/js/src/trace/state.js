// The graphs at one moment of a conversion, and the edits that change them. Every edit returns its inverse.

export class State {
  constructor(start) {
    this.graphs = new Map();
    this.nodes = new Map();
    this.values = new Map();
    this.graphOf = new Map(); // live nodes only
    this.producer = new Map(); // value id -> node id, of live nodes
    this.users = new Map(); // value id -> node ids, of live nodes
    for (const value of start.values) this.values.set(value.id, { ...value });
    for (const node of start.nodes) this.nodes.set(node.id, copyOfNode(node));
    for (const graph of start.graphs) {
      this.graphs.set(graph.id, { ...graph, inputs: [...graph.inputs], outputs: [...graph.outputs], nodes: [...graph.nodes] });
      for (const id of graph.nodes) this.enter(this.nodes.get(id), graph.id);
    }
    this.main = start.graphs[0].id;
  }

  apply(edit) {
    const [what, ...rest] = edit;
    return EDITS[what](this, ...rest);
  }

  /** How many nodes stand in graphs. */
  get size() {
    return this.graphOf.size;
  }

  usersOf(value) {
    return this.users.get(value) ?? [];
  }

  enter(node, graph) {
    this.graphOf.set(node.id, graph);
    for (const value of node.out) this.producer.set(value, node.id);
    for (const value of node.in) this.use(value, node.id);
  }

  leave(node) {
    this.graphOf.delete(node.id);
    for (const value of node.out) this.producer.delete(value);
    for (const value of node.in) this.users.get(value)?.delete(node.id);
  }

  use(value, node) {
    if (value === null) return;
    if (!this.users.has(value)) this.users.set(value, new Set());
    this.users.get(value).add(node);
  }
}

function copyOfNode(node) {
  return { ...node, in: [...node.in], attrs: { ...node.attrs } };
}

function keepValues(state, values) {
  for (const value of values) state.values.set(value.id, { ...value });
}

const EDITS = {
  insert(state, graph, before, node, outputs) {
    const nodes = state.graphs.get(graph).nodes;
    nodes.splice(before === null ? nodes.length : nodes.indexOf(before), 0, node.id);
    keepValues(state, outputs);
    const copy = copyOfNode(node);
    state.nodes.set(node.id, copy);
    state.enter(copy, graph);
    for (const value of Object.values(node.attrs)) {
      if (value?.graph !== undefined && state.graphs.has(value.graph)) state.graphs.get(value.graph).owner = node.id;
    }
    return ["erase", node.id];
  },
  erase(state, id) {
    const graph = state.graphOf.get(id);
    const nodes = state.graphs.get(graph).nodes;
    const position = nodes.indexOf(id);
    nodes.splice(position, 1);
    const node = state.nodes.get(id);
    state.leave(node);
    return ["insert", graph, nodes[position] ?? null, node, node.out.map((v) => state.values.get(v))];
  },
  input(state, id, index, value) {
    const node = state.nodes.get(id);
    const old = node.in[index] ?? null;
    node.in[index] = value;
    if (old !== null && !node.in.includes(old)) state.users.get(old)?.delete(id);
    state.use(value, id);
    return ["input", id, index, old];
  },
  output(state, graph, index, value) {
    const outputs = state.graphs.get(graph).outputs;
    const old = outputs[index];
    outputs[index] = value;
    return ["output", graph, index, old];
  },
  inputs(state, graph, ids, fresh) {
    keepValues(state, fresh);
    const record = state.graphs.get(graph);
    const old = record.inputs;
    record.inputs = [...ids];
    return ["inputs", graph, old, []];
  },
  outputs(state, graph, ids) {
    const record = state.graphs.get(graph);
    const old = record.outputs;
    record.outputs = [...ids];
    return ["outputs", graph, old];
  },
  constant(state, value) {
    keepValues(state, [value]);
    return ["keep"]; // its id is never given again, so it may stay
  },
  keep: () => ["keep"],
  retype(state, id, fields) {
    const value = state.values.get(id);
    const old = Object.fromEntries(Object.keys(fields).map((field) => [field, value[field] ?? null]));
    Object.assign(value, fields);
    return ["retype", id, old];
  },
  attr(state, id, name, value) {
    const { attrs } = state.nodes.get(id);
    const old = attrs[name] ?? null;
    if (value === null) delete attrs[name];
    else attrs[name] = value;
    return ["attr", id, name, old];
  },
  graph(state, graph, inputs) {
    keepValues(state, inputs);
    state.graphs.set(graph.id, { ...graph, inputs: [...graph.inputs], outputs: [...graph.outputs], nodes: [...graph.nodes] });
    return ["ungraph", graph.id];
  },
  ungraph(state, id) {
    const graph = state.graphs.get(id);
    state.graphs.delete(id);
    return ["graph", graph, graph.inputs.map((v) => state.values.get(v))];
  },
};
