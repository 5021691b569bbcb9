// The list at the left: stages, rules, steps, with counts and a filter.

import { h } from "../common/dom.js";
import { shortName } from "../common/format.js";

export class Tree {
  constructor(order, { ongo, onfilter }) {
    this.order = order;
    this.ongo = ongo;
    this.closed = new Set(); // stages
    this.open = new Set(); // rules, by stage and name
    this.search = h("input", { type: "search", class: "tl-search", placeholder: "filter steps", "aria-label": "Filter steps by rule, op, name or note" });
    this.search.addEventListener("input", () => onfilter({ text: this.search.value }));
    this.only = h("input", { type: "checkbox" });
    this.only.addEventListener("change", () => onfilter({ changes: this.only.checked }));
    this.list = h("div", { class: "tl-list", role: "tree", "aria-label": "Steps by stage and rule" });
    this.element = h("nav", { class: "tl-left", "aria-label": "Steps" }, this.search, this.list, h("label", { class: "tl-only" }, this.only, "only changes"));
    this.render(0);
  }

  /** Draw the list anew: after a filter, or when a rule is opened. */
  render(current) {
    this.current = current;
    this.list.replaceChildren(...this.order.groups.map((stage) => this.#stage(stage)));
    if (this.order.visible.length === 0) this.list.append(h("p", { class: "tl-none" }, "no step fits the filter"));
    this.#reveal();
  }

  /** Mark a step; its rule is opened where it is closed. */
  go(index) {
    const row = this.list.querySelector(`[data-step="${index}"]`);
    if (!row) {
      this.render(index);
      return;
    }
    this.current = index;
    const old = this.list.querySelector('[aria-selected="true"]');
    old?.setAttribute("aria-selected", "false");
    row.setAttribute("aria-selected", "true");
    this.#reveal(row);
  }

  #reveal(row = this.list.querySelector('[aria-selected="true"]')) {
    if (!row) return;
    const { top, bottom } = row.getBoundingClientRect();
    const box = this.list.getBoundingClientRect();
    if (top < box.top + 20) this.list.scrollTop -= box.top + 40 - top;
    else if (bottom > box.bottom) this.list.scrollTop += bottom - box.bottom + 40;
  }

  #stage(stage) {
    const rules = stage.rules.map((rule) => ({ ...rule, key: `${stage.name}/${rule.name}`, shown: rule.steps.filter((i) => this.order.shown.has(i)) }));
    const count = rules.reduce((sum, rule) => sum + rule.shown.length, 0);
    const open = !this.closed.has(stage.name);
    const toggle = () => {
      if (!this.closed.delete(stage.name)) this.closed.add(stage.name);
      this.render(this.current);
    };
    const head = h("div", { class: "tl-stage", role: "treeitem", "aria-expanded": open, "aria-level": 1, onclick: toggle });
    head.append(h("span", { class: "tl-twist" }, open ? "▾" : "▸"), h("span", { class: "tl-grow" }, title(stage.name)), h("span", { class: "tl-count" }, count));
    const rows = open ? rules.filter((rule) => rule.shown.length > 0 || (!this.#filtered() && rule.misses > 0)) : [];
    return h("div", { role: "none" }, head, rows.map((rule) => this.#rule(rule)));
  }

  #filtered() {
    return this.order.filter.text !== "" || this.order.filter.changes;
  }

  #rule(rule) {
    const here = rule.shown.includes(this.current);
    const open = here ? !this.closed.has(rule.key) : this.open.has(rule.key);
    const toggle = () => {
      const set = here ? this.closed : this.open;
      if (!set.delete(rule.key)) set.add(rule.key);
      this.render(this.current);
    };
    const failed = rule.shown.some((i) => this.order.trace.steps[i].error);
    const head = h("div", { class: `tl-rule${rule.shown.length ? "" : " tl-idle"}`, role: "treeitem", "aria-expanded": open, "aria-level": 2, title: rule.doc, onclick: toggle });
    head.append(h("span", { class: "tl-twist" }, rule.shown.length ? (open ? "▾" : "▸") : "·"), h("span", { class: "tl-grow" }, rule.name));
    if (failed) head.append(h("span", { class: "tl-bad", title: "a step of this rule failed" }, "failed"));
    head.append(h("span", { class: "tl-count" }, rule.shown.length || `${rule.misses} nearly`));
    return h("div", { role: "none" }, head, open ? rule.shown.map((i) => this.#step(i)) : []);
  }

  #step(index) {
    const step = this.order.trace.steps[index];
    const { op, name } = this.order.subject(step);
    const row = h("div", {
      class: `tl-step${step.error ? " tl-failed" : ""}`, role: "treeitem", "aria-level": 3, "aria-selected": index === this.current,
      "data-step": index, title: [name, step.note].filter(Boolean).join("\n"), onclick: () => this.ongo(index),
    });
    row.append(h("span", { class: "tl-number" }, index + 1), h("span", { class: "tl-step-op" }, op), h("span", { class: "tl-step-name" }, shortName(name, 22)));
    return row;
  }
}

const title = (name) => name.charAt(0).toUpperCase() + name.slice(1);
