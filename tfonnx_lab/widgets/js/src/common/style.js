// The style sheet goes to the root that the widget stands in: the document, or a shadow root (marimo).

import bar from "../style/bar.css";
import controls from "../style/controls.css";
import graph from "../style/graph.css";
import heading from "../style/heading.css";
import list from "../style/list.css";
import narrow from "../style/narrow.css";
import panel from "../style/panel.css";
import root from "../style/root.css";
import tabs from "../style/tabs.css";

const SHEETS = [root, controls, list, heading, graph, panel, bar, tabs, narrow];

/** Put the style sheet where `element` is, once. */
export function addStyle(element) {
  const root = element.getRootNode();
  const target = root instanceof ShadowRoot ? root : document.head;
  if (target.querySelector("style[data-tfonnx-lab]")) return;
  const style = document.createElement("style");
  style.dataset.tfonnxLab = "";
  style.textContent = SHEETS.join("");
  target.append(style);
}
