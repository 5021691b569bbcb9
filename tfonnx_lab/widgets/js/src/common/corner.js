// What every view can do: fill the screen, and give its pictures away.

import { h } from "./dom.js";
import { save } from "./pictures.js";

/**
 * Buttons for a view.
 * @param {HTMLElement} whole what fills the screen
 * @param {() => HTMLElement} shown what has the pictures
 * @param {() => string} name of a file, without its ending
 */
export function corner(whole, shown, name) {
  const full = h("button", { type: "button", class: "tl-button", title: "Full screen; Escape leaves it", onclick: () => toggle(whole) }, "full screen");
  const said = h("span", { class: "tl-dim", role: "status" });
  const picture = (kind) =>
    h("button", { type: "button", class: "tl-button", title: `Save the pictures in sight as ${kind.toUpperCase()}`, onclick: async () => {
      const found = await save(shown(), name(), kind).catch((error) => String(error));
      said.textContent = found === true ? "" : found === false ? "no picture here" : found;
    } }, kind.toUpperCase());
  whole.addEventListener("fullscreenchange", () => whole.classList.toggle("tl-fills", document.fullscreenElement === whole));
  whole.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || !whole.classList.contains("tl-fills") || event.defaultPrevented) return;
    leave(whole);
    event.stopPropagation();
  });
  return h("span", { class: "tl-corner", role: "group", "aria-label": "the view" }, said, picture("svg"), picture("png"), full);
}

/** Where the browser refuses (a frame that may not), the view fills the window. */
async function toggle(whole) {
  if (whole.classList.contains("tl-fills")) return leave(whole);
  whole.classList.add("tl-fills");
  return whole.requestFullscreen?.().catch(() => {});
}

function leave(whole) {
  whole.classList.remove("tl-fills");
  if (document.fullscreenElement === whole) document.exitFullscreen();
}
