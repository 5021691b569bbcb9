// The parts of a widget: each looks like a widget's model, and all of them speak over the comm of the one that holds them.

import { bytesOf } from "../common/bytes.js";

const HUBS = new WeakMap();
const PATIENCE_MS = 20000; // then it is asked again, and later again: a kernel that was restarted lost the question

/** The parts of a model; one hub a model, however often it is shown. */
export function hubOf(model) {
  if (!HUBS.has(model)) HUBS.set(model, new Hub(model));
  return HUBS.get(model);
}

class Hub {
  constructor(model) {
    this.model = model;
    this.id = String(Math.random()).slice(2);
    this.parts = new Map();
    this.waiting = new Map();
    this.watchers = new Set();
    model.on("msg:custom", (message, buffers) => message && this.#hear(message, buffers ?? []));
  }

  /**
   * The part of a name, whenever the kernel answers.
   * @param {string} name
   * @param {() => void} onbegun it is being built
   * @returns {Promise<Part>} rejected with what stands in its way
   */
  open(name, onbegun = () => {}) {
    if (this.parts.has(name)) return Promise.resolve(this.parts.get(name));
    if (!this.waiting.has(name)) this.#ask(name);
    this.waiting.get(name).begun.push(onbegun);
    return this.waiting.get(name).promise;
  }

  /** Call f(names) when parts are no more. @returns {() => void} to stop that */
  watch(f) {
    this.watchers.add(f);
    return () => this.watchers.delete(f);
  }

  tell(name, data) {
    this.model.send({ part: name, from: this.id, data });
  }

  #ask(name) {
    /** @type {{begun: Function[], timer: any, promise?: Promise<any>, resolve?: Function, reject?: Function}} */
    const wanted = { begun: [], timer: null };
    wanted.promise = new Promise((resolve, reject) => Object.assign(wanted, { resolve, reject }));
    wanted.promise.catch(() => {}); // whoever waits says it
    this.waiting.set(name, wanted);
    const again = (wait) => {
      this.model.send({ part: name, open: true });
      wanted.timer = setTimeout(again, wait, wait * 2);
    };
    again(PATIENCE_MS);
  }

  #hear(message, buffers) {
    if (Array.isArray(message.gone)) this.#forget(message.gone);
    const name = message.part;
    if (typeof name !== "string") return;
    const part = this.parts.get(name);
    if (message.data) part?.hear(message.data, buffers, message.from === this.id);
    else if (message.begun) this.#begun(name);
    else if (message.failed !== undefined) this.#done(name, (wanted) => wanted.reject(new Error(message.failed)));
    else if (message.state) this.#opened(name, message, buffers);
  }

  #begun(name) {
    const wanted = this.waiting.get(name);
    if (!wanted) return;
    clearTimeout(wanted.timer); // it has been heard
    for (const f of wanted.begun) f();
  }

  #opened(name, { state, buffer_paths, front }, buffers) {
    const found = filled(state, buffer_paths, buffers);
    if (this.parts.has(name)) return void this.parts.get(name).take(found);
    const part = new Part(this, name, front, found);
    this.parts.set(name, part);
    this.#done(name, (wanted) => wanted.resolve(part));
  }

  #done(name, settle) {
    const wanted = this.waiting.get(name);
    this.waiting.delete(name);
    clearTimeout(wanted?.timer);
    if (wanted) settle(wanted);
  }

  #forget(names) {
    for (const name of names) this.parts.delete(name);
    for (const f of this.watchers) f(names);
  }
}

/** What a view takes for its model. */
export class Part {
  constructor(hub, name, front, state) {
    this.hub = hub;
    this.name = name;
    this.front = front;
    this.state = state;
    /** @type {Record<string, any>} what is to be saved */
    this.fresh = {};
    /** @type {Map<string, Set<Function>>} */
    this.heard = new Map();
  }

  get(name) {
    return this.state[name];
  }

  set(name, value) {
    if (this.state[name] === value) return;
    this.fresh[name] = value;
    this.#change(name, value);
  }

  save_changes() {
    const state = this.fresh;
    this.fresh = {};
    if (Object.keys(state).length === 0) return;
    try {
      this.hub.tell(this.name, { method: "update", state, buffer_paths: [] });
    } catch {
      // the kernel is gone, as after a restart: what is in the page works on without it
    }
  }

  send(content) {
    this.hub.tell(this.name, { method: "custom", content });
  }

  on(event, f) {
    if (!this.heard.has(event)) this.heard.set(event, new Set());
    this.heard.get(event).add(f);
  }

  off(event, f) {
    if (f) this.heard.get(event)?.delete(f);
    else this.heard.delete(event);
  }

  /** Take values that came from Python: all of them first, then their listeners are told. */
  take(state) {
    const changed = Object.entries(state).filter(([name, value]) => !same(this.state[name], value));
    for (const [name, value] of changed) this.state[name] = value;
    for (const [name, value] of changed) this.#fire(`change:${name}`, value);
  }

  /** A message of the widget protocol. */
  hear(data, buffers, own) {
    if (data.method === "custom") this.#fire("msg:custom", data.content, buffers);
    else if (data.state && !(own && data.method === "echo_update")) this.take(filled(data.state, data.buffer_paths, buffers));
  }

  #change(name, value) {
    this.state[name] = value;
    this.#fire(`change:${name}`, value);
  }

  /** @param {string} event @param {any[]} what */
  #fire(event, ...what) {
    for (const f of [...(this.heard.get(event) ?? [])]) f(...what);
  }
}

/** Whether two values of a trait are equal: a part that is asked for twice comes twice, and is not to be drawn twice. */
function same(a, b) {
  if (a === b) return true;
  if (a === null || b === null || typeof a !== "object" || typeof b !== "object") return false;
  if ("byteLength" in a && "byteLength" in b) return sameBytes(bytesOf(a), bytesOf(b));
  return !("byteLength" in a || "byteLength" in b) && JSON.stringify(a) === JSON.stringify(b);
}

function sameBytes(a, b) {
  return a.length === b.length && a.every((byte, i) => byte === b[i]);
}

function filled(state, paths = [], buffers = []) {
  const found = { ...state };
  paths.forEach(([name], i) => (found[name] = buffers[i]));
  return found;
}
