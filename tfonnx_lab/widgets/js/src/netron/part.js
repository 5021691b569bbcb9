// Of a large graph only a part is drawn: the nodes around one. The whole can be asked for.

const WHOLE = 600; // nodes that are drawn without being asked for: laid out at once they hold the page for 0.15 s
const PART = 200;

/** @returns {Set<number>|null} the nodes nearest to one, of its graph; null where the whole graph is small enough */
export function partOf(state, centre) {
  const { nodes } = state.graphs.get(state.main);
  if (nodes.length <= WHOLE) return null;
  const inside = new Set(nodes);
  const found = new Set();
  let edge = [topmost(state, inside, centre) ?? nodes[0]];
  while (edge.length > 0 && found.size < PART) {
    const next = [];
    for (const id of edge) {
      if (found.has(id) || !inside.has(id)) continue;
      if (found.size === PART) break;
      found.add(id);
      next.push(...neighbours(state, id));
    }
    edge = next;
  }
  return found;
}

/** The node itself, or the one of the main graph that its subgraph belongs to. */
function topmost(state, inside, id) {
  for (let at = id; at !== undefined && at !== null; at = state.graphs.get(state.graphOf.get(at))?.owner) {
    if (inside.has(at)) return at;
  }
  return undefined;
}

function neighbours(state, id) {
  const node = state.nodes.get(id);
  const makers = node.in.map((value) => state.producer.get(value)).filter((other) => other !== undefined);
  return [...makers, ...node.out.flatMap((value) => [...state.usersOf(value)])];
}
