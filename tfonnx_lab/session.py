"""The conversion that this session made last, and who shows it: what `lab.retry()` acts on, and whom it tells."""

from __future__ import annotations

import weakref
from typing import Any, ClassVar, Protocol

from tfonnx_lab.conversion import Conversion
from tfonnx_lab.options import Options


class Viewer(Protocol):
    """Something that shows a conversion and can show another in its place."""

    def replaced(self, result: Conversion) -> None:
        """Show this conversion from now on."""
        ...


class _Session:
    attempt: tuple[Any, Options] | None = None
    result: Conversion | None = None
    viewers: ClassVar[weakref.WeakKeyDictionary[Conversion, weakref.WeakSet[Any]]] = weakref.WeakKeyDictionary()


def attempted(source: Any, options: Options) -> None:
    """A conversion begins; the one before is let go of, so that two models are not in memory at once."""
    _Session.attempt, _Session.result = (source, options), None


def shown(result: Conversion) -> None:
    """This conversion was made, or is shown."""
    _Session.attempt, _Session.result = (result.source, result.options), result


def last() -> tuple[Conversion | None, tuple[Any, Options] | None]:
    """The last conversion, None where it ended in an error, and what was converted last."""
    return _Session.result, _Session.attempt


def watch(result: Conversion, viewer: Viewer) -> None:
    """The viewer shows the result, and is told when another takes its place."""
    _Session.viewers.setdefault(result, weakref.WeakSet()).add(viewer)
    shown(result)


def unwatch(result: Conversion, viewer: Viewer) -> None:
    """The viewer is not to be told: what it stands in is."""
    _Session.viewers.get(result, weakref.WeakSet()).discard(viewer)


def viewers(result: Conversion) -> list[Viewer]:
    """Who shows the result."""
    return list(_Session.viewers.get(result, ()))
