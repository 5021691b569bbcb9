// The middle: before and after, side by side, at one scale and one scroll position.

import { h } from "../common/dom.js";
import { draw } from "./draw.js";

const SMALLEST = 0.96; // below this, text cannot be read: scroll instead
const READABLE = 0.96;
const LARGEST = 1.15;
const MARGINS = 52;

export class Canvas {
  constructor({ onselect }) {
    this.onselect = onselect;
    this.zoom = 1;
    this.panes = {};
    const pane = (side) => {
      this.panes[side] = h("div", { class: "tl-pane", tabindex: -1 });
      this.panes[side].addEventListener("scroll", () => this.#follow(side));
      return h("figure", { class: `tl-side tl-${side}`, "aria-label": `${side} the step` }, h("figcaption", {}, side), this.panes[side]);
    };
    this.note = h("p", { class: "tl-note", hidden: true });
    this.element = h("div", { class: "tl-canvas" }, pane("before"), pane("after"));
    this.size = { width: 0, height: 0 }; // of a pane: kept, for to ask is to have the page laid out
    new ResizeObserver(() => {
      this.measure();
      this.fit();
      this.centre();
    }).observe(this.element);
  }

  /** Ask how large a pane is. */
  measure() {
    const { clientWidth: width, clientHeight: height } = this.panes.before;
    this.size = { width, height };
  }

  show(scene, placed, selected) {
    this.placed = placed;
    for (const [side, pane] of Object.entries(this.panes)) {
      pane.replaceChildren(draw(scene, placed, side, { selected, onselect: this.onselect }));
    }
    const boxes = (...kinds) => [...scene.vertices.values()].filter((v) => kinds.includes(v.status)).map((v) => placed.boxes.get(v.id));
    const changed = [...scene.vertices.values()].filter((v) => v.status !== "kept").map((v) => placed.boxes.get(v.id));
    this.middle = middleOf(changed.length ? changed : [...placed.boxes.values()]);
    const gone = boxes("removed", "changed", "failed");
    this.heart = middleOf(gone.length ? gone : changed.length ? changed.slice(0, 1) : [...placed.boxes.values()]);
    this.fit();
    this.note.hidden = scene.hidden === 0;
    this.note.textContent = `${scene.hidden} more nodes belong to this step: press Enter for the whole graph`;
  }

  /** Whether a picture of this size can be read without scrolling. */
  fits({ width, height }) {
    return this.size.width === 0 || this.#whole(width, height) >= READABLE;
  }

  /** Scale the pictures so that they fit, within what can be read. */
  fit() {
    if (!this.placed || this.size.width === 0) return;
    const { width, height } = this.placed;
    this.scale = Math.max(SMALLEST, Math.min(LARGEST, this.#whole(width, height))) * this.zoom;
    for (const pane of Object.values(this.panes)) {
      pane.firstChild.setAttribute("width", (width + MARGINS) * this.scale);
      pane.firstChild.setAttribute("height", (height + MARGINS) * this.scale);
    }
  }

  /** Scroll what changed into the middle, where the picture is larger than its place; where that is larger, too, what the
   * step took away, which stands in both pictures' middle. */
  centre() {
    if (!this.placed || this.size.width === 0) return;
    const { width, height } = this.size;
    const { scale, placed } = this;
    const fits = this.middle.width * scale <= width && this.middle.height * scale <= height;
    const middle = fits ? this.middle : this.heart;
    for (const pane of Object.values(this.panes)) {
      if ((placed.width + MARGINS) * scale > width) pane.scrollLeft = Math.min(middle.x * scale - width / 2, middle.left * scale);
      if ((placed.height + MARGINS) * scale > height) pane.scrollTop = Math.min(middle.y * scale - height / 2, middle.top * scale);
    }
  }

  #whole(width, height) {
    return Math.min(this.size.width / (width + MARGINS), this.size.height / (height + MARGINS));
  }

  scaleBy(factor) {
    this.zoom = factor === 0 ? 1 : Math.min(3, Math.max(0.3, this.zoom * factor));
    this.fit();
    this.centre();
  }

  mark(selected) {
    for (const vertex of this.element.querySelectorAll(".tl-vertex")) {
      vertex.classList.toggle("tl-selected", selected !== null && vertex.dataset.node === String(selected));
    }
  }

  #follow(side) {
    const other = this.panes[side === "before" ? "after" : "before"];
    const { scrollLeft, scrollTop } = this.panes[side];
    if (other.scrollLeft !== scrollLeft) other.scrollLeft = scrollLeft;
    if (other.scrollTop !== scrollTop) other.scrollTop = scrollTop;
  }
}

function middleOf(boxes) {
  const left = Math.min(...boxes.map((b) => b.x - b.width / 2));
  const top = Math.min(...boxes.map((b) => b.y - b.height / 2));
  const right = Math.max(...boxes.map((b) => b.x + b.width / 2));
  const bottom = Math.max(...boxes.map((b) => b.y + b.height / 2));
  return { left, top, width: right - left, height: bottom - top, x: (left + right + MARGINS) / 2, y: (top + bottom + MARGINS) / 2 };
}
