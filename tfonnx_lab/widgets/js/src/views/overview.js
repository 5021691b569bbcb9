// The first thing seen: what came in and out, the verdict, what computes in float, what may go wrong. Each line leads on.

import { h } from "../common/dom.js";
import { keepingFocus } from "../common/focus.js";
import { OWN_KEYS } from "../common/keys.js";
import { once } from "../common/once.js";
import { term } from "../common/terms.js";
import { Waiting } from "../common/waiting.js";
import css from "./overview.css";
import views from "./views.css";

const QUESTION = "What came in, what came out, can I trust it?";

export function overview({ model, el }) {
  const waiting = new Waiting(model);
  const body = h("div", { class: "tlo-body" });
  const root = h("section", { class: "tl-root tlv tlo", "aria-label": QUESTION, ...OWN_KEYS }, h("style", {}, views + css), h("header", { class: "tlv-head" }, h("h3", {}, QUESTION), waiting.element), body);
  root.style.height = "auto";
  el.replaceChildren(root);
  /** @param {string} tab @param {{origin?: number | null, index?: number}} place */
  const go = (tab, { origin, index } = {}) => {
    if (origin !== null && origin !== undefined) model.set("selection", origin);
    if (index !== undefined) model.set("index", index);
    model.save_changes();
    waiting.ask({ do: "open", tab });
  };
  const draw = () => body.replaceChildren(...parts(model.get("data"), { go, message: model.get("message"), compare: () => waiting.ask({ do: "compare" }), keep: (path) => path && waiting.ask({ do: "keep", path }) }));
  const again = () => keepingFocus(root, draw);
  draw();
  const names = ["change:data", "change:message"];
  for (const name of names) model.on(name, again);
  return once(() => {
    waiting.close();
    names.forEach((name) => model.off(name, again));
    el.replaceChildren();
  });
}

/** A field for a name, and a button that writes the result there. */
function keeping(name, keep) {
  const field = h("input", { type: "text", class: "tlv-filter", value: name, "aria-label": "where to keep the result", spellcheck: "false" });
  return h("form", { class: "tlo-keep", onsubmit: (event) => (event.preventDefault(), keep(field.value.trim())) }, h("button", { type: "submit", class: "tl-button" }, "keep the result as"), field);
}

function parts(data, { go, message, compare, keep }) {
  const link = (text, tab, place, title) => h("button", { type: "button", class: "tl-link tlv-to", title, onclick: () => go(tab, place) }, text);
  const [[name, size], [made, bytes]] = [data.source, data.target];
  const found = data.verdict;
  const verdict = found
    ? h("p", { class: `tlo-verdict ${found.ok ? "tlo-ok" : "tlo-wrong"}`, role: "status" }, h("b", { "aria-hidden": true }, found.ok ? "✓ " : "✗ "), link(found.text, found.tab ?? "Parity", { origin: found.origin }))
    : h("p", { class: "tlo-verdict" }, data.live ? h("button", { type: "button", class: "tl-button", onclick: compare }, data.compare ?? "compare with LiteRT") : "not compared yet", " ", h("span", { class: "tl-dim", role: "status" }, message || data.compares || "runs both on the same inputs, and says which op is wrong, if one is"));
  return [
    h("p", { class: "tlo-flow" }, h("b", {}, name), h("span", { class: "tl-dim" }, size), h("span", { "aria-label": "became" }, "→"), h("b", {}, made), h("span", { class: "tl-dim" }, bytes)),
    section(term("verdict"), verdict, data.keep && data.live ? keeping(data.keep, keep) : null),
    section(term("steps", "what happened"), h("p", {}, link(data.counts, "Steps", {}, "all of them, one at a time"), data.made ? h("span", { class: "tl-dim" }, ` ${data.made}`) : null), data.types ? h("p", { class: "tl-dim" }, `results of kernels: ${data.types}`) : null),
    section("in and out", h("table", { class: "tlo-ends", "aria-label": "inputs and outputs" }, h("tbody", {}, ...data.ends.map(ends)))),
    section(term("integers", "on integers"), h("p", {}, data.share ? link(data.share, "ONNX Runtime") : "no op stands between Q and DQ: nothing to run on integers"), data.islands.length ? h("h4", {}, term("float island", data.islands.length === 1 ? "float island" : "float islands")) : null, islands(data, link)),
    section(term("risk", "risks"), data.risks.length ? h("ul", {}, ...data.risks.map((risk) => h("li", {}, link(risk.text, risk.tab)))) : h("p", {}, "none known")),
    section(term("rule", "largest rules"), h("ul", { class: "tlo-rules" }, ...data.rules.map((rule) => h("li", {}, link(`${rule.name} ${rule.steps}`, "Steps", { index: rule.index }, rule.doc), h("span", { class: "tl-dim" }, ` ${rule.stage}`))))),
    section("on a phone", data.phone.length ? h("ul", {}, ...data.phone.map(([question, text]) => h("li", {}, link(`${question}: ${text}`, "Mobile")))) : h("p", {}, link("ask: .ort file, kernels, size, NNAPI, CoreML", "Mobile"))),
  ];
}

function islands(data, link) {
  if (data.islands.length === 0) return data.share ? h("p", { class: "tl-dim" }, "no float islands") : null;
  return h("ul", { class: "tlo-islands" }, ...data.islands.map((island) => h("li", {}, link(`${island.text}${island.origin === null ? "" : `, op ${island.origin}`}`, "ONNX Runtime", { origin: island.origin }, island.name), h("span", {}, `: ${island.why}`))));
}

function ends({ what, from, to }) {
  const cell = (lines) => h("td", {}, ...lines.map((line) => h("div", { class: "tlv-wrap" }, ...breakable(line))));
  return h("tr", {}, h("th", { scope: "row" }, what), cell(from), h("td", { "aria-hidden": true }, "→"), cell(to));
}

/** A line that is broken behind the parts of a name, not within a word. */
function breakable(line) {
  return line.split(/(?<=[_/:.])(?=\w)/).flatMap((part, at) => (at === 0 ? [part] : [h("wbr"), part]));
}

function section(title, ...inside) {
  return h("section", { class: "tlo-section" }, h("h4", {}, title), h("div", {}, ...inside));
}
