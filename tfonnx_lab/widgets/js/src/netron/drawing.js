// What is done with Netron's View, whatever it shows.

import { Context } from "./host.js";

/** Read and draw a model; beside(name): the bytes of a file beside it. */
export async function openModel(view, name, bytes, beside) {
  view.show("welcome spinner");
  try {
    await view.open(new Context(view.host, name, bytes, beside));
  } catch (error) {
    await view.error(error, error.name);
  }
}

export function scrollTo(view, nodes) {
  const elements = nodes.map((node) => view.target.find(node)?.element).filter(Boolean);
  if (elements.length > 0) view.target.scrollTo(elements.slice(0, 8), "instant");
}
