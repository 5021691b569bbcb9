// A table of thousands of rows: only those in sight are in the page. Arrow keys walk, headings sort, the field filters.

import { h } from "../common/dom.js";
import { shortName } from "../common/format.js";
import { partsOf, term } from "../common/terms.js";

const ROW = 25; // px, as in views.css
const MARGIN = 12; // rows above and below what is in sight

export function table(every, all, { label, onpick, statuses = [], only: first = null }) {
  const columns = told(every, all);
  let sorting = null;
  let shown = all;
  let chosen = null;
  let status = first;
  const field = h("input", { type: "search", class: "tlv-filter", placeholder: "filter", "aria-label": `filter: ${label}`, oninput: refresh });
  const count = h("span", { class: "tl-dim" });
  const heads = columns.map((c) =>
    h("th", { scope: "col", class: c.numeric ? "tlv-num" : null, "aria-sort": "none" }, h("div", { class: "tlv-word" }, h("button", { type: "button", title: c.hint, onclick: () => sort(c) }, c.title || " "), meaning(c.title))),
  );
  const rows = h("tbody");
  const grid = h("table", { class: "tlv-table", "aria-label": label }, h("thead", {}, h("tr", {}, ...heads)), rows);
  const scroll = h("div", { class: "tlv-scroll", tabindex: "0", "aria-label": `${label} Arrow keys choose a row.`, onkeydown: keys, onscroll: paint }, grid);
  const chips = statuses.map(([name, n]) => h("button", { type: "button", class: "tlv-chip", "aria-pressed": name === first, onclick: () => only(name), title: `show only what is ${name}` }, `${n} ${name}`));
  const group = chips.length > 1 ? h("span", { class: "tlv-chips", role: "group", "aria-label": "show only one status" }, ...chips) : null;
  const element = h("div", { class: "tlv-list" }, h("div", { class: "tlv-tools" }, field, group, count), scroll);
  const watcher = new ResizeObserver(paint);
  watcher.observe(scroll);
  refresh();

  function refresh() {
    const words = field.value.toLowerCase().split(/\s+/).filter(Boolean);
    const text = (row) => columns.map((c) => row[c.key] ?? "").join(" ").toLowerCase();
    shown = all.filter((row) => (status === null || row.status === status) && (words.length === 0 || words.every((word) => text(row).includes(word))));
    if (sorting) {
      const { key, down } = sorting;
      const value = (row) => (row[key] === null || row[key] === undefined ? -Infinity : typeof row[key] === "number" ? row[key] : Number.isNaN(Number(row[key])) ? row[key] : Number(row[key]));
      shown.sort((a, b) => {
        const [x, y] = [value(a), value(b)];
        const order = typeof x === "number" && typeof y === "number" ? x - y : String(x).localeCompare(String(y));
        return down ? -order : order;
      });
    }
    count.textContent = shown.length === all.length ? `${all.length} rows` : `${shown.length} of ${all.length} rows`;
    paint();
  }

  function only(name) {
    status = status === name ? null : name;
    chips.forEach((chip, i) => chip.setAttribute("aria-pressed", statuses[i][0] === status));
    refresh();
  }

  function sort(column) {
    sorting = sorting?.key === column.key ? (sorting.down ? null : { key: column.key, down: true }) : { key: column.key, down: false };
    heads.forEach((head, i) => {
      const mine = sorting?.key === columns[i].key;
      head.setAttribute("aria-sort", mine ? (sorting.down ? "descending" : "ascending") : "none");
    });
    refresh();
  }

  function paint() {
    const from = Math.max(0, Math.floor(scroll.scrollTop / ROW) - MARGIN);
    const to = Math.min(shown.length, from + Math.ceil((scroll.clientHeight || 300) / ROW) + 2 * MARGIN);
    const space = (n) => (n > 0 ? h("tr", { "aria-hidden": true, class: "tlv-space", style: `height:${n * ROW}px` }, h("td", { colspan: columns.length })) : null);
    rows.replaceChildren(...[space(from), ...shown.slice(from, to).map(line), space(shown.length - to)].filter(Boolean));
  }

  function line(row) {
    const cells = columns.map((c) => {
      const text = cell(row[c.key]);
      return h("td", { class: c.numeric ? "tlv-num" : null, title: text.length > 18 ? text : null }, c.key === "name" ? shortName(text, 40) : text);
    });
    const status = [row.status ?? (row.far ? "far" : null), row.retry || (row.was ?? "") !== "" ? "fresh" : null].filter(Boolean).map((name) => `tlv-${name}`);
    return h(
      "tr",
      { class: [...status, row.tint].filter(Boolean).join(" ") || null, "aria-selected": row === chosen, onclick: () => pick(row), "data-origin": row.origin },
      ...cells,
    );
  }

  function pick(row) {
    chosen = row;
    paint();
    onpick(row);
  }

  function keys(event) {
    const step = { ArrowDown: 1, ArrowUp: -1, PageDown: 10, PageUp: -10, Home: -Infinity, End: Infinity }[event.key];
    if (step === undefined || shown.length === 0) return;
    event.preventDefault();
    const now = shown.indexOf(chosen);
    const next = Math.max(0, Math.min(shown.length - 1, now < 0 ? 0 : now + step));
    reveal(next);
    pick(shown[next]);
  }

  function reveal(position) {
    const top = position * ROW;
    if (top < scroll.scrollTop) scroll.scrollTop = top;
    else if (top + 2 * ROW > scroll.scrollTop + scroll.clientHeight) scroll.scrollTop = top + 2 * ROW - scroll.clientHeight;
  }

  return {
    element,
    filter(text) {
      field.value = field.value === text ? "" : text;
      refresh();
    },
    select(origin) {
      if (chosen && chosen.origin === origin) return;
      const found = origin === null || origin === undefined ? -1 : shown.findIndex((row) => row.origin === origin);
      chosen = found < 0 ? null : shown[found];
      if (found >= 0) reveal(found);
      paint();
    },
  };
}

/** The columns that say something of some row: errors that nobody has computed yet leave the room to the names. */
export function told(columns, rows) {
  return rows.length === 0 ? columns : columns.filter(({ key }) => rows.some((row) => cell(row[key]) !== ""));
}

/** What a column's word means, behind it: the word itself sorts. */
function meaning(title) {
  const word = partsOf(title).find(([, found]) => found !== null)?.[1];
  return word === undefined ? null : h("span", { class: "tlv-meaning" }, term(word, "?"));
}

function cell(value) {
  if (value === null || value === undefined) return "";
  return typeof value === "number" && !Number.isInteger(value) ? String(Number(value.toPrecision(3))) : String(value);
}
