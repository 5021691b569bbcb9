// Which vertices share a place: a removed node and the added one that does its work.

import { flowOrder } from "./routes.js";

/** @returns {Map<string, string>} the place of each vertex, named after the vertex that stood there first */
export function slotsOf(scene) {
  const slots = new Map([...scene.vertices.keys()].map((id) => [id, id]));
  for (const kind of ["node", "input", "output"]) {
    const removed = standing(scene, kind, "before", "removed");
    const added = standing(scene, kind, "after", "added");
    const likenesses = kind === "node" ? [same, alike, () => removed.length === added.length] : [() => true];
    if (likenesses.every((likeness) => pair(scene, slots, removed, added, likeness))) continue;
    // two ops changed places: then the places keep their order along the flow of data
    for (const heir of added) slots.set(heir.id, heir.id);
    if (removed.length === added.length) added.forEach((heir, i) => share(scene, slots, heir, removed[i]));
  }
  return slots;
}

function standing(scene, kind, side, status) {
  const vertices = flowOrder(scene, side).map((id) => scene.vertices.get(id));
  return vertices.filter((v) => v.kind === kind && v.status === status);
}

/** Pair what is alike. @returns {boolean} false where a pair cannot share a place */
function pair(scene, slots, removed, added, likeness) {
  const taken = new Set(added.map((v) => slots.get(v.id)));
  for (const old of removed.filter((v) => !taken.has(v.id))) {
    const heir = added.find((v) => slots.get(v.id) === v.id && likeness(old.before, v.after));
    if (heir && !share(scene, slots, heir, old)) return false;
  }
  return true;
}

/** Give one vertex the place of another, unless data would then flow in a circle: that is no order to draw in. */
function share(scene, slots, heir, old) {
  slots.set(heir.id, old.id);
  if (!circular(scene, slots)) return true;
  slots.set(heir.id, heir.id);
  return false;
}

function circular(scene, slots) {
  const next = new Map();
  const waiting = new Map();
  for (const edge of scene.edges) {
    const [v, w] = [slots.get(edge.v), slots.get(edge.w)];
    if (v === w) return true;
    if (!next.has(v)) next.set(v, []);
    next.get(v).push(w);
    waiting.set(w, (waiting.get(w) ?? 0) + 1);
  }
  const ready = [...new Set(slots.values())].filter((v) => !waiting.has(v));
  let left = waiting.size;
  for (const v of ready) {
    for (const w of next.get(v) ?? []) {
      waiting.set(w, waiting.get(w) - 1);
      if (waiting.get(w) > 0) continue;
      ready.push(w);
      left -= 1;
    }
  }
  return left > 0;
}

const same = (a, b) => a.op === b.op;
const plain = (op) => op.toLowerCase().replace(/[^a-z]|(2|3)d/g, "");
const alike = (a, b) => plain(a.op).includes(plain(b.op)) || plain(b.op).includes(plain(a.op));
