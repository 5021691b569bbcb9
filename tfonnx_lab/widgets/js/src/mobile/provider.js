// What an accelerator would run: every node as a cell coloured by its partition, and as a row with the reason.

import { h } from "../common/dom.js";
import { shortName } from "../common/format.js";
import { table } from "../views/table.js";
import { drawn } from "../views/drawn.js";
import { choice } from "./parts.js";

const TINTS = 8;
const MOST_CELLS = 6000;
const MOST_PARTITIONS = 10;
const SETTINGS = {
  nnapi: (s, set) => [choice("Android API level", [27, 28, 29, 30, 31], s.level, (level) => set({ level })), choice("layout", [[false, "as it is"], [true, "NCHW"]], s.nchw ?? false, (nchw) => set({ nchw }))],
  coreml: (s, set) => [choice("format", ["MLProgram", "NeuralNetwork"], s.format, (format) => set({ format })), choice("CoreML version", [5, 6, 7, 8], s.version, (version) => set({ version }))],
  xnnpack: () => [],
};

export function tint(element, partition) {
  element.classList.add(partition === null || partition === undefined ? "tlm-cpu" : `tlm-tint-${partition % TINTS}`);
  return element;
}

/** @returns {{parts: HTMLElement[], select: (node) => void}} */
export function provider(data, { act, pick, picked }) {
  const rows = data.rows.map((row) => ({ ...row, origin: row.node, tint: row.partition === null ? "tlm-cpu" : `tlm-tint-${row.partition % TINTS}` }));
  const list = table(data.columns, rows, { label: "nodes and why they are not run.", statuses: data.statuses, only: data.statuses.some(([name]) => name === "CPU") ? "CPU" : null, onpick: (row) => pick(row.node) });
  const cells = strip(rows, pick);
  const parts = [
    h("div", { class: "tlm-line" }, ...SETTINGS[data.key](data.setting, (more) => act("choose", { provider: data.key, ...more }))),
    h("p", { class: "tlm-verdict-line" }, h("strong", {}, data.title), " Choose a cell or a row to see why, what would help, and the graph around it."),
    data.session === "created" ? null : h("p", { class: "tlm-verdict tlm-bad", role: "status" }, h("strong", {}, "No session comes up: "), data.session),
    cells.element,
    partitions(data, pick),
    data.notes.length ? h("ul", { class: "tlm-notes" }, ...data.notes.map((note) => h("li", {}, note))) : null,
    list.element,
  ];
  const select = (node) => {
    list.select(node);
    cells.select(node);
  };
  select(picked);
  return { parts, select };
}

/** A cell a node, in the order of the graph. The rows below say the same to those who use a keyboard or a screen reader. */
function strip(rows, pick) {
  const shown = rows.slice(0, MOST_CELLS);
  const cells = new Map();
  for (const row of shown) {
    const cell = h("i", { title: `${row.op}, ${row.where}${row.reason ? `: ${row.reason}` : ""}`, "data-node": row.node });
    cells.set(row.node, tint(cell, row.partition));
  }
  const onclick = (event) => event.target.dataset.node !== undefined && pick(Number(event.target.dataset.node));
  const label = `${rows.length} nodes in order, grey and hatched on the CPU`;
  let now = null;
  const element = h("div", { class: "tlm-strip", role: "img", "aria-label": label, "data-scroll": "strip", onclick }, ...cells.values(), rows.length > MOST_CELLS ? ` and ${rows.length - MOST_CELLS} more` : null);
  const reveal = (cell) => {
    const top = cell.offsetTop - element.offsetTop; // the strip's own scrolling, not the notebook's
    if (top < element.scrollTop || top + cell.offsetHeight > element.scrollTop + element.clientHeight) element.scrollTop = top - element.clientHeight / 2;
  };
  return {
    element,
    select(node) {
      now?.classList.remove("tlm-here");
      now = cells.get(node) ?? null;
      now?.classList.add("tlm-here");
      if (now) reveal(now);
    },
  };
}

function partitions(data, pick) {
  const sorted = data.partitions.map((p, index) => ({ ...p, index })).sort((a, b) => b.nodes - a.nodes);
  const name = data.key === "nnapi" ? "NNAPI" : data.key === "coreml" ? "CoreML" : "XNNPACK";
  const cpu = data.rows.filter((row) => row.partition === null).length;
  const item = (p) => {
    const hint = [`copied in at each run:`, ...p.in, "copied out:", ...p.out].join("\n");
    const text = `${name} ${p.index + 1}: ${p.nodes} node${p.nodes === 1 ? "" : "s"}, ${p.copied} in ${p.in.length + p.out.length} tensors`;
    return h("button", { type: "button", class: "tlm-part", title: hint, "data-key": `partition ${p.index}`, onclick: () => p.first !== null && pick(p.first) }, tint(h("i", {}), p.index), text);
  };
  const more = sorted.length - MOST_PARTITIONS;
  return h("div", { class: "tlm-parts" }, h("span", { class: "tlm-part" }, tint(h("i", {}), null), `CPU: ${cpu} nodes`), ...sorted.slice(0, MOST_PARTITIONS).map(item), more > 0 ? h("span", { class: "tl-dim" }, `and ${more} smaller ones`) : null);
}

/** One node: its verdict with the rule that decides, what would help, what its borders cost, and what stands around it. */
export function verdict(data, around, picked, { act, pick, converted, ontflite }) {
  const row = data.rows.find((r) => r.node === picked);
  if (!row) return [];
  const part = row.partition === null ? null : data.partitions[row.partition];
  const options = /\b(dequantize)=(True)/.exec(row.advice);
  const drawing = around.nodes?.length ? drawn(around, { selected: picked, onselect: pick, label: "The graph around this node, coloured by partition" }) : null;
  for (const vertex of drawing?.querySelectorAll("[data-node]") ?? []) tint(vertex, around.partitions[vertex.getAttribute("data-node")]);
  return [
    h("h3", {}, row.op, " ", tint(h("span", { class: "tlm-where" }, row.where), row.partition)),
    h("p", { class: "tl-dim tlv-wrap", title: row.name }, shortName(row.name, 60)),
    row.said ? h("section", {}, h("h4", {}, "why not"), h("p", { class: "tlv-wrap tlm-why" }, row.said)) : h("p", {}, `${row.where.replace(/ \d+$/, "")} takes it.`),
    row.advice ? h("section", {}, h("h4", {}, "would run"), h("p", { class: "tlv-wrap" }, row.advice, " ", options && converted ? h("button", { type: "button", class: "tl-button", onclick: () => act("try", { options: { dequantize: true } }) }, "try") : null)) : null,
    row.unit !== null && row.unit !== row.node ? h("p", {}, "judged with ", h("button", { type: "button", class: "tl-link tlv-to", onclick: () => pick(row.unit) }, `node ${row.unit}`), ", the centre of its QDQ group") : null,
    row.origins.length ? h("p", {}, "from TFLite op ", ...row.origins.slice(0, 6).flatMap((op, i) => [i > 0 ? ", " : null, h("button", { type: "button", class: "tl-link tlv-to", title: "select it in all tabs", onclick: () => ontflite(op) }, String(op))])) : null,
    around.crossings?.length ? list("copied between CPU and accelerator here", around.crossings) : null,
    part ? list(`into ${row.where}`, part.in) : null,
    part ? list(`out of ${row.where}`, part.out) : null,
    drawing ? h("section", {}, h("h4", {}, "around it"), drawing) : null,
    row.rule ? h("section", {}, h("h4", {}, "the rule that decides"), h("p", { class: "tlv-wrap tl-dim" }, row.rule)) : null,
  ];
}

function list(title, lines) {
  if (lines.length === 0) return null;
  return h("section", {}, h("h4", {}, title), h("ul", {}, ...lines.map((line) => h("li", { class: "tlv-wrap" }, line))));
}
