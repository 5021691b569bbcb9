// A model's own file in Netron. Its readers make the whole graph; what is drawn of it may be a part.

import { openModel } from "./drawing.js";
import { partOf } from "./part.js";
import { Viewing } from "./viewing.js";

export class FileInNetron extends Viewing {
  /** Per graph of Netron's: its nodes, their keys, and which node makes and uses a value. */
  graphs = new WeakMap();
  shown = false;
  /** The graph that is looked at, as Netron has it. */
  target = null;

  /**
   * @param {Element} parent
   * @param {Uint8Array} bytes
   * @param {string} name
   * @param {{beside?: (name: string) => Promise<Uint8Array>, onselect?: Function, onkey?: Function}} hooks beside: the bytes
   * of a file beside the model, where there is one to ask; the others as in viewing.js
   */
  constructor(parent, bytes, name, { beside, ...hooks }) {
    super(parent, { title: `${name} in Netron`, ...hooks });
    this.bytes = bytes;
    this.name = name;
    this.beside = beside;
  }

  // what is to be told of the nodes, whose keys are their places in the graph that is looked at

  get graph() {
    const target = this.view?.activeTarget;
    if (!target) return NOTHING;
    if (!this.graphs.has(target)) this.graphs.set(target, linked(target));
    return this.graphs.get(target);
  }

  keys() {
    return this.graph.keys;
  }

  has(key) {
    return key in this.graph.nodes;
  }

  about(key) {
    const { type, name } = this.graph.nodes[key];
    return { op: type?.name ?? "", name: name ?? "" };
  }

  around(key) {
    const { nodes, makers, users } = this.graph;
    const before = valuesOf(nodes[key].inputs).map((value) => makers.get(value.name)).filter((maker) => maker !== undefined);
    return { before, after: resultsOf(nodes[key]).flatMap((value) => users.get(value.name) ?? []) };
  }

  keyOf(node) {
    const key = this.graph.nodes.indexOf(node);
    return key < 0 || this.view._path.length > 1 ? null : key; // of a subgraph, nobody outside knows the nodes
  }

  nodeOf(key) {
    const node = this.graph.nodes[key];
    return node && this.view.target.find(node) ? node : undefined;
  }

  fresh() {
    this.shown = false;
  }

  async open(view) {
    if (this.shown) return;
    this.shown = true;
    if (view.model) await view._updateTarget(view.model, view._path);
    else {
      const { render } = view;
      view.render = (target, signature) => this.#render(view, render, target, signature);
      await openModel(view, this.name, this.bytes, this.beside);
    }
  }

  /** Netron's way to draw a graph, whichever the reader goes to. */
  async #render(view, render, target, signature) {
    if (target && target !== this.target) [this.centre, this.target] = [null, target];
    this.drawn = this.all || !target ? null : partOf(this.keys(), (key) => this.around(key), this.centre ?? this.selected);
    if (target) this.tools.drawing(this.drawn?.size ?? this.keys().length);
    const status = await render.call(view, ...(this.drawn ? this.#part(target, signature) : [target, signature]));
    if (view !== this.view || !view.target) return status;
    view.target.on("selectionchange", (graph) => view.target === graph && this.picked(graph));
    const nodes = this.keys().length;
    this.tools.tell({ moment: this.name, drawn: this.drawn?.size ?? nodes, nodes, large: this.all || this.drawn !== null, marks: [] });
    if (this.selected !== null) setTimeout(() => view.target && this.see(this.selected)); // once it is in sight
    return status;
  }

  /** The graph with the nodes that are drawn, and the inputs and outputs that they have. */
  #part({ name, groups }, signature) {
    const { nodes } = this.graph;
    const left = [...this.drawn].sort((a, b) => a - b).map((key) => nodes[key]);
    const used = new Set(left.flatMap((node) => [...valuesOf(node.inputs), ...resultsOf(node)]).map((value) => value.name));
    const { inputs, outputs } = signature ?? this.view.activeTarget;
    const ends = (list) => list?.filter((end) => end.value?.some((value) => used.has(value.name)));
    return [{ name, groups, nodes: left, inputs: ends(inputs), outputs: ends(outputs) }, null];
  }
}

const NOTHING = { nodes: [], keys: [], makers: new Map(), users: new Map() };

/** Which node makes a value, and which use it, by the value's name. */
function linked({ nodes }) {
  const [makers, users] = [new Map(), new Map()];
  nodes.forEach((node, key) => {
    for (const { name } of resultsOf(node)) makers.set(name, key);
    for (const { name } of valuesOf(node.inputs)) {
      if (!users.has(name)) users.set(name, []);
      users.get(name).push(key);
    }
  });
  return { nodes, keys: [...nodes.keys()], makers, users };
}

function valuesOf(list) {
  return (list ?? []).flatMap((argument) => (Array.isArray(argument.value) ? argument.value : [])).filter((value) => value?.name);
}

/** What a node makes; of one with a fused activation, what that makes. */
function resultsOf({ outputs, chain }) {
  return valuesOf(chain?.at(-1)?.outputs?.length ? chain.at(-1).outputs : outputs);
}
