"""A widget that holds others as its parts, each built when the front end asks for it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, TypeVar

from ipywidgets.widgets.widget import _remove_buffers

from tfonnx_lab.widgets._inside import InsideComm, inside
from tfonnx_lab.widgets._links import close_view
from tfonnx_lab.widgets.assets import FrontEnd

Part = TypeVar("Part", bound=FrontEnd)
_ITS_OWN = frozenset(FrontEnd.class_trait_names(sync=True)) | {"_anywidget_id", "_css"}
"""What every widget says to its notebook, and no part needs to."""


class Host(FrontEnd):
    """Parts have names. A front end opens one by its name and gets its whole state; then messages go both ways.

    From the front end: `{"part": name, "open": true}`, or `{"part": name, "from": who, "data": ...}` with a message of
    the widget protocol. To it: `{"part", "begun": true}`, then `{"part", "state", "buffer_paths", "front"}` or
    `{"part", "failed": why}`; `{"part", "data", "from"}`; `{"gone": names}`.
    """

    def part(self, name: str) -> FrontEnd:
        """The part of this name, built if it was not yet. Raises whatever stands in its way."""
        raise NotImplementedError

    def inner(self) -> dict[str, FrontEnd]:
        """The parts that belong to what is shown at once, by name: they are saved with it."""
        return {}

    def why_not(self, name: str, error: Exception) -> str:
        """Why a part has nothing to show."""
        return f"{type(error).__name__}: {error}"

    def hold(self, name: str, make: Callable[[], Part]) -> Part:
        """Make a widget that is a part of this one, and is closed with it."""
        with inside():
            view = make()
        if isinstance(view.comm, InsideComm):
            view.comm.out = lambda data, buffers, origin: self.send(
                {"part": name, "data": data, "from": origin}, buffers=buffers
            )
        self.__dict__.setdefault("_held", {})[name] = view
        return view

    def close(self) -> None:
        """Close it with the parts that it holds."""
        held = self.__dict__.pop("_held", {})  # there are none where the widget was refused
        for view in held.values():
            close_view(view)
        super().close()

    def gone(self, names: Iterable[str]) -> None:
        """Tell that parts are gone: the front end asks again for what is in sight."""
        self.send({"gone": list(names)})

    def _answer(self, widget: Any, content: Any, buffers: Any) -> None:
        name = content.get("part") if isinstance(content, dict) else None
        if not isinstance(name, str):
            super()._answer(widget, content, buffers)
        elif content.get("open"):
            self._hand_over(name)
        elif isinstance(content.get("data"), dict) and content["data"].get("method") in ("update", "custom"):
            part = self.part(name)
            if isinstance(part.comm, InsideComm):
                part.comm.hear(content["data"], list(buffers or []), str(content.get("from", "")))

    def _hand_over(self, name: str) -> None:
        self.send({"part": name, "begun": True})
        try:
            part = self.part(name)
        except Exception as error:  # LiteRT or ONNX Runtime may not run a model; the other parts still do
            self.send({"part": name, "failed": self.why_not(name, error)})
            return
        state, paths, buffers = own_state(part)
        self.send({"part": name, "front": part.FRONT, "state": state, "buffer_paths": paths}, buffers=buffers)


def own_state(part: FrontEnd) -> tuple[dict[str, Any], list[list[str]], list[Any]]:
    """What a part tells its front end: JSON, where bytes were in it, and these."""
    state = part.get_state([key for key in part.keys if key not in _ITS_OWN])
    found: tuple[dict[str, Any], list[list[str]], list[Any]] = _remove_buffers(state)
    return found
