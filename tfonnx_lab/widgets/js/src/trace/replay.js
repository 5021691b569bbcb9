// Goes to any position of a trace: 0 is the start graph, `steps.length` the end. The one interpreter of edits.

import { apply, inverse } from "./edits.js";
import { State } from "./state.js";

export class Replay {
  constructor(trace) {
    this.trace = trace;
    this.state = new State(trace.start);
    this.position = 0;
    this.undo = [];
    this.sizes = [this.state.size]; // nodes at the positions that were reached
  }

  goto(position) {
    while (this.position < position) this.#forward();
    while (this.position > position) this.#back();
    return this.state;
  }

  /** Nodes before the step and after it. */
  counts(step) {
    const here = this.position;
    if (this.sizes.length <= step + 1) this.goto(step + 1);
    this.goto(here);
    return [this.sizes[step], this.sizes[step + 1]];
  }

  #forward() {
    const undo = [];
    for (const edit of this.trace.steps[this.position].edits) {
      undo.push(inverse(this.state, edit));
      apply(this.state, edit);
    }
    this.undo.push(undo);
    this.position += 1;
    this.sizes[this.position] = this.state.size;
  }

  #back() {
    for (const edits of this.undo.pop().reverse()) for (const edit of edits) apply(this.state, edit);
    this.position -= 1;
  }
}
