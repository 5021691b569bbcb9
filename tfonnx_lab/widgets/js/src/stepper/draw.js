// Draws one side of a scene as SVG.

import { s } from "../common/dom.js";
import { betweenText } from "../common/format.js";
import { edgeStatus } from "./scene.js";

const MARGIN = 26;
const LINE = 14; // of a row on a card; as in place.js
const SIGN = { removed: "−", added: "+", failed: "!", changed: "~" };
const MEANS = { removed: "removed", added: "added", failed: "failed", changed: "attributes or constants changed", kept: "" };

/** @returns {SVGElement} the scene before or after the step */
export function draw(scene, placed, side, { selected, onselect }) {
  const [width, height] = [placed.width + 2 * MARGIN, placed.height + 2 * MARGIN];
  const root = s("svg", { class: "tl-graph", role: "group", "aria-label": `Graph ${side} the step`, viewBox: `0 0 ${width} ${height}` });
  const shift = s("g", { transform: `translate(${MARGIN} ${MARGIN})` });
  root.append(shift);
  for (const line of placed.lines) if (line.edge[side].length > 0) shift.append(...edge(scene, line, side, placed));
  for (const [id, box] of placed.boxes) {
    if (box.face[side]) shift.append(vertex(scene.vertices.get(id), box, side, { selected, onselect }));
  }
  root.dataset.width = width;
  root.dataset.height = height;
  return root;
}

function edge(scene, line, side, placed) {
  const status = edgeStatus(scene, line.edge, side);
  const points = ends(line, side, placed);
  const changed = line.edge.before.length > 0 && line.edge.after.length > 0 && line.texts.before !== line.texts.after;
  const path = s("path", { class: `tl-edge tl-${status}`, d: curve(points), pathLength: null });
  const text = s("text", { class: `tl-edge-text tl-${status}${changed ? " tl-retyped" : ""}`, x: line.link.x - line.link.width / 2 + 3, y: line.link.y + 4 });
  text.append(line.texts[side], s("title", {}, line.edge[side].map((v) => v.name).join("\n")));
  return [path, arrow(points, status), text];
}

/** The path of an edge, its ends moved to the borders of what stands on this side (a place may be shared). */
function ends(line, side, placed) {
  const points = line.link.points.map((p) => ({ ...p }));
  const [v, w] = [placed.boxes.get(line.edge.v), placed.boxes.get(line.edge.w)];
  const down = v.y <= w.y ? 1 : -1;
  points[0].y = v.y + (down * v.face[side].height) / 2;
  points[points.length - 1].y = w.y - (down * (w.face[side].height / 2 + 1));
  points[0].x = within(points[0].x, v, side);
  points[points.length - 1].x = within(points[points.length - 1].x, w, side);
  return points;
}

/** What stands on this side may be narrower than its place: an edge ends at it, not beside it. */
function within(x, box, side) {
  const half = Math.max(0, box.face[side].width / 2 - 8);
  return Math.min(Math.max(x, box.x - half), box.x + half);
}

function curve(points) {
  const [first, ...rest] = points;
  const parts = [`M${first.x} ${first.y}`];
  for (let i = 0; i < rest.length - 1; i += 1) {
    const [a, b] = [rest[i], rest[i + 1]];
    const end = i === rest.length - 2 ? b : { x: (a.x + b.x) / 2, y: (a.y + b.y) / 2 };
    parts.push(`Q${a.x} ${a.y} ${end.x} ${end.y}`);
  }
  if (rest.length === 1) parts.push(`L${rest[0].x} ${rest[0].y}`);
  return parts.join("");
}

function arrow(points, status) {
  const tip = points[points.length - 1];
  const from = points[points.length - 2];
  const angle = (Math.atan2(tip.y - from.y, tip.x - from.x) * 180) / Math.PI;
  return s("path", { class: `tl-arrow tl-${status}`, d: "M0 0L-7 3.6L-7 -3.6Z", transform: `translate(${tip.x} ${tip.y}) rotate(${angle})` });
}

function vertex(item, box, side, { selected, onselect }) {
  const face = box.face[side];
  const [x, y] = [box.x - face.width / 2, box.y - face.height / 2];
  const id = item.kind === "node" ? item[side].id : null;
  const label = [face.title, face.name, id === null ? "" : betweenText(item[side]), MEANS[item.status]].filter(Boolean).join(", ");
  const group = s("g", {
    class: `tl-vertex tl-${item.kind} tl-${item.status}${id !== null && id === selected ? " tl-selected" : ""}`,
    transform: `translate(${x} ${y})`,
    tabindex: id === null ? null : 0,
    role: id === null ? null : "button",
    "aria-label": id === null ? null : label,
    "data-node": id,
    onclick: () => id !== null && onselect(id),
  });
  group.append(s("title", {}, face.whole), s("rect", { class: "tl-box", width: face.width, height: face.height, rx: item.kind === "node" ? 5 : 12 }));
  if (item.kind !== "node") return put(group, face.title, face.width / 2, 16, "tl-end-text");
  if (item[side].domain === "" || item[side].domain === "com.microsoft") group.classList.add("tl-onnx");
  if (betweenText(item[side])) group.classList.add("tl-between");
  let line = 20;
  put(group, face.title, face.width / 2, line, "tl-op");
  if (face.name) put(group, face.name, face.width / 2, (line += LINE), "tl-name");
  for (const row of face.rows) put(group, row.text, face.width / 2, (line += LINE), row.changed ? "tl-row tl-row-changed" : "tl-row");
  if (face.chip) chip(group, face, line + 6);
  if (SIGN[item.status]) sign(group, item.status, face.width);
  stubs(group, item[side], face);
  return group;
}

function put(group, text, x, y, kind) {
  group.append(s("text", { class: kind, x, y }, text));
  return group;
}

function chip(group, face, y) {
  const width = face.chipWidth;
  group.append(s("rect", { class: "tl-chip", x: (face.width - width) / 2, y, width, height: 15, rx: 7.5 }));
  put(group, face.chip, face.width / 2, y + 11, "tl-chip-text");
}

function sign(group, status, width) {
  group.append(s("circle", { class: "tl-sign", cx: width - 1, cy: 1, r: 8 }));
  put(group, SIGN[status], width - 1, 5, "tl-sign-text");
}

/** Short dotted lines where the graph goes on outside of the picture. */
function stubs(group, node, face) {
  const x = face.width / 2;
  if (node.from > 0) group.append(s("path", { class: "tl-stub", d: `M${x - 16} 0v-14` }, s("title", {}, `${node.from} more inputs come from outside of this picture`)));
  if (node.to > 0) group.append(s("path", { class: "tl-stub", d: `M${x + 16} ${face.height}v14` }, s("title", {}, `${node.to} more uses lie outside of this picture`)));
}
