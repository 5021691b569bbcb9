// Small pieces that the questions share.

import { h } from "../common/dom.js";
import { explained } from "../common/terms.js";

/** Buttons of which one is chosen. list: values, or [value, text, hint]. */
export function choice(label, list, current, onpick) {
  const buttons = list.map((item) => {
    const [value, text, hint] = Array.isArray(item) ? item : [item, String(item), null];
    const props = { type: "button", class: "tlv-chip", "aria-pressed": value === current, title: hint, "data-key": `${label} ${value}`, onclick: () => onpick(value) };
    return h("button", props, text);
  });
  return h("span", { class: "tlm-choice" }, h("span", { class: "tl-dim" }, label), h("span", { class: "tlv-chips", role: "group", "aria-label": label }, ...buttons));
}

/** A box with its word. */
export function box(label, on, onchange, { key = label, hint = null, text = label, disabled = false } = {}) {
  const input = h("input", { type: "checkbox", checked: on, disabled, "aria-label": label, "data-key": key, onchange: () => onchange(input.checked) });
  return h("label", { class: "tlm-box", title: hint }, input, text);
}

/** A field for a name and the button that does something with it; Enter does it, too. */
export function named(label, value, does, onsubmit, { placeholder = "", hint = null } = {}) {
  const field = h("input", { type: "text", class: "tlv-filter tlm-path", value, placeholder, "aria-label": label, "data-key": label, spellcheck: "false" });
  const submit = (event) => {
    event.preventDefault();
    if (field.value.trim()) onsubmit(field.value.trim());
  };
  const sent = h("button", { type: "submit", class: "tl-button", title: hint, "data-key": `${label} go` }, does);
  return h("form", { class: "tlm-named", onsubmit: submit }, field, sent);
}

/** A table of plain cells; the last `numbers` columns are numbers. */
export function plain(label, head, rows, numbers = 0) {
  const side = (i) => (i >= head.length - numbers ? "tlv-num" : null);
  const cell = (text, i) => h("td", { class: side(i), title: String(text).length > 40 ? text : null }, text);
  return h(
    "table",
    { class: "tlv-table tlm-plain", "aria-label": label },
    h("thead", {}, h("tr", {}, ...head.map((text, i) => h("th", { scope: "col", class: side(i) }, text)))),
    h("tbody", {}, ...rows.map((row) => h("tr", {}, ...row.map(cell)))),
  );
}

/** A command in a frame, with a button that copies it. */
export function command(text, label) {
  const copy = h("button", { type: "button", class: "tl-button", "data-key": `copy ${label}`, onclick: copied }, "copy");
  function copied() {
    navigator.clipboard?.writeText(text);
    copy.textContent = "copied";
    setTimeout(() => {
      copy.textContent = "copy";
    }, 1500);
  }
  return h("div", { class: "tlm-command" }, copy, h("pre", { tabindex: 0, "aria-label": label }, text));
}

export function details(title, ...inside) {
  return h("details", { "data-open": title }, h("summary", {}, title), ...inside);
}

/** Facts, a line each. */
export function facts(list) {
  return h("dl", { class: "tlm-facts" }, ...list.flatMap(([word, text]) => [h("dt", {}, ...explained(word)), h("dd", {}, text)]));
}

/** Draw a part anew, and leave the focus, what is scrolled and what is open as a person left it. */
export function redraw(place, ...parts) {
  const root = place.getRootNode();
  const at = place.contains(root.activeElement) ? root.activeElement.dataset.key : null;
  const scrolled = new Map([place, ...place.querySelectorAll("[data-scroll]")].map((e) => [e.dataset.scroll, [e.scrollTop, e.scrollLeft]]));
  const open = new Set([...place.querySelectorAll("details[open]")].map((e) => e.dataset.open));
  place.replaceChildren(...parts.flat().filter(Boolean));
  for (const e of place.querySelectorAll("details")) if (open.has(e.dataset.open)) e.open = true;
  for (const e of [place, ...place.querySelectorAll("[data-scroll]")]) [e.scrollTop, e.scrollLeft] = scrolled.get(e.dataset.scroll) ?? [0, 0];
  if (at) [...place.querySelectorAll("[data-key]")].find((e) => e.dataset.key === at)?.focus({ preventScroll: true });
}
