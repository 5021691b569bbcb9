// The frame that Netron draws in: its page and styles, without scripts. Loading it again is no harm: JupyterLab moves
// outputs about, and a frame that is moved loads anew.

import css from "netron/grapher.css";
import html from "netron/index.html";
import { View } from "netron/view.js";
import "./gentle.js";
import { h } from "../common/dom.js";
import { Host } from "./host.js";

const [DARK, LIGHT] = ["all", "not all"]; // the media in which the dark theme's rules hold
const POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data: blob:";
const MARKS = `
  .welcome #target { visibility: hidden; }
  #target:focus-visible, button:focus-visible, #sidebar a:focus-visible { outline: 3px solid #1976d2 !important; outline-offset: -3px; }
  #sidebar, #sidebar-closebutton { transition-property: right, opacity; }
  #sidebar[style*="opacity: 0"] { visibility: hidden; }
  .welcome .logo, .welcome .center, #menu-button { display: none !important; }
  g.tfx-added > .node-border { stroke: #17733a; stroke-width: 3px; }
  g.tfx-added .node-item-type > path { fill: #17733a !important; }
  g.tfx-removed > .node-border { stroke: #b3261e; stroke-width: 3px; stroke-dasharray: 5 3; }
  g.tfx-removed .node-item-type > path { fill: #b3261e !important; }
  g.tfx-p0 .node-item-type > path { fill: #2f6fdb !important; }
  g.tfx-p1 .node-item-type > path { fill: #1b8a5a !important; }
  g.tfx-p2 .node-item-type > path { fill: #a04fc0 !important; }
  g.tfx-p3 .node-item-type > path { fill: #b86a00 !important; }
  g.tfx-p4 .node-item-type > path { fill: #0f8594 !important; }
  g.tfx-p5 .node-item-type > path { fill: #c23a6b !important; }
  g.tfx-p6 .node-item-type > path { fill: #6b7a12 !important; }
  g.tfx-p7 .node-item-type > path { fill: #7a5a3c !important; }
  g.tfx-cpu .node-item-type > path { fill: #8a8a8a !important; }
  g.tfx-cpu > .node-border { stroke: #8a8a8a; stroke-dasharray: 4 3; }
  g.tfx-only > .node-border { stroke: #17733a; stroke-width: 3px; }
  g.tfx-only .node-item-type > path { fill: #17733a !important; }
  g.tfx-differs > .node-border { stroke: #c77c00; stroke-width: 4px; }
  g.tfx-changed > .node-border { stroke: #c77c00; stroke-width: 3px; }
  g.tfx-failed .node-item-type > path { fill: #b3261e !important; }
  g.tfx-failed > .node-border { stroke: #b3261e; stroke-width: 4px; }
`;

export class Frame {
  /** onready(view): the frame has loaded, whenever it does, with a new View; onkey(event); onfocus(whether it has it) */
  constructor(parent, { title, onready, onkey, onfocus }) {
    this.dark = isDark(parent);
    this.parent = parent;
    this.written = this.dark;
    this.frame = h("iframe", { class: "tl-netron", title, srcdoc: this.#page() });
    this.frame.addEventListener("load", async () => {
      const { contentWindow } = this.frame;
      if (!contentWindow?.document.getElementById("target")) return;
      this.#keepFocus(contentWindow);
      followTheme(this);
      const view = new View(new Host(contentWindow));
      await view.start();
      contentWindow.document.addEventListener("keydown", (event) => onkey?.(event), true);
      for (const name of ["focus", "blur"]) contentWindow.addEventListener(name, () => onfocus?.(name === "focus"));
      named(contentWindow.document, title);
      onready(view);
    });
    parent.replaceChildren(this.frame);
  }

  /** Netron focuses what it shows. A view that follows the steps would take the keys from the stepper: only where the
   * reader is in the frame already may it. */
  #keepFocus(window) {
    for (const { prototype } of [window.HTMLElement, window.SVGElement]) {
      const { focus } = prototype;
      const { frame } = this;
      prototype.focus = function (...options) {
        if (document.activeElement === frame) focus.apply(this, options);
      };
    }
  }

  #page() {
    const styles = `<style>${this.#themed(css)}</style><style>${MARKS}</style>`;
    const head = `<meta charset="utf-8"><meta http-equiv="Content-Security-Policy" content="${POLICY}">`;
    return this.#themed(html).replace("<head>", `<head>${head}`).replace("</head>", `${styles}</head>`);
  }

  /** Take the theme that the notebook has now. */
  retheme() {
    const dark = isDark(this.parent);
    const document = this.frame.contentWindow?.document;
    if (!document || dark === this.dark) return;
    this.dark = dark;
    const rules = [...document.styleSheets].flatMap((sheet) => [...sheet.cssRules]);
    for (const { media } of rules) if (media && [DARK, LIGHT].includes(media.mediaText)) media.mediaText = dark ? DARK : LIGHT;
  }

  /** The notebook's theme decides, not the system's. */
  #themed(text) {
    return text.replaceAll("(prefers-color-scheme: dark)", this.dark ? DARK : LIGHT);
  }
}

const frames = new Set(); // that are in a page
const themes = new MutationObserver(() => {
  for (const frame of frames) {
    if (frame.frame.isConnected) frame.retheme();
    else frames.delete(frame);
  }
});

/** Keep a frame in the theme of its notebook. Each time it loads, its page is the one that was written for the first theme. */
function followTheme(frame) {
  frame.dark = frame.written;
  frame.retheme();
  if (frames.size === 0) themes.observe(document.body, { attributes: true, attributeFilter: ["data-jp-theme-light", "data-jp-theme-name"] });
  frames.add(frame);
}

/** Names for screen readers, where Netron gives none. */
function named(document, title) {
  document.documentElement.lang = "en";
  document.title = title;
  const names = {
    target: [`${title}. Arrow keys go from node to node, up and down along the data, Enter opens a node's properties`, "application"],
    "sidebar-closebutton": ["close the properties", "button"],
    "toolbar-target-selector": ["graph", null],
  };
  for (const [id, [name, role]] of Object.entries(names)) {
    document.getElementById(id).setAttribute("aria-label", name);
    if (role) document.getElementById(id).setAttribute("role", role);
  }
}

/** Whether an element stands on a dark ground. */
export function isDark(element) {
  const theme = document.body.dataset.jpThemeLight;
  if (theme) return theme === "false";
  for (let at = element; at; at = at.parentElement) {
    const [r, g, b, a = 1] = (getComputedStyle(at).backgroundColor.match(/[\d.]+/g) ?? [0, 0, 0, 0]).map(Number);
    if (a > 0.5) return r * 0.3 + g * 0.59 + b * 0.11 < 128;
  }
  return matchMedia("(prefers-color-scheme: dark)").matches && document.body.classList.contains("tl-page");
}
