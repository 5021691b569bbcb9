// Of a large graph only a part is drawn: the nodes around one. The whole can be asked for.

const WHOLE = 600; // nodes that are drawn without being asked for: laid out at once they hold the page for 0.15 s
const PART = 200;

/** @returns {Set|null} the keys nearest to one, `around(key)` being its neighbours; null where all are few enough */
export function partOf(keys, around, centre) {
  if (keys.length <= WHOLE) return null;
  const inside = new Set(keys);
  const found = new Set();
  let edge = [centre ?? keys[0]];
  while (edge.length > 0 && found.size < PART) {
    const next = [];
    for (const key of edge) {
      if (found.has(key) || !inside.has(key)) continue;
      if (found.size === PART) break;
      found.add(key);
      const { before, after } = around(key);
      next.push(...before, ...after);
    }
    edge = next;
  }
  return found;
}
