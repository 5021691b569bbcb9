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
    this.begun = false;
    this.timer = null;
    this.words = h("span", {});
    this.bar = h("progress", { class: "tl-progress", "aria-label": "at work", hidden: true });
    this.element = h("p", { class: "tl-waiting", role: "status" }, this.words, this.bar);
    this.heard = (message) => {
      if (message?.done !== undefined) this.#less();
      else if (typeof message?.doing === "string") this.doing(message.doing, message.part ?? null);
    };
    model.on("msg:custom", this.heard);
  }

  /** Ask Python; it answers `{done}` when it has done it. */
  ask(message) {
    this.due += 1;
    this.timer ??= setTimeout(() => this.#say(this.begun ? "" : WAITING, true), SOON_MS);
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
    this.begun = false;
    this.#say("", false);
  }

  /** What is being done: the kernel has begun. part: how much of it is done, from 0 to 1, where that is known. */
  doing(text, part = null) {
    if (this.due === 0) return;
    this.begun = true;
    if (part === null) this.bar.removeAttribute("value");
    else this.bar.value = part;
    this.#say(text, true);
  }

  #say(text, working) {
    this.words.textContent = text;
    this.bar.hidden = !working;
  }

  close() {
    clearTimeout(this.timer);
    this.model.off("msg:custom", this.heard);
  }
}
