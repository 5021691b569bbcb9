// HTML elements.

import { explained } from "../common/terms.js";

export function make(name, attributes = {}, ...children) {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  element.append(...children);
  return element;
}

// A labelled slider with its value behind it.
export function slider(label, attributes) {
  const input = make("input", { type: "range", "aria-label": label, ...attributes });
  const value = make("output");
  return { input, value, row: make("label", { class: "tfq-slider" }, make("span", {}, ...explained(label)), input, value) };
}
