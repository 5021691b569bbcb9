// The lab without a kernel: a model whose parts are all there, and that does what Python does of one selection.

import { fromBase64 } from "../common/bytes.js";

const NO_KERNEL = "this is a saved page: in a notebook, lab.Lab(...) does this";

export class Still {
  /**
   * saved: what tfonnx_lab/widgets/still.py writes. blobs: its bytes, as base64. netron: the viewer's source, gzipped.
   * @param {any} saved
   * @param {string[]} blobs
   * @param {() => Uint8Array} netron
   */
  constructor(saved, blobs, netron) {
    this.saved = saved;
    this.blobs = blobs;
    this.netron = netron;
    /** @type {Map<string, Set<Function>>} */
    this.heard = new Map();
    /** @type {Set<string>} the parts that the page has opened */
    this.open = new Set();
    /** @type {Map<number, Uint8Array>} */
    this.bytes = new Map();
    this.state = { ...saved.state };
    this.index = saved.index;
    this.node = saved.node;
  }

  get(name) {
    return this.state[name];
  }

  set(name, value) {
    this.state[name] = value;
  }

  save_changes() {}

  on(event, f) {
    if (!this.heard.has(event)) this.heard.set(event, new Set());
    this.heard.get(event).add(f);
  }

  off(event, f) {
    this.heard.get(event)?.delete(f);
  }

  /** What goes to Python elsewhere. The answer comes later, as from there. */
  send(message) {
    queueMicrotask(() => this.#answer(message, (content, buffers) => this.#fire("msg:custom", content, buffers)));
  }

  /** @param {string} event @param {any[]} what */
  #fire(event, ...what) {
    for (const f of [...(this.heard.get(event) ?? [])]) f(...what);
  }

  #answer({ part, open, data }, reply, parts = this.saved.parts, inner = false) {
    const found = parts[part];
    if (open) return this.#hand_over(part, found, reply, inner);
    if (data.method === "update") return inner ? this.#explored(data.state, found) : this.#updated(part, data.state);
    const { content } = data;
    const answer = (custom, buffers = []) => reply({ part, data: { method: "custom", content: custom } }, buffers);
    if (content.part) return this.#answer(content, answer, found.parts, true);
    if (content.want === "netron") return answer({ asset: "netron" }, [this.netron()]);
    this.#act(part, content);
    return answer({ done: content.do });
  }

  #hand_over(part, found, reply, inner) {
    if (found === undefined) return reply({ part, failed: "this was not computed before the page was saved" }, []);
    if (found.failed !== undefined) return reply({ part, failed: found.failed }, []);
    if (!inner) this.open.add(part);
    return reply({ part, front: found.front, state: found.state, buffer_paths: found.buffer_paths }, found.blobs.map((i) => this.#blob(i)));
  }

  #blob(i) {
    if (!this.bytes.has(i)) this.bytes.set(i, fromBase64(this.blobs[i]));
    return this.bytes.get(i);
  }

  /** Change a part, whether it is open or not. */
  tell(part, values) {
    const found = this.saved.parts[part];
    if (!found?.state) return;
    const state = Object.fromEntries(Object.entries(values).filter(([name]) => name in found.state));
    Object.assign(found.state, state);
    if (this.open.has(part) && Object.keys(state).length > 0) this.#fire("msg:custom", { part, data: { method: "update", state, buffer_paths: [] } }, []);
  }

  // one selection: as tfonnx_lab/widgets/_links.py and the views do it

  #updated(part, state) {
    const { saved } = this;
    Object.assign(saved.parts[part].state, state);
    const now = { selection: this.state.selection, node: this.node, index: this.index };
    const chosen = { ...now };
    for (const name of ["selected", "left_selected", "right_selected"]) {
      const node = state[name];
      if (node === undefined || node === null) continue;
      chosen.node = node;
      chosen.selection = saved.nodes[node]?.[0] ?? chosen.selection;
    }
    if (state.node !== undefined && state.node !== null) chosen.node = state.node;
    if (state.selection !== undefined && state.selection !== null) chosen.selection = state.selection;
    if (state.index !== undefined && state.index !== null) chosen.index = state.index;
    if (state.picked !== undefined) this.#picked(part, state.picked, chosen);
    if (chosen.selection !== now.selection && chosen.node === now.node && state.index === undefined) {
      const op = saved.ops[chosen.selection];
      chosen.node = op?.main ?? null;
      chosen.index = op?.made ?? chosen.index;
    }
    this.#choose(chosen);
  }

  #choose({ selection, node, index }) {
    const { saved } = this;
    this.state.selection = selection;
    [this.node, this.index] = [node, index];
    const op = saved.ops[selection];
    const own = node !== null && saved.nodes[node]?.[0] === selection ? node : (op?.main ?? null);
    for (const part of Object.keys(saved.parts)) {
      if (part === "Steps") this.tell(part, { index, selected: node });
      else if (part === "Source") this.#pair(op, own, index);
      else if (part === "Handlers") this.tell(part, { selection, node, detail: op?.detail ?? {} });
      else if (part === "Mobile") this.tell(part, { selection, node });
      else if (part === "about") this.tell(part, { selection, node, detail: op ? this.#about(op, own) : {} });
      else if (part === "Quantization") this.#tensor(selection);
      else this.tell(part, { selection, index, node });
    }
  }

  #about(op, node) {
    const [, text, made] = saved_node(this.saved, node);
    const step = made === null || made === undefined ? op.about.step : { index: made, rule: this.saved.rules[made] };
    return { ...op.about, node: text ?? op.about.node, step };
  }

  #pair(op, node, index) {
    const { state } = this.saved.parts.Source;
    if (!state) return;
    const last = this.saved.last;
    const at = state.moment === state.moments[1] ? Math.min(index ?? last, last) : last;
    const right = at < last || saved_node(this.saved, node)[3] ? node : (op?.main ?? null);
    this.tell("Source", { at, left_selected: op?.first ?? null, right_selected: right });
  }

  #tensor(selection) {
    const explorer = this.saved.parts.Quantization?.parts?.explorer;
    const tensor = this.saved.tensors?.[selection];
    if (!explorer || tensor === undefined || tensor === explorer.state.tensor) return;
    explorer.state.tensor = tensor;
    if (this.open.has("Quantization")) this.#fire("msg:custom", { part: "Quantization", data: { method: "custom", content: { part: "explorer", data: { method: "update", state: { tensor }, buffer_paths: [] } } } }, []);
  }

  #explored(state, explorer) {
    Object.assign(explorer.state, state);
    const selection = Number(Object.keys(this.saved.tensors).find((op) => this.saved.tensors[op] === state.tensor));
    if (Number.isFinite(selection) && state.tensor !== undefined && selection !== this.state.selection) this.#updated("about", { selection });
  }

  // what buttons do

  #act(part, content) {
    if (content.do === "open") {
      this.state.tab = content.tab;
      this.#fire("change:tab");
    } else if (part === "Mobile" && content.do === "ask") this.#ask(content.question);
    else if (!["nothing", "ranges", "compare"].includes(content.do)) this.tell(part, { message: NO_KERNEL, busy: "" });
    else if (content.do === "compare") this.tell(part, { message: "" });
  }

  #ask(question) {
    const provider = this.saved.mobile?.providers[question];
    if (provider) this.tell("Mobile", { provider, picked: null, around: {} });
    this.tell("Mobile", { shown: question, message: this.saved.mobile ? "" : NO_KERNEL, busy: "" });
  }

  #picked(part, picked, chosen) {
    const { state } = this.saved.parts[part];
    const row = state.provider.rows?.find((r) => r.node === picked);
    if (!row) return this.tell(part, { around: {} });
    const around = this.saved.mobile.arounds[picked] ?? {};
    const where = new Map(state.provider.rows.map((r) => [r.node, r.partition]));
    const partitions = Object.fromEntries((around.nodes ?? []).map((n) => [n.id, where.get(n.id) ?? null]));
    this.tell(part, { around: { ...around, partitions, crossings: this.saved.mobile.crossings[state.provider.key]?.[picked] ?? [] } });
    if (row.tflite !== null && !row.origins.includes(chosen.selection)) chosen.selection = row.tflite;
    const number = this.saved.numbers[row.name];
    if (number !== undefined) chosen.node = number;
    return undefined;
  }
}

const saved_node = (saved, node) => (node === null || node === undefined ? [] : (saved.nodes[node] ?? []));
