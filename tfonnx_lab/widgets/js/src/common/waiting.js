// A busy kernel answers later. Whoever waits is told, and nothing gives up.

import { h } from "./dom.js";

const SOON_MS = 1500;
export const WAITING = "waiting for the kernel: this goes on when it is free (after a restart, run the cell again)";

/** Wait for a promise; `say` is called where that takes a while. */
export async function patient(promise, say) {
  const timer = setTimeout(say, SOON_MS);
  try {
    return await promise;
  } finally {
    clearTimeout(timer);
  }
}

/** A line that is seen while Python has not yet done what it was asked for. */
export class Waiting {
  constructor(model) {
    this.model = model;
    this.due = 0;
    this.timer = null;
    this.element = h("p", { class: "tl-waiting", role: "status" });
    this.heard = (message) => message?.done !== undefined && this.#less();
    model.on("msg:custom", this.heard);
  }

  /** Ask Python; it answers `{done}` when it has done it. */
  ask(message) {
    this.due += 1;
    this.timer ??= setTimeout(() => (this.element.textContent = WAITING), SOON_MS);
    this.model.send(message);
  }

  /** Something was set in the model, which Python hears of. */
  told() {
    if (this.due === 0) this.ask({ do: "nothing" });
  }

  #less() {
    this.due = Math.max(0, this.due - 1);
    if (this.due > 0) return;
    clearTimeout(this.timer);
    this.timer = null;
    this.element.textContent = "";
  }

  close() {
    clearTimeout(this.timer);
    this.model.off("msg:custom", this.heard);
  }
}
