// JupyterLab and Notebook read keys before what has the focus does: arrows walk the cells, "d d" deletes one. Views say in
// their own elements that they want their keys. What ipywidgets makes around them, tab bars and choices, cannot say it by
// itself: it has the class `tl-own`, and is told when it gets the focus.

const SUPPRESS = "data-lm-suppress-shortcuts";

/** Attributes of a view that keeps its keys, and the focus of a click anywhere in it. */
export const OWN_KEYS = { [SUPPRESS]: "true", tabindex: -1 };

document.addEventListener("focusin", ({ target }) => target.closest?.(".tl-own")?.setAttribute(SUPPRESS, "true"), true);
