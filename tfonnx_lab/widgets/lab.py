"""The lab: one widget with a tab for each stage, all of them showing the same selection."""

from __future__ import annotations

import contextlib
import html
import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, ClassVar, Literal, Unpack

import numpy as np
import traitlets

from tfonnx_lab.conversion.checks import no_such
from tfonnx_lab.conversion.options import LabKeywords, options_from, takes_options
from tfonnx_lab.conversion.result import Conversion
from tfonnx_lab.debug import changes_of, session, tried_again
from tfonnx_lab.files import write_text
from tfonnx_lab.graph.collector import collector_paused
from tfonnx_lab.trace.summary import summary_of
from tfonnx_lab.widgets._facts import Facts
from tfonnx_lab.widgets._handlers import table
from tfonnx_lab.widgets._links import close_view, link_view
from tfonnx_lab.widgets._tabs import TABS, Tabs
from tfonnx_lab.widgets.selection_view import SelectionView
from tfonnx_lab.widgets.still import framed, lab_to_html
from tfonnx_lab.widgets.view import as_html, as_text, table_of

_SAVED = 3 << 20
"""A page of more characters than this is not saved with the notebook: `to_html` writes it."""


class Lab(Tabs):
    """Everything there is to see of one conversion, a tab a stage, linked by one selection.

    model: a Conversion, or what `convert` takes (a path, bytes, a Keras model); then options are those of `convert`,
    and ops that fail are kept to be looked at. Of an .onnx or .ort file, or an onnx.ModelProto, it is an `OnnxLab`.
    inputs: what parity and the quantization view run on, as of `compare` (default: a picture or a sound where the
    model takes one, else random numbers).
    selection: the number of the selected TFLite op; to set it moves `index` to the step that made its node.
    node: the selected node (docs/trace.md).
    index: the step, from 0.
    tab: the name of the tab that is in sight.
    result: the conversion that is shown; `retry()` makes a new one.
    A tab is built when it is opened first. The tabs are parts of this one widget, so they work wherever anywidget does.
    """

    FRONT = "lab"
    COMPARE = "compare with LiteRT"
    """What the button says that runs both."""

    KINDS: ClassVar[list[tuple[type, Callable[[Any], bool]]]] = []
    """Labs of other models, and what tells such a model (`onnx_lab.py` adds its own)."""

    selection = traitlets.Int(None, allow_none=True).tag(sync=True)
    node = traitlets.Int(None, allow_none=True)
    index = traitlets.Int(0)
    tabs: Any = traitlets.List().tag(sync=True)
    tab = traitlets.Unicode().tag(sync=True)

    def __new__(cls, model: Any = None, *args: Any, **options: Any) -> Any:
        """A Lab; of an ONNX model an `OnnxLab`, since nothing is left to convert."""
        kind = next((k for k, takes in cls.KINDS if takes(model)), cls) if cls is Lab else cls
        return super().__new__(kind, model, *args, **options)

    @takes_options
    def __init__(
        self,
        model: Any,
        inputs: Sequence[np.ndarray] | None = None,
        *,
        height: str = "640px",
        on_error: Literal["raise", "keep"] = "keep",
        **options: Unpack[LabKeywords],
    ) -> None:
        """Build the tabs that are seen first. The options of the conversion:"""
        if isinstance(model, Conversion):
            if options:
                raise TypeError(f"this model is converted already; {', '.join(options)} can not be chosen any more")
            self.result = model
        else:
            from tfonnx_lab.conversion.pipeline import convert

            options_from("Lab()", options)
            self.result = convert(model, on_error=on_error, **options)
        self._shown(self.result, inputs, height)

    def _names(self) -> list[str]:
        """The tabs."""
        return list(TABS)

    def _first(self) -> str:
        """The tab that is seen first: what failed; of a Keras model its layers."""
        if self.result.failures:
            return "Handlers"
        return "Layers" if self.result.layers.exact and "Layers" in self._names() else "Overview"

    def _shown(self, result: Conversion, inputs: Sequence[np.ndarray] | None, height: str) -> None:
        self.result = result
        self.inputs = inputs
        self.view_height = height
        self._views: dict[str, Any] = {}
        self._chosen = False  # while a view says itself where its selection was made
        super().__init__(tabs=self._names(), tab=self._first())
        self.about = self.hold("about", lambda: SelectionView("", self.show_tab, self.compare, height="auto"))
        with collector_paused():
            self._show_first()

    def _show_first(self) -> None:
        self._read()
        session.watch(self.result, self)
        self.index = next((step.i for step in self.result.trace if step.error), self.index)
        link_view(self, self.about)
        self.view(self.tab)

    def _read(self) -> None:
        self._facts = Facts(summary_of(self.result.trace))
        self._title()
        self._tell()

    def _title(self) -> None:
        about = repr(self.result).split(": ", 1)[-1][:-1]
        more = len(self._facts.wide.steps) - len(self.result.trace)
        about += f", {more} more in ONNX Runtime" if more > 0 else ""
        changes = changes_of(self.result)
        changed = changes.lines()[:1] if changes is not None else []
        title = "; ".join([f"{Path(self.result.name).name}: {about}", *changed])
        self.about.data = {"title": title, "compare": self.COMPARE}

    def view(self, name: str) -> Any:
        """The view of a tab, built and linked if it was not yet; `lab.view("Parity")`.

        Raises KeyError for another name.
        """
        if name not in self._views:
            makes = self._build()
            if name not in makes:
                raise KeyError(no_such(f"the lab has no tab {name!r}", name, self.tabs))
            made = self.hold(name, makes[name])
            link_view(self, made)
            if name != "Handlers":  # the others are built anew for a new conversion
                session.unwatch(self.result, made)
            self._views[name] = made
        return self._views[name]

    def part(self, name: str) -> Any:
        """The view of a tab, or the lines over all tabs."""
        return self.about if name == "about" else self.view(name)

    def show_tab(self, name: str) -> None:
        """Bring a tab to the front. Raises ValueError for an unknown name."""
        if name not in self.tabs:
            raise ValueError(no_such(f"the lab has no tab {name!r}", name, self.tabs))
        self.tab = name

    def compare(self) -> Any:
        """Run LiteRT and ONNX Runtime on the same inputs; every view shows the errors."""
        return self.view("Parity").parity

    def retry(self) -> Conversion:
        """Convert again with the handlers that are registered now; every tab shows the new conversion."""
        return tried_again(self.result, self.inputs)

    def replaced(self, result: Conversion) -> None:
        """Show another conversion of the same model: what was built of the old one is closed and built again."""
        session.watch(result, self)
        self.result = result
        gone = [n for n in self._views if n != "Handlers"]
        for name in gone:
            close_view(self._views.pop(name))
        self._read()
        changes = changes_of(result)
        if changes is not None and changes.marks:
            self.index = min(changes.marks)
        self.gone(gone)

    def why_not(self, name: str, error: Exception) -> str:
        """Why a tab has nothing to show."""
        if self.result.failures and name in ("ONNX Runtime", "Parity", "Mobile"):
            ops = ", ".join(f"{f.op} ({f.place})" for f in self.result.failures[:5])
            return (
                f"Not converted yet, so the model cannot run: {ops}. "
                "The tab Handlers says why, and writes a handler to begin with."
            )
        return super().why_not(name, error)

    @traitlets.observe("selection")
    def _selected(self, change: Any) -> None:
        """A new op: its main node, and the step that made that, unless the view that chose it said better."""
        if self.selection is not None and not self._chosen:
            self.node = self._facts.main(self.selection)
            made = self._facts.maker(self.selection)
            self.index = self.index if made is None else made
        self._tell()

    @traitlets.observe("node")
    def _noded(self, change: Any) -> None:
        self._tell()

    @contextlib.contextmanager
    def choosing(self) -> Any:
        """While a view chooses, which knows the step or the node."""
        before, self._chosen = self._chosen, True
        try:
            yield
        finally:
            self._chosen = before

    def _tell(self) -> None:
        self.about.detail = self._facts.about(self.selection, self.node)

    def close(self) -> None:
        """Close every widget in it."""
        self._views = {}
        super().close()

    def text(self) -> str:
        """The conversion and its ops, for places that show no widgets."""
        return f"Lab: {self.about.data['title']}\n{as_text(*self._table())}"

    def html(self) -> str:
        """The lab as it is now in a frame, for a saved notebook; its ops as a table where frames are not shown."""
        table = f"<p><b>{html.escape(self.about.data['title'])}</b></p>{as_html(*self._table())}"
        page = lab_to_html(self, parity=False, mobile=False, build=False)
        return framed(page, table) if len(page) <= _SAVED else table

    def to_html(self, path: str | os.PathLike[str] | None = None, *, parity: bool = True, mobile: bool = True) -> str:
        """The whole lab in one page that needs no kernel, server or network: all tabs, as they answer now.

        path: the file to write it to as well.
        parity: compare with LiteRT first, if that has not been done.
        mobile: answer all questions of the tab Mobile first (seconds).
        Raises ConversionError where the file cannot be written.
        """
        page = lab_to_html(self, parity=parity, mobile=mobile)
        if path is not None:
            write_text(path, page, self.result.originals)
        return page

    def _table(self) -> tuple[str, list[str], list[list[str]]]:
        data = table(self._facts.brief, self._facts.parity)
        return data["title"], *table_of(data["columns"], data["rows"])

    def __repr__(self) -> str:
        return f"Lab({self.result!r})"
