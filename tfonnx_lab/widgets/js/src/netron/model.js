// A replayed graph in the shape that Netron draws.

import onnxOps from "netron/onnx-metadata.json";
import tfliteOps from "netron/tflite-metadata.json";
import { attrText, betweenText, isConst } from "../common/format.js";

const NAMES = { FLOAT: "float32", DOUBLE: "float64", BOOL: "boolean" };

/** Netron's entry for a state; without one it fits no file. */
export function factoryOf(state, drawn) {
  const ModelFactory = class {
    async match() {
      return state ? "trace" : null;
    }

    async open(context) {
      return modelOf(state, context.identifier, drawn);
    }
  };
  return { ModelFactory };
}

/** @returns {object} Netron's model of a state, or of the nodes `drawn` of it; a node's `number` is its id in the trace */
export function modelOf(state, name, drawn = null) {
  const graph = new Reader(state).graph(state.graphs.get(state.main), drawn);
  return { format: "TFONNX trace", identifier: name, modules: [graph], metadata: [] };
}

class Reader {
  constructor(state) {
    this.state = state;
    this.values = new Map();
  }

  graph(graph, drawn = null) {
    const nodes = drawn ? graph.nodes.filter((id) => drawn.has(id)) : graph.nodes;
    const used = new Set(drawn ? nodes.flatMap((id) => [...this.state.nodes.get(id).in, ...this.state.nodes.get(id).out]) : []);
    const here = (id) => !drawn || used.has(id);
    const end = (id) => ({ name: this.state.values.get(id).name, value: [this.value(id)] });
    return {
      name: graph.name,
      inputs: graph.inputs.filter(here).map(end),
      outputs: graph.outputs.filter(here).map(end),
      nodes: nodes.map((id) => this.node(this.state.nodes.get(id))),
    };
  }

  node(node) {
    const type = typeOf(node);
    const label = (list, i) => list?.[i]?.name ?? String(i);
    const arg = (list) => (id, i) => (id === null ? null : { name: label(list, i), value: [this.value(id)] });
    return {
      number: node.id,
      name: node.name,
      identifier: node.origin.length ? `from TFLite op ${node.origin.join(", ")}` : "",
      type: shownType(node, type),
      chain: fused(node),
      inputs: node.in.map(arg(type?.inputs)).filter(Boolean),
      outputs: node.out.map(arg(type?.outputs)).filter(Boolean),
      attributes: Object.entries(node.attrs).map(([name, value]) => this.attribute(name, value)),
    };
  }

  attribute(name, value) {
    const graph = value?.graph === undefined ? null : this.state.graphs.get(value.graph);
    if (graph) return { name, type: "graph", value: new Reader(this.state).graph(graph) };
    return { name, type: "string", value: attrText(value) };
  }

  value(id) {
    if (!this.values.has(id)) this.values.set(id, valueOf(this.state.values.get(id)));
    return this.values.get(id);
  }
}

/** The activation that is fused into a TFLite op: Netron draws it on the op. */
function fused({ attrs }) {
  const name = attrs.fused_activation_function;
  if (!name || name === "NONE") return [];
  return [{ name: "", type: { name, category: "Activation" }, inputs: [], outputs: [], attributes: [] }];
}

function valueOf(value) {
  const type = tensorType(value.dtype, value.shape);
  // Netron knows values by their names and shows the first line: the id makes them differ
  const shown = { name: `${value.name}\n${value.id}`, type, initializer: null };
  if (value.quant) shown.quantization = quantization(value.quant);
  if (isConst(value)) shown.initializer = { name: value.name, type, encoding: "|", values: value.const.data ?? null, quantization: shown.quantization };
  return shown;
}

function quantization({ scale, zero_point: zero, axis }) {
  return { type: "linear", dimension: axis ?? undefined, scale: scale.map(Number), offset: zero.map(Number) };
}

function tensorType(dtype, shape) {
  const dataType = dtype ? (NAMES[dtype] ?? dtype.toLowerCase()) : "?";
  const dimensions = shape ?? [];
  const text = shape ? (shape.length ? `[${shape.map((d) => d ?? "?").join(",")}]` : "") : "[?]";
  return { dataType, shape: { dimensions, toString: () => text }, toString: () => `${dataType}${text}` };
}

const ONNX = new Map(onnxOps.map((op) => [`${op.module} ${op.name}`, op])); // the last version of an op comes last
const TFLITE = new Map(tfliteOps.map((op) => [op.name.toLowerCase(), op]));

/** How Netron names and colours an op: those between two stages say so, in a colour of their own. */
function shownType(node, type) {
  const between = betweenText(node);
  if (between) return { name: `${node.op} (${between})`, category: "Custom", module: node.domain };
  return { name: node.op, category: type?.category ?? "", module: node.domain || "ai.onnx" };
}

function typeOf(node) {
  if (node.domain.startsWith("tflite")) return TFLITE.get(node.op.replaceAll("_", "").toLowerCase());
  return ONNX.get(`${node.domain || "ai.onnx"} ${node.op}`);
}
