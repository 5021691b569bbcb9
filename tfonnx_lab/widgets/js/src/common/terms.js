// What the words mean: a term opens its sentence where it stands. The sentences are the package's (texts/glossary.json).

import GLOSSARY from "../../../../texts/glossary.json" with { type: "json" };
import { h } from "./dom.js";

/** @type {Record<string, string>} */
export const TERMS = GLOSSARY;

const LONGEST_FIRST = Object.keys(TERMS).sort((a, b) => b.length - a.length);
const WORD = new RegExp(`\\b(${LONGEST_FIRST.join("|")})(s|d)?\\b`, "gi");
const KNOWN = new Map(LONGEST_FIRST.map((word) => [word.toLowerCase(), word]));
const QUIET = new Set(["within", "exact"]); // ordinary words, too: not marked in a running text
const MARGIN = 8;

/** The term that a word of a text is, in the singular or plural; undefined where it is none. */
export function termOf(word) {
  const plain = word.toLowerCase();
  return KNOWN.get(plain) ?? KNOWN.get(plain.replace(/[sd]$/, ""));
}

/** The parts of a text: [text, term or null], each term once. */
export function partsOf(text) {
  const found = [];
  const seen = new Set();
  let at = 0;
  for (const match of text.matchAll(WORD)) {
    const word = termOf(match[0]);
    if (word === undefined || QUIET.has(word) || seen.has(word)) continue;
    seen.add(word);
    if (match.index > at) found.push([text.slice(at, match.index), null]);
    found.push([match[0], word]);
    at = match.index + match[0].length;
  }
  if (at < text.length) found.push([text.slice(at), null]);
  return found;
}

/** A word that explains itself at a click. */
export function term(word, shown = word) {
  const says = h("span", { class: "tl-says", role: "note", popover: "auto" });
  const button = h("button", { type: "button", class: "tl-term", title: TERMS[word], "aria-expanded": false, onclick: open, onkeydown: escape }, shown);
  const closed = () => {
    says.replaceChildren();
    button.setAttribute("aria-expanded", false);
  };
  function escape(event) {
    if (event.key !== "Escape" || !says.firstChild) return;
    event.preventDefault(); // views have this key, too
    event.stopPropagation();
    open(event);
  }
  says.addEventListener("toggle", (event) => /** @type {any} */ (event).newState === "closed" && closed());
  function open(event) {
    event.stopPropagation();
    const opening = !says.firstChild;
    if (opening) says.replaceChildren(TERMS[word]);
    button.setAttribute("aria-expanded", opening);
    if (!says.showPopover) {
      if (!opening) closed();
      return;
    }
    if (opening) {
      says.showPopover();
      beside(says, button);
    } else says.hidePopover();
  }
  return h("span", { class: "tl-explained" }, button, says);
}

/** A text whose terms explain themselves. */
export const explained = (text) => partsOf(text).map(([shown, word]) => (word === null ? shown : term(word, shown)));

/** Below the word, inside of the window. */
function beside(says, button) {
  const at = button.getBoundingClientRect();
  const { offsetWidth: width, offsetHeight: height } = says;
  says.style.left = `${Math.max(MARGIN, Math.min(at.left, innerWidth - width - MARGIN))}px`;
  says.style.top = `${at.bottom + height + MARGIN > innerHeight ? Math.max(MARGIN, at.top - height - 4) : at.bottom + 4}px`;
}
