// Code for a cell: copied, or put into a new cell where the JupyterLab extension is there to do it.

import { h } from "./dom.js";

const EVENT = "tfonnx-lab:insert";

/** Buttons that take code away; code(): what it is now. */
export function taken(code) {
  const copy = h("button", { type: "button", class: "tl-button", onclick: () => navigator.clipboard?.writeText(code()) }, "copy");
  if (document.documentElement.dataset.tfonnxLabInserts === undefined) return [copy];
  const insert = () => document.dispatchEvent(new CustomEvent(EVENT, { detail: code() }));
  return [copy, h("button", { type: "button", class: "tl-button", title: "a new cell below the one that was run last", onclick: insert }, "insert as cell")];
}
