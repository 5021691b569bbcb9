// One layout for before and after: what stays does not move, and what took a node's place stands where that node stood.

import { layout } from "netron/dagre.js";
import { attrText, betweenText, constText, isConst, number, quantText, shortName, typeText } from "../common/format.js";
import { pack } from "./pack.js";
import NAMES from "names:inputs";
import { between } from "./routes.js";
import { slotsOf } from "./slots.js";

const LINE = 15; // of a label; a row on a card has one less
const PAD = 9;
const ROWS = 6;
const KNOWN = ["perm", "axis", "axes", "kernel_shape", "strides", "pads", "padding", "stride_h", "to"];

/**
 * @typedef {{x: number, y: number, width: number, height: number, face: {before: object, after: object}}} Box x, y: of its middle
 * @typedef {{edge: import("./scene.js").Edge, texts: {before: string, after: string}, through?: string[], link?: any}} Line
 * @param {import("./scene.js").Scene} scene
 * @param {(text: string, kind: string) => number} measure as in measure.js
 * @returns {{boxes: Map<string, Box>, lines: Line[], width: number, height: number}}
 */
export function place(scene, measure) {
  const faces = new Map([...scene.vertices].map(([id, vertex]) => [id, facesOf(vertex, measure)]));
  const slots = slotsOf(scene);
  const nodes = new Map();
  for (const [id, face] of faces) {
    const slot = slots.get(id);
    const node = nodes.get(slot) ?? { v: slot, width: 0, height: 0 };
    for (const side of [face.before, face.after]) {
      node.width = Math.max(node.width, side?.width ?? 0);
      node.height = Math.max(node.height, side?.height ?? 0);
    }
    nodes.set(slot, node);
  }
  const links = new Map();
  const lines = scene.edges.map(/** @returns {Line} */ (edge) => {
    const [v, w] = [slots.get(edge.v), slots.get(edge.w)];
    const key = `${v} ${w}`;
    const texts = { before: labelOf(edge.before), after: labelOf(edge.after) };
    const through = between(scene, edge);
    if (through) return { edge, texts, through };
    const width = Math.max(measure(texts.before, "edge"), measure(texts.after, "edge")) + 6;
    const link = links.get(key) ?? { v, w, minlen: 1, weight: 1, width: 0, height: LINE, labelpos: "r", labeloffset: 6 };
    link.width = Math.max(link.width, width);
    links.set(key, link);
    return { edge, texts, link };
  });
  const list = [...nodes.values()];
  layout(list, [...links.values()], { nodesep: 12, ranksep: 26 }, {});
  pack(list, [...links.values()]);
  const boxes = new Map();
  for (const [id, face] of faces) {
    const { x, y, width, height } = nodes.get(slots.get(id));
    boxes.set(id, { x, y, width, height, face });
  }
  for (const line of lines) if (line.through) line.link = passing(line, boxes, (v, w) => links.get(`${slots.get(v)} ${slots.get(w)}`));
  return { boxes, lines, ...extent(list, links) };
}

/**
 * The course of an edge through the places of nodes that do not stand on its side: along their edges.
 * @param {Line} line one with `through`
 * @param {Map<string, Box>} boxes
 * @param {(v: string, w: string) => any} linkOf the layout's link between the places of two vertices
 */
function passing({ edge, through }, boxes, linkOf) {
  const stops = [edge.v, ...through, edge.w];
  const legs = stops.slice(1).map((stop, i) => linkOf(stops[i], stop));
  const points = legs.flatMap((leg, i) => {
    const { x, y } = boxes.get(stops[i + 1]);
    const inner = leg.points.slice(i === 0 ? 0 : 1, -1);
    return i < legs.length - 1 ? [...inner, { x, y }] : [...inner, leg.points.at(-1)];
  });
  const { x, y, width } = legs.at(-1);
  return { points, x, y, width };
}

function extent(nodes, links) {
  let [width, height] = [0, 0];
  for (const node of nodes) {
    width = Math.max(width, node.x + node.width / 2);
    height = Math.max(height, node.y + node.height / 2);
  }
  for (const link of links.values()) width = Math.max(width, (link.x ?? 0) + link.width / 2);
  return { width, height };
}

function labelOf(values) {
  return [...new Set(values.map(typeText))].join(", ");
}

/** What is written on a vertex, on each side where it stands. */
function facesOf(vertex, measure) {
  if (vertex.kind !== "node") return { before: vertex.before && endFace(vertex.before, measure), after: vertex.after && endFace(vertex.after, measure) };
  const rows = { before: vertex.before && rowsOf(vertex.before), after: vertex.after && rowsOf(vertex.after) };
  const face = (side, other) => vertex[side] && nodeFace(vertex[side], shown(rows[side], vertex.status === "changed" ? rows[other] : null), measure);
  return { before: face("before", "after"), after: face("after", "before") };
}

function endFace({ value }, measure) {
  const text = shortName(value.name, 22);
  return { title: text, whole: `${value.name}\n${typeText(value)}`, rows: [], chip: "", width: measure(text, "end") + 22, height: 24 };
}

function nodeFace(node, rows, measure) {
  const [title, name] = [opText(node), shortName(node.name, 24)];
  const quantized = node.outs.find((value) => value?.quant);
  const chip = quantized ? quantText(quantized) : "";
  const chipWidth = measure(chip, "mono") + 14;
  const inside = Math.max(measure(title, "op") + 6, measure(name, "small"), ...rows.map(({ text }) => measure(text, "mono")), chip ? chipWidth : 0);
  const height = PAD * 2 + LINE + (name ? LINE - 1 : 0) + rows.length * (LINE - 1) + (chip ? LINE + 3 : 0);
  return { title, name, rows, chip, chipWidth, whole: wholeOf(node), width: Math.max(90, inside + PAD * 2), height };
}

/** An op with the activation that is fused into it. */
function opText(node) {
  const fused = node.attrs.fused_activation_function;
  return `${shortName(node.op, 40)}${fused && fused !== "NONE" ? `{${fused}}` : ""}`;
}

/** The attributes, those that matter most first, and the constants by the names of their inputs. */
function rowsOf(node) {
  const rows = betweenText(node) ? [{ text: betweenText(node), first: true }] : [];
  for (const [name, value] of Object.entries(node.attrs)) {
    if (name === "fused_activation_function" || value === null) continue;
    rows.push({ text: shortName(`${name} ${attrText(value)}`, 30), first: KNOWN.includes(name) });
  }
  node.ins.forEach((value, i) => {
    if (isConst(value)) rows.push({ text: shortName(`${inputName(node.op, i)} ${constValue(value)}`, 32), first: true });
  });
  return rows;
}

function inputName(op, i) {
  const names = NAMES[op.toLowerCase()] ?? NAMES[op.replaceAll("_", "").toLowerCase()];
  const name = names?.[Math.min(i, names.length - 1)] ?? (i === 0 ? "input" : `input ${i}`);
  return (/^(De)?[qQ]uantizeLinear$/.test(op) ? name.replace(/^[xy]_/, "") : name).replaceAll("_", " ");
}

/** The value where it is one; what kind of constant it is elsewhere. */
function constValue(value) {
  const { data } = value.const;
  return data?.length === 1 ? number(data[0]) : constText(value);
}

/** The rows that are drawn: what the step changed always, then what matters most, and how many are left out. */
function shown(rows, other) {
  const before = new Set(other?.map(({ text }) => text));
  const changed = other ? rows.filter(({ text }) => !before.has(text)) : [];
  const rest = rows.filter((row) => row.first && !changed.includes(row));
  const room = Math.max(0, ROWS - changed.length);
  const kept = rest.length > room ? rest.slice(0, Math.max(0, room - 1)) : rest;
  const found = [...changed.map(({ text }) => ({ text, changed: true })), ...kept];
  if (kept.length < rest.length) found.push({ text: `… ${rest.length - kept.length} more` });
  return found;
}

function wholeOf(node) {
  const attrs = Object.entries(node.attrs).map(([name, value]) => `${name} = ${attrText(value)}`);
  const tensors = (label, values) => values.map((v) => `${label} ${v ? `${v.name}: ${typeText(v)} ${quantText(v)}` : "(none)"}`);
  const domain = node.domain ? `${node.domain}::` : "";
  return [`${domain}${node.op}`, node.name, ...attrs, ...tensors("in", node.ins), ...tensors("out", node.outs)].join("\n");
}
