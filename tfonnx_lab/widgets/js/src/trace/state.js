// The graphs at one moment of a conversion, as trace/graphs.py has them.
// Records of nodes and values are never changed in place, so the trace's own stand in it.

export class State {
  constructor(start) {
    this.graphs = new Map();
    this.nodes = new Map(); // erased ones, too: their names are still told
    this.values = new Map();
    this.graphOf = new Map(); // of nodes that stand in a graph, be it one that nothing holds any more
    this.producer = new Map(); // value id -> node id, of those
    this.users = new Map(); // value id -> node ids, of those
    this.held = new Map(); // node id -> the subgraphs that it holds
    for (const value of start.values) this.values.set(value.id, value);
    for (const node of start.nodes) this.nodes.set(node.id, node);
    for (const graph of start.graphs) this.addGraph(graph);
    for (const graph of start.graphs) {
      if (graph.owner !== null) this.#hold(graph.owner, graph.id);
      for (const id of graph.nodes) this.#enter(this.nodes.get(id), graph.id);
    }
    this.main = start.graphs[0].id;
    /** How many nodes stand in the main graph and in the subgraphs that it holds. */
    this.size = this.#count(this.main);
  }

  // what is there

  usersOf(value) {
    return this.users.get(value) ?? [];
  }

  /** The node behind a node in its graph; null at the end. */
  after(id) {
    const { nodes } = this.graphs.get(this.graphOf.get(id));
    return nodes[nodes.indexOf(id) + 1] ?? null;
  }

  /** Who holds the subgraphs that attributes name now, as edits: what to set again when that is undone. */
  owners(attrs) {
    return this.#named(attrs).map((graph) => ["owner", graph, this.graphs.get(graph).owner]);
  }

  /** The main graph and the subgraphs that nodes of it hold, each before those inside of it. */
  live() {
    const found = [this.main];
    for (const graph of found) found.push(...this.#inside(graph).sort((a, b) => a - b));
    return found;
  }

  // what edits do

  know(value) {
    this.values.set(value.id, value);
  }

  insert(graph, before, node) {
    const { nodes } = this.graphs.get(graph);
    const position = before === null ? nodes.length : nodes.indexOf(before);
    if (position < 0) throw new Error(`the trace is damaged: node ${before} is not in graph ${graph}`);
    const held = this.#named(node.attrs);
    for (const inner of held) this.setOwner(inner, null);
    nodes.splice(position, 0, node.id);
    this.nodes.set(node.id, node);
    this.#enter(node, graph);
    if (this.#alive(graph)) this.size += 1;
    for (const inner of held) this.setOwner(inner, node.id);
  }

  erase(id) {
    const graph = this.graphOf.get(id);
    const { nodes } = this.graphs.get(graph);
    nodes.splice(nodes.indexOf(id), 1);
    if (this.#alive(graph)) {
      this.size -= 1;
      for (const inner of this.held.get(id) ?? []) this.size -= this.#count(inner);
    }
    this.#leave(this.nodes.get(id));
  }

  setInput(id, index, value) {
    const node = this.nodes.get(id);
    const inputs = [...node.in];
    const old = inputs[index];
    inputs[index] = value;
    this.nodes.set(id, { ...node, in: inputs });
    if (!this.graphOf.has(id)) return;
    if (!inputs.includes(old)) this.users.get(old)?.delete(id);
    this.#use(value, id);
  }

  setInputs(graph, inputs) {
    this.graphs.get(graph).inputs = [...inputs];
  }

  setOutputs(graph, outputs) {
    this.graphs.get(graph).outputs = [...outputs];
  }

  retype(id, changed) {
    this.values.set(id, { ...this.values.get(id), ...changed });
  }

  setAttribute(id, name, item) {
    const node = this.nodes.get(id);
    const { [name]: old = null, ...attrs } = node.attrs;
    for (const inner of this.#named([old])) this.setOwner(inner, null);
    this.nodes.set(id, { ...node, attrs: item === null ? attrs : { ...attrs, [name]: item } });
    for (const inner of this.#named([item])) this.setOwner(inner, id);
  }

  addGraph(graph) {
    this.graphs.set(graph.id, { ...graph, inputs: [...graph.inputs], outputs: [...graph.outputs], nodes: [...graph.nodes] });
  }

  // what only inverses do

  dropGraph(id) {
    this.setOwner(id, null);
    this.graphs.delete(id);
  }

  setOwner(id, owner) {
    const graph = this.graphs.get(id);
    if (graph.owner === owner) return;
    if (this.#alive(id)) this.size -= this.#count(id);
    this.held.get(graph.owner)?.delete(id);
    graph.owner = owner;
    if (owner !== null) this.#hold(owner, id);
    if (this.#alive(id)) this.size += this.#count(id);
  }

  #hold(owner, graph) {
    if (!this.held.has(owner)) this.held.set(owner, new Set());
    this.held.get(owner).add(graph);
  }

  /** The subgraphs that attributes name and that are there. */
  #named(attrs) {
    return Object.values(attrs).flatMap(graphsOf).filter((graph) => this.graphs.has(graph));
  }

  /** The subgraphs that nodes of a graph hold. */
  #inside(graph) {
    return [...this.held].filter(([owner]) => this.graphOf.get(owner) === graph).flatMap(([, held]) => [...held]);
  }

  /** Whether the graph is the main one, or held by a node that stands in a live one. */
  #alive(graph) {
    for (let at = graph; at !== undefined; at = this.graphOf.get(this.graphs.get(at).owner)) {
      if (at === this.main) return true;
    }
    return false;
  }

  /** How many nodes the graph and those inside of it hold. */
  #count(graph) {
    return this.#inside(graph).reduce((sum, inner) => sum + this.#count(inner), this.graphs.get(graph).nodes.length);
  }

  #enter(node, graph) {
    this.graphOf.set(node.id, graph);
    for (const value of node.out) this.producer.set(value, node.id);
    for (const value of node.in) this.#use(value, node.id);
  }

  #leave(node) {
    this.graphOf.delete(node.id);
    for (const value of node.out) this.producer.delete(value);
    for (const value of node.in) this.users.get(value)?.delete(node.id);
  }

  #use(value, node) {
    if (value === null) return;
    if (!this.users.has(value)) this.users.set(value, new Set());
    this.users.get(value).add(node);
  }
}

/** The subgraphs that an attribute names: {"graph": id}, or a list of those. */
function graphsOf(item) {
  if (Array.isArray(item)) return item.flatMap((one) => (one?.graph === undefined ? [] : [one.graph]));
  return item?.graph === undefined ? [] : [item.graph];
}
