// The ONNX nodes that an op became, drawn as in the stepper.

import { h } from "../common/dom.js";
import { isConst } from "../common/format.js";
import { draw } from "../stepper/draw.js";
import { measurer } from "../stepper/measure.js";
import { place } from "../stepper/place.js";

const MARGINS = 52;
const LARGEST = 1;
let measure = null;

/** graph: {nodes, values} as in a trace. @returns {HTMLElement|null} */
export function drawn(graph, { onselect, selected, label = "The nodes that it became" }) {
  if (!graph?.nodes.length) return null;
  measure ??= measurer();
  const placed = place(sceneOf(graph), measure);
  const picture = draw(sceneOf(graph), placed, "after", { selected, onselect });
  picture.setAttribute("aria-label", `${label}: ${graph.nodes.map((node) => node.op).join(", ")}`);
  picture.style.width = `${(placed.width + MARGINS) * LARGEST}px`;
  picture.style.maxWidth = "100%";
  return h("div", { class: "tlv-drawn" }, picture);
}

function sceneOf({ nodes, values }) {
  const value = new Map(values.map((item) => [item.id, item]));
  const producer = new Map(nodes.flatMap((node) => node.out.map((id) => [id, node.id])));
  const used = new Set(nodes.flatMap((node) => node.in));
  const vertices = new Map();
  const edges = new Map();
  const add = (v, w, what) => {
    const key = `${v} ${w}`;
    if (!edges.has(key)) edges.set(key, { v, w, before: [], after: [] });
    for (const side of ["before", "after"]) edges.get(key)[side].push(what); // there is no step: nothing is new
  };
  const end = (kind, item) => {
    const id = `${kind[0]}${item.id}`;
    vertices.set(id, { id, kind, status: "kept", before: null, after: { kind, value: item } });
    return id;
  };
  for (const node of nodes) {
    const id = `n${node.id}`;
    const ins = node.in.map((v) => value.get(v) ?? null);
    const outs = node.out.map((v) => value.get(v) ?? null);
    const status = node.domain.startsWith("tflite") ? "failed" : "kept";
    vertices.set(id, { id, kind: "node", status, before: null, after: { ...node, ins, outs, from: 0, to: 0 } });
    for (const input of ins) {
      if (input === null || isConst(input)) continue;
      add(producer.has(input.id) ? `n${producer.get(input.id)}` : end("input", input), id, input);
    }
    for (const output of outs) if (output && !used.has(output.id)) add(id, end("output", output), output);
  }
  return { vertices, edges: [...edges.values()] };
}
