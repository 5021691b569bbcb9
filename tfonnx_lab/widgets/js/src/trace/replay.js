// Goes to any position of a trace: 0 is the start graph, `steps.length` the end.

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
    const { edits } = this.trace.steps[this.position];
    this.undo.push(edits.map((edit) => this.state.apply(edit)).reverse());
    this.position += 1;
    this.sizes[this.position] = this.state.size;
  }

  #back() {
    for (const edit of this.undo.pop()) this.state.apply(edit);
    this.position -= 1;
  }
}
