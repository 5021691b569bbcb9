// JupyterLab and Notebook read keys before what has the focus does: arrows walk the cells, "d d" deletes one. An element can
// say that it wants its keys, but what is inside of it has to say so as well: their shortcuts are for `:focus`, which is
// matched before anything around it is asked. So whatever gets the focus in a view is marked. What ipywidgets makes around
// the views, tab bars and choices, is in the class `tl-own`.

const SUPPRESS = "data-lm-suppress-shortcuts";

/** Attributes of a view that keeps its keys, and the focus of a click anywhere in it. */
export const OWN_KEYS = { [SUPPRESS]: "true", tabindex: -1 };

const mark = ({ target }) => target.closest?.(`.tl-own, [${SUPPRESS}]`) && target.setAttribute(SUPPRESS, "true");
document.addEventListener("focusin", mark, true);

// A click on a tab, which takes no focus by itself, would leave the keys with the cell that was run last.
const hold = ({ target }) => {
  const own = target.closest?.(".tl-own");
  if (!own) return;
  const tab = target.closest("[role=tab]");
  if (!tab && own.contains(document.activeElement)) return;
  const place = tab ?? own;
  if (!place.hasAttribute("tabindex")) place.setAttribute("tabindex", "-1");
  place.focus({ preventScroll: true, focusVisible: false });
};
document.addEventListener("click", hold);
