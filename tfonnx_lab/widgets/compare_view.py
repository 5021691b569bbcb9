"""Compare: what is different between these two?"""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

import traitlets

from tfonnx_lab.conversion.checks import no_such
from tfonnx_lab.conversion.given import converted
from tfonnx_lab.conversion.result import Conversion
from tfonnx_lab.trace import Trace
from tfonnx_lab.widgets._compare_tables import (
    fact_rows,
    kernels_table,
    ops_table,
    parity_table,
    steps_table,
    summary_table,
)
from tfonnx_lab.widgets._difference import Difference, One
from tfonnx_lab.widgets._host import Host
from tfonnx_lab.widgets._links import link_view
from tfonnx_lab.widgets._source import is_trace_file, packed, read_trace
from tfonnx_lab.widgets.assets import FrontEnd
from tfonnx_lab.widgets.view import View, as_html, as_text

TABS = ("Summary", "Ops", "Steps", "Graphs", "Kernels", "Parity")


class Compare(Host):
    """Two conversions side by side: what differs, op by op and node by node.

    a: a Conversion, a Trace, the path of a `.tfltrace` file, an ONNX model, or what `convert` takes, which is converted
        with default options.
    b: the other one, the same kinds.
    selection: the number of an op of a.
    difference: what was found, as data.
    `lab.Compare(lab.convert(m, 13), lab.convert(m, 18))`; with and without a rule:
    `with lab.without("split_activation"): b = lab.convert(m)`.
    Raises ConversionError for what cannot be read or converted.
    """

    FRONT = "lab"

    selection = traitlets.Int(None, allow_none=True).tag(sync=True)
    tabs = traitlets.List(list(TABS)).tag(sync=True)
    tab = traitlets.Unicode(TABS[0]).tag(sync=True)

    def __init__(self, a: Any, b: Any, *, height: str = "560px") -> None:
        self.difference = Difference(one_of(a), one_of(b))
        self._height = height
        self._views: dict[str, Any] = {}
        super().__init__()
        self.about = self.hold("about", lambda: Said(self.difference.sentence()))

    def part(self, name: str) -> Any:
        """The line over the tabs, or the view of a tab."""
        return self.about if name == "about" else self.view(name)

    def view(self, name: str) -> Any:
        """The view of a tab. Raises KeyError for another name."""
        if name not in self._views:
            makes: dict[str, Callable[[], Any]] = {
                "Summary": lambda: _Table(summary_table(self.difference), self._height),
                "Ops": lambda: _Table(ops_table(self.difference), self._height),
                "Steps": lambda: _Table(steps_table(self.difference), self._height),
                "Graphs": lambda: Sides(self.difference, height=self._height),
                "Kernels": lambda: _Table(kernels_table(self.difference), self._height),
                "Parity": lambda: _Table(parity_table(self.difference), self._height),
            }
            if name not in makes:
                raise KeyError(no_such(f"the comparison has no tab {name!r}", name, list(makes)))
            made = self.hold(name, makes[name])
            link_view(self, made)
            self._views[name] = made
        return self._views[name]

    def choosing(self) -> Any:
        """While a view chooses; as in the lab."""
        import contextlib

        return contextlib.nullcontext()

    def close(self) -> None:
        """Close every view in it."""
        self._views = {}
        super().close()

    def text(self) -> str:
        """The summary as text."""
        return f"Compare: {self.difference.sentence()}\n" + as_text("", ["", "a", "b"], fact_rows(self.difference))

    def html(self) -> str:
        """The summary as HTML."""
        return as_html(self.difference.sentence(), ["", "a", "b"], fact_rows(self.difference))


class Said(View):
    """A line over the tabs."""

    KIND = "said"

    def __init__(self, text: str) -> None:
        super().__init__({"title": text, "question": "What is different between these two?"}, height="auto")


class _Table(View):
    """A table with what differs coloured."""

    KIND = "compare"

    def __init__(self, data: dict[str, Any], height: str) -> None:
        super().__init__(data, height)


class Sides(FrontEnd):
    """Both graphs in Netron, what differs coloured, with one selection.

    selection: the number of an op of a.
    """

    FRONT = "pair"
    KNOWS_PLACE = True

    selection = traitlets.Int(None, allow_none=True)
    moment = traitlets.Unicode("").tag(sync=True)
    moments: Any = traitlets.List().tag(sync=True)
    before = traitlets.Unicode("a").tag(sync=True)
    trace = traitlets.Bytes().tag(sync=True)
    other = traitlets.Bytes().tag(sync=True)
    left_at = traitlets.Int(0).tag(sync=True)
    at = traitlets.Int(0).tag(sync=True)
    marks = traitlets.Dict().tag(sync=True)
    left_selected = traitlets.Int(None, allow_none=True).tag(sync=True)
    right_selected = traitlets.Int(None, allow_none=True).tag(sync=True)
    height = traitlets.Unicode("560px").tag(sync=True)

    def __init__(self, difference: Difference, **traits: Any) -> None:
        self._difference = difference
        a, b = difference.a.trace, difference.b.trace
        sides = zip(("left", "right"), difference.marks, strict=True)
        marks = {side: {str(node): kind for node, kind in found.items()} for side, found in sides}
        super().__init__(trace=packed(a), other=packed(b), left_at=len(a) - 1, at=len(b) - 1, marks=marks, **traits)

    @traitlets.observe("selection")
    def _show(self, change: Any = None) -> None:
        if self.selection is None:
            return
        found = self._difference
        self.left_selected = next(iter(found.a.left.get(self.selection, ())), None)
        other = found.pairs.get(self.selection)
        self.right_selected = None if other is None else next(iter(found.b.left.get(other, ())), None)

    @traitlets.observe("left_selected")
    def _left(self, change: Any) -> None:
        self._picked(self._difference.a, change["new"], lambda op: op)

    @traitlets.observe("right_selected")
    def _right(self, change: Any) -> None:
        back = {y: x for x, y in self._difference.pairs.items()}
        self._picked(self._difference.b, change["new"], lambda op: back.get(op))

    def _picked(self, one: One, node: int | None, op_of_a: Callable[[int], int | None]) -> None:
        record = None if node is None else one.brief.nodes.get(node)
        if record is None or not record["origin"]:
            return
        found = [op for origin in record["origin"] if (op := op_of_a(int(origin))) is not None]
        if found and self.selection not in found:
            self.selection = found[0]


def one_of(source: Any) -> One:
    """What `Compare` is given as a trace with its conversion, where there is one."""
    if isinstance(source, Trace):
        return One(source, None)
    if isinstance(source, Conversion):
        return One(source.trace, source)
    if isinstance(source, (str, os.PathLike)) and is_trace_file(source):
        return One(read_trace(source), None)
    from tfonnx_lab.conversion.onnx_pass import optimize_onnx
    from tfonnx_lab.widgets.onnx_lab import is_onnx

    made = optimize_onnx(source) if is_onnx(source) else converted(source, "keep")
    return One(made.trace, made)
