// The whole graph in Netron, coloured by partition.

import { netronFrom } from "../common/asset.js";
import { bytesOf, unzipped } from "../common/bytes.js";
import { h } from "../common/dom.js";
import { patient, WAITING } from "../common/waiting.js";
import { readTrace } from "../trace/read.js";

const TINTS = 8; // as in provider.js

/** An element that shows it, and what selects a node in it and ends it. */
export function wholeGraph(model, { pick }) {
  const frame = h("div", { class: "tl-whole" }, h("p", { class: "tl-dim" }, "loading Netron…"));
  const element = h("div", { class: "tlm-netron tl-graph-view" }, frame);
  let shown = null;
  let ended = false;
  const draw = async () => {
    if (shown || !model.get("graph")?.byteLength) return;
    shown = { select() {}, close() {} };
    const viewer = await patient(netronFrom(model), () => frame.replaceChildren(h("p", { class: "tl-waiting", role: "status" }, WAITING)));
    const trace = await readTrace(await unzipped(bytesOf(model.get("graph"))));
    if (ended) return;
    const marks = Object.fromEntries(model.get("provider").rows.map((row) => [row.node, row.partition === null ? "cpu" : `p${row.partition % TINTS}`]));
    shown = viewer.showTrace(frame, trace, { index: -1, marks, title: "Partitions", onselect: (node) => node !== null && pick(node) });
    if (model.get("picked") !== null) shown.select(model.get("picked"));
  };
  const failed = (error) => frame.replaceChildren(h("p", {}, `The graph cannot be shown: ${error.message}`));
  const again = () => draw().catch(failed);
  model.on("change:graph", again);
  again();
  return {
    element,
    select: (node) => shown?.select(node),
    close() {
      ended = true;
      model.off("change:graph", again);
      shown?.close();
    },
  };
}
