// How wide a text is, without asking the page for a layout.

const FONTS = { op: "650 13px", small: "12px", end: "12px", edge: "12px", mono: "11.5px" };
const MONO = "ui-monospace, SFMono-Regular, Menlo, Consolas, monospace";

/** @returns {(text: string, kind: string) => number} widths in the fonts of style/graph.css */
export function measurer() {
  const context = document.createElement("canvas").getContext("2d");
  const style = getComputedStyle(document.body);
  const family = style.getPropertyValue("--jp-ui-font-family") || 'system-ui, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif';
  const mono = style.getPropertyValue("--jp-code-font-family") || MONO;
  const known = new Map();
  return (text, kind) => {
    const key = `${kind} ${text}`;
    if (!known.has(key)) {
      context.font = `${FONTS[kind]} ${kind === "mono" ? mono : family}`;
      known.set(key, context.measureText(text).width);
    }
    return known.get(key);
  };
}
