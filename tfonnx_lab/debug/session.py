"""The views that show a conversion, and are told when another takes its place."""

from __future__ import annotations

import weakref
from typing import Any, Protocol

from tfonnx_lab.conversion.last import last, shown
from tfonnx_lab.conversion.pipeline import convert_with
from tfonnx_lab.conversion.result import Conversion
from tfonnx_lab.errors import ConversionError

__all__ = ["Viewer", "again", "last", "shown", "the_last", "unwatch", "viewers", "watch"]

_NOTHING = (
    "nothing was converted yet, or nobody holds its result any more: result = lab.convert('model.tflite'), or "
    "lab.Lab('model.tflite')"
)


def again() -> Conversion:
    """What was converted last, once more, with the handlers that there are now; ops that fail are left in it.

    Raises ConversionError where nothing was converted yet.
    """
    _, attempt = last()
    if attempt is None:
        raise ConversionError(_NOTHING)
    made = convert_with(*attempt, "keep")
    shown(made)
    return made


def the_last() -> Conversion:
    """The conversion that was made or shown last; made again where nobody holds it. Raises as `again`."""
    found, _ = last()
    return again() if found is None else found


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
    """The viewer is no longer told: the view that holds it is."""
    _VIEWERS.get(result, weakref.WeakSet()).discard(viewer)


def viewers(result: Conversion) -> list[Viewer]:
    """The views that show the result."""
    return list(_VIEWERS.get(result, ()))
