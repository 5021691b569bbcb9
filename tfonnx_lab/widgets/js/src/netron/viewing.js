// A graph in Netron with a line of tools over it: the part around the selection where it is large, a search, the keyboard.
// What is shown, a trace or a file, is said by the classes that extend this one. A node is known by its key, a number.

import { h } from "../common/dom.js";
import { sized } from "../common/sized.js";
import { Frame } from "./frame.js";
import { Tools } from "./tools.js";

export class Viewing {
  selected = null;
  centre = null;
  /** @type {Set<number> | null} the keys of the nodes that are drawn; null where all are */
  drawn = null;
  /** Netron's, once its frame has loaded. */
  view = null;
  all = false;
  choosing = false;

  /**
   * @param {Element} parent
   * @param {{title: string, onselect?: Function, onkey?: Function}} hooks onselect(key or null, name): the reader chose a
   * node; onkey(key): one that is not used here
   */
  constructor(parent, { title, onselect, onkey }) {
    this.onselect = onselect;
    this.queue = Promise.resolve();
    this.tools = new Tools({ onfind: (text, by) => this.#find(text, by), onwhole: () => this.#whole() });
    const place = h("div", { class: "tl-whole" });
    this.element = h("div", { class: "tl-netron-view" }, this.tools.element, place);
    parent.replaceChildren(this.element);
    this.frame = new Frame(place, {
      title,
      onkey: (event) => this.#key(event, onkey),
      onfocus: (inside) => this.tools.hint(inside),
      onready: (fresh) => {
        this.view = fresh;
        this.fresh();
        this.queue = Promise.resolve(); // what waits for a frame that is gone waits for ever
        this.later();
      },
    });
  }

  /** Draw what is wanted, after what is being drawn, when it is in sight. `open(view)` does it. */
  later() {
    this.queue = this.queue.then(() => sized(this.frame.frame)).then(() => this.view && this.open(this.view)).catch((error) => console.warn("Netron:", error));
  }

  /** Go to a step, where there are steps. */
  go(_step, _plain) {}

  select(key) {
    if (key !== this.selected) this.#choose(key);
  }

  close() {
    this.view?.dispose();
    this.view = null;
    this.element.remove();
  }

  // what a class that extends this one says

  /** Draw what is wanted. @returns {Promise<void>} */
  async open(_view) {
    throw new Error("a view says how it is drawn");
  }

  /** What is drawn is not what is wanted, or there is a new frame. */
  fresh() {
    throw new Error("a view says what is drawn");
  }

  /** @returns {number[]} the keys of all nodes in the graph that is looked at */
  keys() {
    throw new Error("a view knows its nodes");
  }

  /** @returns {boolean} whether the graph has the node */
  has(_key) {
    throw new Error("a view knows its nodes");
  }

  /** @returns {{op: string, name: string}} */
  about(_key) {
    throw new Error("a view knows its nodes");
  }

  /** @returns {{before: number[], after: number[]}} the nodes that feed one, and those that it feeds */
  around(_key) {
    throw new Error("a view knows its nodes");
  }

  /** @returns {number | null} the key of a node of Netron's */
  keyOf(_node) {
    throw new Error("a view knows its nodes");
  }

  /** @returns {any} Netron's node of a key; undefined where it is not drawn */
  nodeOf(_key) {
    throw new Error("a view knows its nodes");
  }

  /** What was selected in Netron itself. */
  picked(target) {
    if (this.choosing) return;
    const node = [...target.selection][0]?.value;
    this.selected = node ? this.keyOf(node) : null;
    this.onselect?.(this.selected, node?.name ?? "");
    this.#say();
  }

  /** Show a node as selected, and scroll to it. @returns {boolean} whether it is drawn */
  see(key) {
    const node = key === null ? null : this.nodeOf(key);
    this.choosing = true;
    const elements = this.view.target.select(node ? [node] : null);
    this.choosing = false;
    if (elements) this.#reveal(elements);
    return Boolean(node);
  }

  /** Scroll to what is selected, now or when the graph is in sight. */
  async #reveal(elements) {
    await sized(this.frame.frame);
    if (elements[0]?.isConnected) this.view?.target?.scrollTo(elements, "instant");
  }

  /** Select a node, and draw its surroundings where it is not drawn yet. */
  #choose(key) {
    this.selected = key;
    this.#say();
    if (!this.view?.target) return;
    if (key !== null && this.drawn && !this.drawn.has(key) && this.has(key)) {
      this.centre = key;
      this.fresh();
      this.later();
    } else this.see(key);
  }

  #pick(key) {
    this.#choose(key);
    this.onselect?.(key, this.about(key).name);
  }

  #say() {
    const about = this.selected === null || !this.has(this.selected) ? null : this.about(this.selected);
    const keys = this.keys();
    this.tools.say(about ? `${about.op} ${about.name}, node ${keys.indexOf(this.selected) + 1} of ${keys.length}` : "");
  }

  #whole() {
    this.all = !this.all;
    this.centre = this.selected;
    this.fresh();
    this.later();
  }

  #find(text, by) {
    const words = text.toLowerCase().split(/\s+/).filter(Boolean);
    const fits = ({ op, name }) => words.every((word) => `${op} ${name}`.toLowerCase().includes(word));
    const found = words.length === 0 ? [] : this.keys().filter((key) => fits(this.about(key)));
    if (found.length === 0) return { at: -1, count: 0 };
    const now = found.indexOf(this.selected);
    const at = now < 0 ? 0 : (now + by + found.length) % found.length;
    this.#pick(found[at]);
    return { at, count: found.length };
  }

  /** Netron lets go of the selection with its properties; here it stays. */
  #closeProperties() {
    this.choosing = true;
    this.view._sidebar.close();
    this.see(this.selected);
  }

  #key(event, onkey) {
    const { key, target } = event;
    if (event.ctrlKey || event.metaKey || event.altKey || !this.view?.target) return;
    const beside = target.closest?.("#sidebar");
    if (key === "Escape") {
      if (this.view._sidebar._stack.length > 0) this.#closeProperties();
      else onkey?.(key);
      event.stopImmediatePropagation();
    }
    if (beside || target.closest?.("button, select")) return;
    const found = KEYS[key];
    if (!found) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    found(this, (next) => next !== undefined && this.#pick(next));
  }
}

const KEYS = {
  ArrowRight: (at, pick) => pick(beside(at, 1)),
  ArrowLeft: (at, pick) => pick(beside(at, -1)),
  ArrowDown: (at, pick) => pick(at.selected === null ? first(at) : at.around(at.selected).after[0]),
  ArrowUp: (at, pick) => pick(at.selected === null ? first(at) : at.around(at.selected).before[0]),
  Home: (at, pick) => pick(at.keys()[0]),
  End: (at, pick) => pick(at.keys().at(-1)),
  Enter: (at) => properties(at),
  "+": ({ view }) => view.zoomIn(),
  "-": ({ view }) => view.zoomOut(),
  0: ({ view }) => view.resetZoom(),
};

function first(at) {
  return at.keys().find((key) => !at.drawn || at.drawn.has(key));
}

function beside(at, by) {
  const keys = at.keys();
  const now = keys.indexOf(at.selected);
  return now < 0 ? first(at) : keys[now + by];
}

/** Netron's own properties of the selected node, with the focus in them: Escape goes back to the graph. */
function properties(at) {
  const node = at.selected === null ? null : at.nodeOf(at.selected);
  if (!node) return;
  at.view.showNodeProperties(node);
  at.view.host.document.getElementById("sidebar-closebutton").focus();
}
