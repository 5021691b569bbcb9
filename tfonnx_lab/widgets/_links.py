"""One selection for all views of a lab: what is chosen in one is told to the lab, and by the lab to the others."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tfonnx_lab.widgets._lifetime import close_all

_SHARED = ("selection", "node", "index")


def link_view(lab: Any, view: Any) -> None:
    """Link the traits that both have, both ways; a view that knows of no step takes none from the lab's first one."""
    undo: list[Callable[[], None]] = []
    for trait in _SHARED:
        if not (view.has_trait(trait) and lab.has_trait(trait)):
            continue
        value = getattr(lab, trait)
        if value is not None:
            setattr(view, trait, value)
        undo += [_to_lab(lab, view, trait), _to_view(lab, view, trait)]
    view._unlink = undo


def _to_lab(lab: Any, view: Any, trait: str) -> Callable[[], None]:
    def tell(change: Any) -> None:
        if change["new"] is None:
            return
        # of a row with a step, or of a node in a graph, the place is known: the lab need not look for it
        if trait == "selection" and not getattr(view, "KNOWS_PLACE", False):
            lab.selection = change["new"]
            return
        with lab.choosing():
            setattr(lab, trait, change["new"])

    view.observe(tell, trait)
    return lambda: view.unobserve(tell, trait)


def _to_view(lab: Any, view: Any, trait: str) -> Callable[[], None]:
    def tell(change: Any) -> None:
        setattr(view, trait, change["new"])

    lab.observe(tell, trait)
    return lambda: lab.unobserve(tell, trait)


def close_view(view: Any) -> None:
    """Close a view and take its links away."""
    for undo in getattr(view, "_unlink", []):
        undo()
    view._unlink = []
    close_all(view)
    view.close()
