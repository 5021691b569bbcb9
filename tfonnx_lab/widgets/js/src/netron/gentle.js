// Netron builds, measures and places a graph in one go, which holds the page for seconds where the graph is large. Here
// it does so in slices, and the layout is made in a worker. The graph that comes out is the same. While the graph is out of
// sight, where everything measures nothing, a drawing that has begun waits.

import { Graph } from "netron/grapher.js";
import source from "worker:netron/dagre.js";
import { sized } from "../common/sized.js";

const SLICE_MS = 15;
const MARGIN = 100; // Netron's
const GROUPS = ["edge-paths", "edge-paths-hit-test", "edge-labels", "nodes"];
const { build, layout, update } = Graph.prototype;

Graph.prototype.build = function (document, origin) {
  withClustersOnly(this, () => build.call(this, document, origin));
  const groups = GROUPS.map((name) => [...origin.children].findLast((child) => child.id === name));
  this.unbuilt = { document, groups };
  this.placed = false;
};

Graph.prototype.measure = async function () {
  const { document, groups } = this.unbuilt;
  const inSight = () => sized(document.defaultView?.frameElement);
  const [paths, hits, labels, nodes] = groups;
  await slices(inSight, leaves(this), async (label) => {
    label.build(document, nodes);
    await label.measure();
  });
  await slices(inSight, this.edges.values(), ({ label }) => {
    label.build(document, paths, hits, labels);
    if (label.hitTest) this._focusable.set(label.hitTest, label);
    if (!label.labelElement) return;
    const { width, height } = label.labelElement.getBBox();
    Object.assign(label, { width, height });
  });
};

Graph.prototype.layout = async function () {
  const status = await layout.call(this, planner()).catch((error) => {
    if (worker !== false) throw error; // the worker ran, so another one would fail as well
    return layout.call(this, null);
  });
  const { document, groups } = this.unbuilt;
  const inSight = () => sized(document.defaultView?.frameElement);
  const [paths, , labels, nodes] = groups;
  resize(this, nodes);
  await slices(inSight, leaves(this), (label) => label.update(), nodes);
  await slices(inSight, this.edges.values(), ({ label }) => label.update(), labels);
  paths.getBBox();
  this.placed = true;
  await inSight(); // Netron scrolls next
  return status;
};

Graph.prototype.update = function () {
  if (this.placed) withClustersOnly(this, () => update.call(this));
  else update.call(this);
};

function leaves(graph) {
  return [...graph.nodes].filter(([key]) => graph.children(key).length === 0).map(([, { label }]) => label);
}

/** Give the canvas its size before its texts are placed: a change of size places them all again. */
function resize({ width, height }, { ownerDocument, parentNode }) {
  const canvas = ownerDocument.getElementById("canvas");
  if (parentNode.parentNode !== canvas || !width) return;
  const size = [Math.ceil(width + 2 * MARGIN), Math.ceil(height + 2 * MARGIN)];
  canvas.setAttribute("viewBox", `0 0 ${size.join(" ")}`);
  ["width", "height"].forEach((name, i) => canvas.setAttribute(name, size[i]));
}

/** Netron's own methods, but of nodes and edges they see none: those come in slices. */
function withClustersOnly(graph, action) {
  const { _nodes: nodes, _edges: edges } = graph;
  const clusters = [...nodes].filter(([key]) => graph.children(key).length > 0);
  [graph._nodes, graph._edges] = [new Map(clusters), new Map()];
  try {
    action();
  } finally {
    [graph._nodes, graph._edges] = [nodes, edges];
  }
}

/** Do something with each item, and give way to the page every few of them; what they changed in an element is laid out
 * at once, for together it would take long. */
async function slices(inSight, items, action, element = null) {
  await inSight();
  let began = performance.now();
  for (const item of items) {
    await action(item);
    if (performance.now() - began < SLICE_MS) continue;
    element?.getBBox();
    await new Promise((resolve) => setTimeout(resolve));
    await inSight();
    began = performance.now();
  }
}

let worker = null; // one for all graphs of the page
let asked = 0;

/** What Netron takes for its worker; null, and so a layout in the page, where a policy allows none. */
function planner() {
  if (worker === null) {
    try {
      worker = new Worker(URL.createObjectURL(new Blob([source], { type: "text/javascript" })));
      worker.addEventListener("error", () => (worker = false));
    } catch {
      worker = false;
    }
  }
  return worker ? { request } : null;
}

function request(message) {
  asked += 1;
  const [id, to] = [asked, worker];
  return new Promise((resolve, reject) => {
    const done = () => {
      to.removeEventListener("message", answer);
      to.removeEventListener("error", failed);
    };
    const answer = ({ data }) => {
      if (data.id !== id) return;
      done();
      if (data.error) reject(new Error(data.error));
      else resolve(data);
    };
    const failed = () => {
      done();
      reject(new Error("the worker that lays graphs out cannot run"));
    };
    to.addEventListener("message", answer);
    to.addEventListener("error", failed);
    to.postMessage({ ...message, id });
  });
}
