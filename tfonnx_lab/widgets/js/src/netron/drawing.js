// What is done with Netron's View, whatever it shows.

import { Context } from "./host.js";

export async function openModel(view, name, bytes) {
  view.show("welcome spinner");
  try {
    await view.open(new Context(view.host, name, bytes));
  } catch (error) {
    await view.error(error, error.name);
  }
}

export function scrollTo(view, nodes) {
  const elements = nodes.map((node) => view.target.find(node)?.element).filter(Boolean);
  if (elements.length > 0) view.target.scrollTo(elements.slice(0, 8), "instant");
}
