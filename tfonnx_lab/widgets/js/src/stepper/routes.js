// Paths through a scene, one side at a time.

/** The vertices in the order in which data flows through them on one side. */
export function flowOrder(scene, side) {
  const next = outgoing(scene, side);
  const done = new Set();
  const order = [];
  const visit = (id) => {
    if (done.has(id)) return;
    done.add(id);
    for (const w of next.get(id) ?? []) visit(w);
    order.push(id);
  };
  for (const id of scene.vertices.keys()) visit(id);
  return order.reverse();
}

/**
 * What stood between the ends of an edge that is on one side only: an edge that was drawn past removed nodes, or that
 * added nodes now interrupt. It is drawn through their places, which are empty on its side.
 * @returns {string[]|null} vertices, without the ends
 */
export function between(scene, edge) {
  const side = edge.before.length === 0 ? "before" : edge.after.length === 0 ? "after" : null;
  if (side === null) return null;
  const gone = side === "before" ? "removed" : "added";
  const next = outgoing(scene, side);
  const paths = [[edge.v]];
  const seen = new Set();
  for (const path of paths) {
    for (const w of next.get(path.at(-1)) ?? []) {
      if (w === edge.w && path.length > 1) return path.slice(1);
      if (seen.has(w) || scene.vertices.get(w).status !== gone) continue;
      seen.add(w);
      paths.push([...path, w]);
    }
  }
  return null;
}

function outgoing(scene, side) {
  const next = new Map();
  for (const edge of scene.edges) {
    if (edge[side].length === 0) continue;
    if (!next.has(edge.v)) next.set(edge.v, []);
    next.get(edge.v).push(edge.w);
  }
  return next;
}
