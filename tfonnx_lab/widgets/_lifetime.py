"""Closing widgets that a cell showed and shows no more: a cell that is run twenty times leaves one behind, not twenty."""

from __future__ import annotations

import weakref
from typing import Any

_SHOWN: dict[str, tuple[str, list[weakref.ref[Any]]]] = {}
"""Cell => (the run, the widgets that it displayed)."""


def displayed(widget: Any) -> None:
    """Remember where the widget is shown; close what the cell's last run showed, unless another cell shows it, too.

    Without a front end that tells its cells (JupyterLab and Notebook do) nothing is closed.
    """
    cell, run = _cell()
    if cell is None:
        return
    before, shown = _SHOWN.get(cell, (run, []))
    if before != run:
        for old in (ref() for ref in shown):
            if old is not None and old is not widget and not _elsewhere(old, cell):
                old.close()
        shown = []
    _SHOWN[cell] = (run, [*shown, weakref.ref(widget)])


def close_all(widget: Any) -> None:
    """Close a widget with its children, their layouts and styles, which ipywidgets would keep."""
    for child in getattr(widget, "children", ()):
        close_all(child)
        child.close()
    for part in ("layout", "style"):
        own = getattr(widget, part, None)
        if own is not None and hasattr(own, "close"):
            own.close()


def _elsewhere(widget: Any, cell: str) -> bool:
    return any(ref() is widget for other, (_, refs) in _SHOWN.items() if other != cell for ref in refs)


def _cell() -> tuple[str | None, str]:
    """The cell that runs now, and the message that runs it."""
    try:
        from IPython.core.getipython import get_ipython

        shell: Any = get_ipython()
        parent = shell.get_parent()
        return parent["metadata"].get("cellId"), parent["header"]["msg_id"]
    except (ImportError, AttributeError, KeyError, TypeError):
        return None, ""
