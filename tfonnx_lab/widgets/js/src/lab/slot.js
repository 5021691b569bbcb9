// The place of a part in the page: what is told until it is there, why it is not, and the part itself.

import { h } from "../common/dom.js";
import { patient, WAITING } from "../common/waiting.js";

const MOMENT = "one moment, this is computed when it is looked at ...";

/** Draws a part into an element when `show` is called, and anew where the part is another one since. */
export class Slot {
  /** draw(front, { model, el }): draws a view and returns what ends it */
  constructor(hub, name, draw, props = {}) {
    this.hub = hub;
    this.name = name;
    this.draw = draw;
    /** @type {(() => void) | null} */
    this.end = null;
    /** @type {any} the part that is drawn */
    this.part = null;
    this.opening = false;
    this.element = h("div", { class: "tl-slot", ...props });
  }

  async show() {
    if (this.opening) return;
    const known = this.hub.parts.get(this.name);
    if (this.part && known === this.part) return;
    this.opening = true;
    this.close();
    const say = (text) => this.part || this.element.replaceChildren(h("p", { class: "tl-waiting", role: "status" }, text));
    let begun = false;
    try {
      say(MOMENT);
      const coming = this.hub.open(this.name, () => {
        begun = true;
        say(MOMENT);
      });
      const part = await patient(coming, () => begun || say(WAITING));
      this.part = part;
      this.element.replaceChildren();
      const inner = h("div", {});
      this.element.append(inner);
      this.end = await this.draw(part.front, { model: part, el: inner });
    } catch (error) {
      this.element.replaceChildren(h("p", { role: "alert", class: "tl-why-not" }, error.message));
    } finally {
      this.opening = false;
    }
  }

  close() {
    this.end?.();
    this.end = null;
    this.part = null;
  }
}
