"""Closing widgets that a cell no longer shows: a cell that is run twenty times leaves one behind, not
twenty."""

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
                _forget(old)
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


def _forget(widget: Any) -> None:
    """Take a widget that is no longer shown out of IPython's history of outputs, which would keep all that it
    showed."""
    shell = _shell()
    if shell is None:
        return
    history = shell.user_ns.get("_oh", {})
    for number in [n for n, output in history.items() if output is widget]:
        del history[number]
    for names in (shell.user_ns, shell.user_ns_hidden):
        shell.drop_by_id({n: widget for n, value in names.items() if n.startswith("_") and value is widget})
    for name in ("_", "__", "___"):
        if getattr(shell.displayhook, name, None) is widget:
            setattr(shell.displayhook, name, "")


def _shell() -> Any:
    try:
        from IPython.core.getipython import get_ipython
    except ImportError:
        return None
    return get_ipython()


def _cell() -> tuple[str | None, str]:
    """The cell that runs now, and the message that runs it."""
    try:
        parent = _shell().get_parent()
        return parent["metadata"].get("cellId"), parent["header"]["msg_id"]
    except (AttributeError, KeyError, TypeError):
        return None, ""
