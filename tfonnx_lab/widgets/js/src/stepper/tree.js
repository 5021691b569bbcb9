// The list at the left: stages, rules, steps, with counts and a filter. Of a long list only the rows in sight exist. Tab
// leads to it; inside, arrow keys walk from row to row, left and right close and open.

import { h } from "../common/dom.js";
import { shortName } from "../common/format.js";

const ROW = 23; // the height of a row, as in style/list.css
const SPARE = 8; // rows kept above and below those in sight

let made = 0;

export class Tree {
  constructor(order, { ongo, onfilter }) {
    this.order = order;
    this.ongo = ongo;
    this.toggled = new Set(); // stages and rules that are not as they would be: stages open, rules closed but for the current
    [this.current, this.top, this.height] = [0, 0, 600];
    this.active = null; // the row that the keys are at: its key
    this.rows = [];
    this.id = `tl-tree-${(made += 1)}`;
    this.search = h("input", { type: "search", class: "tl-search", placeholder: "filter steps", "aria-label": "Filter steps by rule, op, name or note" });
    this.search.addEventListener("input", () => onfilter({ text: this.search.value }));
    this.only = h("input", { type: "checkbox" });
    this.only.addEventListener("change", () => onfilter({ changes: this.only.checked }));
    this.fresh = h("input", { type: "checkbox" });
    this.fresh.addEventListener("change", () => onfilter({ fresh: this.fresh.checked }));
    this.layer = h("select", { class: "tl-layer", "aria-label": "Show the steps of one layer" },
      h("option", { value: "" }, "all layers"),
      [...order.layers].map(([layer, own]) => h("option", { value: layer }, `${layer} (${own.size})`)));
    this.layer.addEventListener("change", () => onfilter({ layer: this.layer.value }));
    this.inner = h("div", { class: "tl-rows", role: "none" });
    this.list = h("div", { class: "tl-list", role: "tree", tabindex: 0, "aria-label": "Steps by stage and rule" }, this.inner);
    this.list.addEventListener("keydown", (event) => this.#key(event));
    this.list.addEventListener("focus", () => this.#activate(this.#at() ?? 0));
    this.list.addEventListener("blur", () => this.#activate(null));
    this.list.addEventListener("scroll", () => this.#scrolled());
    this.element = h("nav", { class: "tl-left", "aria-label": "Steps" }, this.search, order.layers.size > 0 ? this.layer : null, this.list, h("label", { class: "tl-only" }, this.only, "only changes"),
      order.marks.size > 0 ? h("label", { class: "tl-only" }, this.fresh, `only what the retry changed (${order.marks.size})`) : null);
    new ResizeObserver(() => {
      this.height = this.list.clientHeight;
      this.#draw();
    }).observe(this.list);
  }

  /** Make the rows anew, for a step or a filter, and mark the step. */
  render(current, reveal = true) {
    this.current = current;
    const filtered = this.order.filter.text !== "" || this.order.filter.changes || this.order.filter.fresh || this.order.filter.layer !== "";
    this.rows = this.order.groups.flatMap((stage) => this.#stage(stage, filtered));
    if (this.order.visible.length === 0) this.rows.push({ kind: "none" });
    this.inner.style.height = `${this.rows.length * ROW}px`;
    if (reveal) this.#reveal();
    this.#draw();
  }

  /** What was open in another list is open in this one. */
  resume({ toggled, active, search, only, layer }) {
    Object.assign(this, { toggled, active });
    this.search.value = search.value;
    this.only.checked = only.checked;
    if (this.order.layers.has(layer.value)) this.layer.value = layer.value;
  }

  /** The position of the active row, else of the current step. */
  #at() {
    const active = this.rows.findIndex((row) => row.key === this.active);
    const at = active >= 0 ? active : this.rows.findIndex((row) => row.kind === "step" && row.index === this.current);
    return at < 0 ? null : at;
  }

  #activate(at) {
    this.active = at === null ? null : (this.rows[at]?.key ?? null);
    if (at !== null) {
      const top = Math.min(Math.max(this.list.scrollTop, (at + 1) * ROW - this.height), at * ROW);
      if (top !== this.list.scrollTop) this.list.scrollTop = this.top = top;
    }
    this.#draw();
  }

  #key(event) {
    if (event.ctrlKey || event.metaKey || event.altKey || this.rows.length === 0) return;
    const at = this.#at() ?? 0;
    const row = this.rows[at];
    const steps = { ArrowDown: 1, ArrowUp: -1, PageDown: 12, PageUp: -12, Home: -Infinity, End: Infinity };
    if (event.key in steps) this.#activate(Math.min(Math.max(at + steps[event.key], 0), this.rows.length - 1));
    else if ((event.key === "ArrowRight" && row.open === false) || (event.key === "ArrowLeft" && row.open)) this.#toggle(row);
    else if (event.key === "Enter" || event.key === " ") {
      if (row.kind === "step") this.ongo(row.index);
      else if (row.open !== undefined) this.#toggle(row);
    } else if (event.key !== "ArrowRight" && event.key !== "ArrowLeft") return;
    event.preventDefault();
    event.stopPropagation();
  }

  #stage(stage, filtered) {
    const rules = stage.rules.map((rule) => this.#rule(stage, rule)).filter((rule) => rule.steps.length > 0 || (!filtered && rule.misses > 0));
    const open = !this.toggled.has(stage.name);
    const count = rules.reduce((sum, rule) => sum + rule.steps.length, 0);
    const head = { kind: "stage", key: stage.name, name: stage.name.charAt(0).toUpperCase() + stage.name.slice(1), open, count };
    if (!open) return [head];
    return [head, ...rules.flatMap((rule) => [rule, ...(rule.open ? rule.steps.map((index) => ({ kind: "step", index, key: `step ${index}` })) : [])])];
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
    this.first = Math.max(0, Math.floor(this.top / ROW) - SPARE);
    this.last = Math.min(this.rows.length, Math.ceil((this.top + this.height) / ROW) + SPARE);
    const rows = this.rows.slice(this.first, this.last).map((row) => this[row.kind](row));
    rows.forEach((row, i) => {
      row.style.top = `${(this.first + i) * ROW}px`;
      row.id = `${this.id}-${this.first + i}`;
      row.classList.toggle("tl-active", this.active !== null && this.rows[this.first + i].key === this.active);
    });
    this.inner.replaceChildren(...rows);
    const active = rows.find((row) => row.classList.contains("tl-active"));
    if (active) this.list.setAttribute("aria-activedescendant", active.id);
    else this.list.removeAttribute("aria-activedescendant");
  }

  #toggle(row) {
    if (!this.toggled.delete(row.key)) this.toggled.add(row.key);
    this.render(this.current, false);
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
    const fresh = row.steps.filter((index) => this.order.marks.has(index)).length;
    const since = fresh > 0 ? h("span", { class: "tl-fresh", title: "new or changed since the retry" }, `${fresh} since retry`) : null;
    const bad = failed ? h("span", { class: "tl-bad", title: "a step of this rule failed" }, "failed") : null;
    return h("div", props, twist, h("span", { class: "tl-grow" }, row.name), since, bad, h("span", { class: "tl-count" }, row.steps.length || `${row.misses} nearly`));
  }

  step({ index }) {
    const step = this.order.trace.steps[index];
    const { op, name } = this.order.subject(step);
    const mark = this.order.marks.get(index);
    const props = {
      class: `tl-item tl-step${step.error ? " tl-failed" : ""}`, role: "treeitem", "aria-level": 3, "aria-selected": String(index === this.current),
      "data-step": index, title: [name, step.note].filter(Boolean).join("\n"), onclick: () => this.ongo(index),
    };
    return h("div", props, h("span", { class: "tl-number" }, index + 1), h("span", { class: "tl-step-op" }, op), h("span", { class: "tl-step-name" }, shortName(name, 22)), mark ? h("span", { class: "tl-fresh", title: `${mark} since the retry` }, mark) : null);
  }

  none() {
    return h("div", { class: "tl-item tl-none" }, "no step fits the filter");
  }
}
