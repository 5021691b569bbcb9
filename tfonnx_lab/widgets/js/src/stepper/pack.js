// A whole-graph pass touches nodes far apart: a layout sets such parts side by side in one row, without end. Here they
// are set in rows, like words.

const GAP = 30;
const WIDEST = 480;

/** Move the parts of a layout that hang together into rows; nothing is done where they fit into one. */
export function pack(nodes, links) {
  const parts = partsOf(nodes, links);
  const right = Math.max(...nodes.map((node) => node.x + node.width / 2));
  if (parts.length === 1 || right <= WIDEST) return;
  let [x, y, tallest] = [0, 0, 0];
  for (const part of parts) {
    const box = boxOf(part);
    if (x > 0 && x + box.width > WIDEST) [x, y, tallest] = [0, y + tallest + GAP, 0];
    move(part, x - box.left, y - box.top);
    x += box.width + GAP;
    tallest = Math.max(tallest, box.height);
  }
}

function partsOf(nodes, links) {
  const parent = new Map(nodes.map((node) => [node.v, node.v]));
  const root = (v) => {
    while (parent.get(v) !== v) v = parent.get(v);
    return v;
  };
  for (const link of links) parent.set(root(link.v), root(link.w));
  const parts = new Map();
  const of = (v) => {
    if (!parts.has(root(v))) parts.set(root(v), { nodes: [], links: [] });
    return parts.get(root(v));
  };
  for (const node of nodes) of(node.v).nodes.push(node);
  for (const link of links) of(link.v).links.push(link);
  return [...parts.values()];
}

function boxOf({ nodes, links }) {
  const left = Math.min(...nodes.map((n) => n.x - n.width / 2), ...links.flatMap((l) => l.points.map((p) => p.x)));
  const right = Math.max(...nodes.map((n) => n.x + n.width / 2), ...links.map((l) => (l.x ?? 0) + l.width / 2));
  const top = Math.min(...nodes.map((n) => n.y - n.height / 2));
  const bottom = Math.max(...nodes.map((n) => n.y + n.height / 2));
  return { left, top, width: right - left, height: bottom - top };
}

function move({ nodes, links }, dx, dy) {
  for (const item of [...nodes, ...links, ...links.flatMap((link) => link.points)]) {
    item.x += dx;
    item.y += dy;
  }
}
