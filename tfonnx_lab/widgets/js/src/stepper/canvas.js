// The middle: before and after, side by side, at one scale and one scroll position.

import { h } from "../common/dom.js";
import { draw } from "./draw.js";

const SMALLEST = 0.7; // below this, text cannot be read: scroll instead
const READABLE = 0.85;

export class Canvas {
  constructor({ onselect }) {
    this.onselect = onselect;
    this.zoom = 1;
    this.panes = {};
    const pane = (side) => {
      this.panes[side] = h("div", { class: "tl-pane", tabindex: -1 });
      this.panes[side].addEventListener("scroll", () => this.#follow(side));
      return h("figure", { class: `tl-side tl-${side}` }, h("figcaption", {}, side), this.panes[side]);
    };
    this.note = h("p", { class: "tl-note", hidden: true });
    this.element = h("div", { class: "tl-canvas" }, pane("before"), pane("after"));
    new ResizeObserver(() => this.fit()).observe(this.element);
  }

  show(scene, placed, selected) {
    this.placed = placed;
    for (const [side, pane] of Object.entries(this.panes)) {
      pane.replaceChildren(draw(scene, placed, side, { selected, onselect: this.onselect }));
    }
    const changed = [...scene.vertices.values()].filter((v) => v.status !== "kept").map((v) => placed.boxes.get(v.id));
    this.middle = centre(changed.length ? changed : [...placed.boxes.values()]);
    this.fit(true);
    this.note.hidden = scene.hidden === 0;
    this.note.textContent = `${scene.hidden} more nodes belong to this step: press Enter for the whole graph`;
  }

  /** Whether a picture of this size can be read without scrolling. */
  fits({ width, height }) {
    const { clientWidth, clientHeight } = this.panes.before;
    return clientWidth === 0 || Math.min(clientWidth / (width + 52), clientHeight / (height + 52)) >= READABLE;
  }

  /** Scale the pictures so that they fit, within what can be read; in the middle is what changed. */
  fit(recentre = false) {
    if (!this.placed) return;
    const { clientWidth, clientHeight } = this.panes.before;
    if (clientWidth === 0) return;
    const [width, height] = [this.placed.width + 52, this.placed.height + 52];
    const scale = Math.max(SMALLEST, Math.min(1.15, clientWidth / width, clientHeight / height)) * this.zoom;
    for (const pane of Object.values(this.panes)) {
      const svg = pane.firstChild;
      svg.setAttribute("width", width * scale);
      svg.setAttribute("height", height * scale);
      if (recentre) {
        pane.scrollLeft = (this.middle.x + 26) * scale - clientWidth / 2;
        pane.scrollTop = (this.middle.y + 26) * scale - clientHeight / 2;
      }
    }
  }

  scaleBy(factor) {
    this.zoom = factor === 0 ? 1 : Math.min(3, Math.max(0.3, this.zoom * factor));
    this.fit(true);
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

function centre(boxes) {
  const mid = (values) => (Math.min(...values) + Math.max(...values)) / 2;
  return { x: mid(boxes.map((b) => b.x)), y: mid(boxes.map((b) => b.y)) };
}
