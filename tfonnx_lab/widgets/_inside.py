"""Views inside of a view: they speak over its comm, so a front end has one widget to show, whatever it holds."""

from __future__ import annotations

import contextlib
import uuid
from collections.abc import Callable, Iterator
from contextvars import ContextVar
from typing import Any

import comm
import ipywidgets

_BORN: ContextVar[bool] = ContextVar("born inside", default=False)

Out = Callable[[dict[str, Any], list[Any], str], None]


@contextlib.contextmanager
def inside() -> Iterator[None]:
    """Widgets that are made within the block are parts of another: they open no comm of their own."""
    token = _BORN.set(True)
    # marimo gives each widget a comm as it is made, and takes it for a mistake outside of a cell's run
    hook = getattr(ipywidgets.Widget, "_widget_construction_callback", None)
    ipywidgets.Widget.on_widget_constructed(None)
    try:
        yield
    finally:
        ipywidgets.Widget.on_widget_constructed(hook)
        _BORN.reset(token)


def born_inside() -> bool:
    """Whether a widget that is made now is a part of another."""
    return _BORN.get()


class InsideComm:
    """What ipywidgets takes for the comm of a part: what the part says goes out through the view that holds it.

    out: takes a message of the widget protocol (`{"method": "update", "state": ...}`), its buffers, and who caused it.
    A part that is shown by itself as well gets a comm of its own beside it (`alone`).
    """

    def __init__(self) -> None:
        self.comm_id = uuid.uuid4().hex
        self.kernel = True  # ipywidgets sends nothing where it is None
        self.out: Out | None = None
        self._hears: Callable[[Any], None] | None = None
        self._own: Any = None
        self._from = ""

    def on_msg(self, hears: Callable[[Any], None] | None) -> None:
        """Who hears what comes from the front end."""
        self._hears = hears

    def send(self, data: Any = None, metadata: Any = None, buffers: Any = None) -> None:
        """Tell the front end."""
        if self.out is not None:
            self.out(data, list(buffers or []), self._from)
        if self._own is not None:
            self._own.send(data=data, metadata=metadata, buffers=buffers)

    def hear(self, data: dict[str, Any], buffers: list[Any], origin: str) -> None:
        """A message from the front end called `origin`, which needs no echo of it."""
        before, self._from = self._from, origin
        try:
            if self._hears is not None:
                self._hears({"content": {"data": data}, "buffers": buffers})
        finally:
            self._from = before

    def alone(self, **opening: Any) -> None:
        """Open a comm of its own, beside the one that holds it, with what ipywidgets sends to open one."""
        if self._own is None:
            self._own = comm.create_comm(comm_id=self.comm_id, **opening)
            self._own.on_msg(self._hears)

    def close(self, *_: Any, **__: Any) -> None:
        """The part is gone."""
        self.out = None
        if self._own is not None:
            self._own.close()
