"""Who shows a conversion, and is told when another takes its place."""

from __future__ import annotations

import weakref
from typing import Any, Protocol

from tfonnx_lab.conversion.last import last, shown
from tfonnx_lab.conversion.result import Conversion

__all__ = ["Viewer", "last", "shown", "unwatch", "viewers", "watch"]


class Viewer(Protocol):
    """Something that shows a conversion and can show another in its place."""

    def replaced(self, result: Conversion) -> None:
        """Show this conversion from now on."""
        ...


_VIEWERS: weakref.WeakKeyDictionary[Conversion, weakref.WeakSet[Any]] = weakref.WeakKeyDictionary()


def watch(result: Conversion, viewer: Viewer) -> None:
    """The viewer shows the result, and is told when another takes its place."""
    _VIEWERS.setdefault(result, weakref.WeakSet()).add(viewer)
    shown(result)


def unwatch(result: Conversion, viewer: Viewer) -> None:
    """The viewer is not to be told: what it stands in is."""
    _VIEWERS.get(result, weakref.WeakSet()).discard(viewer)


def viewers(result: Conversion) -> list[Viewer]:
    """Who shows the result."""
    return list(_VIEWERS.get(result, ()))
