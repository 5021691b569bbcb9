// The style sheet goes to the root that the widget stands in: the document, or a shadow root (marimo).

import css from "../style.css";

/** Put the style sheet where `element` is, once. */
export function addStyle(element) {
  const root = element.getRootNode();
  const target = root instanceof ShadowRoot ? root : document.head;
  if (target.querySelector("style[data-tfonnx-lab]")) return;
  const style = document.createElement("style");
  style.dataset.tfonnxLab = "";
  style.textContent = css;
  target.append(style);
}
