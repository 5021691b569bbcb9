"""The built front end (js/ holds its sources; the wheel holds what was built of them)."""

from __future__ import annotations

import gzip
import hashlib
from functools import cache
from pathlib import Path
from typing import Any, ClassVar

import anywidget
import traitlets
from ipywidgets._version import __protocol_version__
from ipywidgets.widgets.widget import _remove_buffers

from tfonnx_lab.widgets._inside import InsideComm, born_inside
from tfonnx_lab.widgets._keywords import only_traits
from tfonnx_lab.widgets._lifetime import close_all, displayed

STATIC = Path(__file__).parent / "static"


@cache
def asset(name: str) -> str:
    """The source of a bundle, such as `lab.js`. Raises FileNotFoundError in a checkout that was not installed."""
    path = STATIC / name
    if not path.exists():
        raise FileNotFoundError(f"{path} was not built: run `pip install -e .` in the checkout")
    return path.read_text("utf-8")


@cache
def netron() -> bytes:
    """The viewer's bundle, gzipped."""
    return gzip.compress(asset("netron.js").encode(), mtime=0)


_LOADER = """
const key = Symbol.for("tfonnx_lab.KEY");
const load = (source) => {
  const url = URL.createObjectURL(new Blob([source], { type: "text/javascript" }));
  return import(url).finally(() => URL.revokeObjectURL(url));
};
export default {
  async render(context) {
    window[key] ??= load(context.model.get("_code"));
    return (await window[key]).default.render(context);
  },
};
"""


@cache
def bundled() -> dict[str, str]:
    """The traits that bring the front end: one bundle for all widgets.

    A page keeps every module that it ever loaded, so the bundle is loaded once, and a widget's own module is small.
    """
    code = asset("lab.js")
    key = f"lab.js.{hashlib.sha256(code.encode()).hexdigest()[:16]}"
    return {"_esm": _LOADER.replace("KEY", key), "_code": code}


class FrontEnd(anywidget.AnyWidget):
    """A widget that brings Netron to the browser when it is asked for: once a page, not once a widget."""

    FRONT: ClassVar[str] = ""
    """What draws it (js/src/lab/fronts.js)."""

    _esm = traitlets.Unicode().tag(sync=True)
    _code = traitlets.Unicode().tag(sync=True)
    _front = traitlets.Unicode().tag(sync=True)

    def __init__(self, **traits: Any) -> None:
        only_traits(self, traits)
        super().__init__(**self._brings(), _front=self.FRONT, **traits)
        self.on_msg(self._answer)

    def _brings(self) -> dict[str, str]:
        """The traits that bring what draws it."""
        return bundled()

    def open(self) -> None:
        """Open a comm, or as a part of another widget speak through that."""
        if getattr(self, "comm", None) is None and born_inside():
            self.comm: Any = InsideComm()
        else:
            super().open()

    def text(self) -> str:
        """One line for places that show no widgets."""
        return type(self).__name__

    def html(self) -> str | None:
        """What a page without widgets shows, where there is more to show than `text()`."""
        return None

    def close(self) -> None:
        """Close the widget and its layout."""
        close_all(self)
        super().close()
        self.__dict__.pop("_repr_mimebundle_", None)  # ipywidgets takes it away, and it can be shown again

    def _repr_mimebundle_(self, **options: Any) -> Any:
        displayed(self)
        for part in (self.layout, self):  # closed with the cell that showed it, and shown again
            if part.comm is None:
                part.open()
        if isinstance(self.comm, InsideComm):
            self.comm.alone(**_opening(self))
        return with_forms(self, super()._repr_mimebundle_(**options))

    def _answer(self, _widget: Any, content: Any, _buffers: Any) -> None:
        if isinstance(content, dict) and content.get("want") == "netron":
            self.send({"asset": "netron"}, buffers=[netron()])


def _opening(widget: Any) -> dict[str, Any]:
    """What ipywidgets sends to open a widget's comm."""
    state, paths, buffers = _remove_buffers(widget.get_state())
    return {
        "target_name": "jupyter.widget",
        "data": {"state": state, "buffer_paths": paths},
        "buffers": buffers,
        "metadata": {"version": __protocol_version__},
    }


def with_forms(widget: Any, bundle: Any) -> Any:
    """A bundle of ipywidgets with the widget's own text and HTML, for front ends that show no widgets."""
    data = bundle[0] if isinstance(bundle, tuple) else bundle
    if data is not None:
        data["text/plain"] = widget.text()
        if (page := widget.html()) is not None:
            data["text/html"] = page
    return bundle
