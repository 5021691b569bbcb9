// What to change, and a way to try it.

import { h } from "../common/dom.js";

export function advice(data, { act, ask, converted }) {
  if (data.rows.length === 0) return [h("p", { class: "tlm-pad" }, data.title)];
  const named = Object.keys({ ...Object.fromEntries(data.rows.map((row) => [row.provider, 1])) });
  return named.map((provider) =>
    h(
      "section",
      { class: "tlm-wide" },
      h("h4", {}, h("button", { type: "button", class: "tl-link tlv-to", onclick: () => ask(provider.toLowerCase()) }, provider)),
      h("ul", { class: "tlm-advice" }, ...data.rows.filter((row) => row.provider === provider).map((row) => item(row, act, converted))),
    ),
  );
}

function item(row, act, converted) {
  const share = row.of ? Math.max(2, (100 * row.nodes) / row.of) : 0;
  const told = `${row.won ? "wins" : "said of"} ${row.nodes}${row.of ? ` of ${row.of}` : ""} nodes`;
  const button = row.try && converted ? h("button", { type: "button", class: "tl-button", title: "convert again with it, and see what the providers would run", "data-key": `try ${row.what}`, onclick: () => act("try", { options: row.try }) }, "try") : null;
  return h("li", {}, h("span", { class: "tlm-share", title: told, "aria-hidden": true }, h("i", { style: `width:${share}%` })), h("span", { class: "tlm-count" }, told), h("span", { class: "tlm-what" }, row.what), button);
}
