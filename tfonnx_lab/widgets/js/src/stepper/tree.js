// The list at the left: stages, rules, steps, with counts and a filter. Of a long list only the rows in sight exist.

import { h } from "../common/dom.js";
import { shortName } from "../common/format.js";

const ROW = 23; // the height of a row, as in style/list.css
const SPARE = 8; // rows kept above and below those in sight

export class Tree {
  constructor(order, { ongo, onfilter }) {
    this.order = order;
    this.ongo = ongo;
    this.toggled = new Set(); // stages and rules that are not as they would be: stages open, rules closed but for the current
    [this.current, this.top, this.height] = [0, 0, 600];
    this.search = h("input", { type: "search", class: "tl-search", placeholder: "filter steps", "aria-label": "Filter steps by rule, op, name or note" });
    this.search.addEventListener("input", () => onfilter({ text: this.search.value }));
    this.only = h("input", { type: "checkbox" });
    this.only.addEventListener("change", () => onfilter({ changes: this.only.checked }));
    this.inner = h("div", { class: "tl-rows", role: "none" });
    this.list = h("div", { class: "tl-list", role: "tree", "aria-label": "Steps by stage and rule" }, this.inner);
    this.list.addEventListener("scroll", () => this.#scrolled());
    this.element = h("nav", { class: "tl-left", "aria-label": "Steps" }, this.search, this.list, h("label", { class: "tl-only" }, this.only, "only changes"));
    new ResizeObserver(() => {
      this.height = this.list.clientHeight;
      this.#draw();
    }).observe(this.list);
  }

  /** Make the rows anew, for a step or a filter, and mark the step. */
  render(current) {
    this.current = current;
    const filtered = this.order.filter.text !== "" || this.order.filter.changes;
    this.rows = this.order.groups.flatMap((stage) => this.#stage(stage, filtered));
    if (this.order.visible.length === 0) this.rows.push({ kind: "none" });
    this.inner.style.height = `${this.rows.length * ROW}px`;
    this.#reveal();
    this.#draw();
  }

  #stage(stage, filtered) {
    const rules = stage.rules.map((rule) => this.#rule(stage, rule)).filter((rule) => rule.steps.length > 0 || (!filtered && rule.misses > 0));
    const open = !this.toggled.has(stage.name);
    const count = rules.reduce((sum, rule) => sum + rule.steps.length, 0);
    const head = { kind: "stage", key: stage.name, name: stage.name.charAt(0).toUpperCase() + stage.name.slice(1), open, count };
    if (!open) return [head];
    return [head, ...rules.flatMap((rule) => [rule, ...(rule.open ? rule.steps.map((index) => ({ kind: "step", index })) : [])])];
  }

  #rule(stage, rule) {
    const key = `${stage.name}/${rule.name}`;
    const steps = rule.steps.filter((index) => this.order.shown.has(index));
    const here = steps.includes(this.current);
    return { kind: "rule", key, name: rule.name, doc: rule.doc, misses: rule.misses, steps, open: here !== this.toggled.has(key) };
  }

  #reveal() {
    const at = this.rows.findIndex((row) => row.kind === "step" && row.index === this.current) * ROW;
    if (at < 0) return;
    if (at < this.top + ROW) this.top = Math.max(0, at - 2 * ROW);
    else if (at + 2 * ROW > this.top + this.height) this.top = at + 3 * ROW - this.height;
    else return;
    this.wanted = this.top;
  }

  /** Scroll to the marked step. This makes the page lay itself out, so it comes last. */
  reveal() {
    if (this.wanted !== undefined) this.list.scrollTop = this.wanted;
    this.wanted = undefined;
  }

  #scrolled() {
    this.top = this.list.scrollTop;
    const first = Math.floor(this.top / ROW);
    if (first < this.first || first + Math.ceil(this.height / ROW) > this.last) this.#draw();
  }

  #draw() {
    if (!this.rows) return;
    this.first = Math.max(0, Math.floor(this.top / ROW) - SPARE);
    this.last = Math.min(this.rows.length, Math.ceil((this.top + this.height) / ROW) + SPARE);
    const rows = this.rows.slice(this.first, this.last).map((row) => this[row.kind](row));
    rows.forEach((row, i) => (row.style.top = `${(this.first + i) * ROW}px`));
    this.inner.replaceChildren(...rows);
  }

  #toggle(row) {
    if (!this.toggled.delete(row.key)) this.toggled.add(row.key);
    this.render(this.current);
    this.reveal();
  }

  // the rows by their kind

  stage(row) {
    const twist = h("span", { class: "tl-twist" }, row.open ? "▾" : "▸");
    const props = { class: "tl-item tl-stage", role: "treeitem", "aria-level": 1, "aria-expanded": row.open, onclick: () => this.#toggle(row) };
    return h("div", props, twist, h("span", { class: "tl-grow" }, row.name), h("span", { class: "tl-count" }, row.count));
  }

  rule(row) {
    const twist = h("span", { class: "tl-twist" }, row.steps.length === 0 ? "·" : row.open ? "▾" : "▸");
    const failed = row.steps.some((index) => this.order.trace.steps[index].error);
    const props = { class: `tl-item tl-rule${row.steps.length ? "" : " tl-idle"}`, role: "treeitem", "aria-level": 2, "aria-expanded": row.open, title: row.doc, onclick: () => this.#toggle(row) };
    const bad = failed ? h("span", { class: "tl-bad", title: "a step of this rule failed" }, "failed") : null;
    return h("div", props, twist, h("span", { class: "tl-grow" }, row.name), bad, h("span", { class: "tl-count" }, row.steps.length || `${row.misses} nearly`));
  }

  step({ index }) {
    const step = this.order.trace.steps[index];
    const { op, name } = this.order.subject(step);
    const props = {
      class: `tl-item tl-step${step.error ? " tl-failed" : ""}`, role: "treeitem", "aria-level": 3, "aria-selected": String(index === this.current),
      "data-step": index, title: [name, step.note].filter(Boolean).join("\n"), onclick: () => this.ongo(index),
    };
    return h("div", props, h("span", { class: "tl-number" }, index + 1), h("span", { class: "tl-step-op" }, op), h("span", { class: "tl-step-name" }, shortName(name, 22)));
  }

  none() {
    return h("div", { class: "tl-item tl-none" }, "no step fits the filter");
  }
}
