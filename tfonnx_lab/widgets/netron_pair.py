"""TFLite and ONNX next to each other in Netron: a node selected in one selects what it came from, or became, in the
other."""

from __future__ import annotations

from typing import Any

import traitlets

from tfonnx_lab.trace.summary import summary_of
from tfonnx_lab.widgets._facts import Facts
from tfonnx_lab.widgets._handlers import COLUMNS
from tfonnx_lab.widgets._handlers import rows as table_rows
from tfonnx_lab.widgets._source import packed, shown
from tfonnx_lab.widgets.assets import FrontEnd
from tfonnx_lab.widgets.view import as_html, table_of

_MOMENTS = ("the result", "the chosen step")


class Side(traitlets.HasTraits):
    """One of the two graphs.

    index: the step after which it is shown (-1: before the first).
    selected: a node's id.
    """

    index = traitlets.Int(-1)
    selected = traitlets.Int(None, allow_none=True)


class NetronPair(FrontEnd):
    """The graph before the conversion at the left, a later one at the right, with one selection.

    source: a Conversion, a Trace or its file, or what `convert` takes.
    selection: the number of the selected TFLite op.
    node: the selected node (docs/trace.md).
    index: the step whose graph is at the right when `moment` says so (default: the result).
    before: what the graph at the left is called.
    left, right: the two graphs, each with its `index` and its `selected` node.
    """

    FRONT = "pair"
    KNOWS_PLACE = True
    selection = traitlets.Int(None, allow_none=True)
    node = traitlets.Int(None, allow_none=True)
    index = traitlets.Int(None, allow_none=True)
    moment = traitlets.Enum(_MOMENTS, _MOMENTS[0]).tag(sync=True)
    moments = traitlets.List(list(_MOMENTS)).tag(sync=True)
    trace = traitlets.Bytes().tag(sync=True)
    before = traitlets.Unicode("TFLite").tag(sync=True)
    at = traitlets.Int(0).tag(sync=True)
    left_selected = traitlets.Int(None, allow_none=True).tag(sync=True)
    right_selected = traitlets.Int(None, allow_none=True).tag(sync=True)
    height = traitlets.Unicode("560px").tag(sync=True)

    def __init__(self, source: Any, height: str = "560px", **traits: Any) -> None:
        source = shown(source)
        trace = getattr(source, "trace", source)
        self._facts = Facts(summary_of(trace))
        self._last = len(trace) - 1
        self._first = {int(n["origin"][0]): n["id"] for n in self._facts.brief.start if n["origin"]}
        self.left, self.right = Side(), Side(index=self._last)
        super().__init__(trace=packed(trace), height=height, **traits)
        traitlets.link((self, "left_selected"), (self.left, "selected"))
        traitlets.link((self, "right_selected"), (self.right, "selected"))
        traitlets.link((self.right, "index"), (self, "at"))
        self._follow()
        self._show()
        self.left.observe(self._picked, "selected")
        self.right.observe(self._picked, "selected")

    def _picked(self, change: Any) -> None:
        op = self._facts.origin(change["new"])
        if op is None:
            return
        node = self._facts.brief.nodes[change["new"]]
        if change["owner"] is self.right:
            self.node = change["new"]
            if self.selection in node["origin"]:
                return
        self.selection = op

    @traitlets.observe("selection", "node")
    def _show(self, change: Any = None) -> None:
        if self.selection is None:
            return
        self.left.selected = self._first.get(self.selection)
        is_there = self.right.index < self._last or self.node in self._facts.brief.live
        if self._facts.origin(self.node) == self.selection and self.node != self.left.selected and is_there:
            self.right.selected = self.node
        elif self.right.selected is None or self.selection not in self._origins(self.right.selected):
            self.right.selected = self._facts.main(self.selection)

    def _origins(self, node: int) -> Any:
        return self._facts.brief.nodes.get(node, {"origin": ()})["origin"]

    @traitlets.observe("index", "moment")
    def _follow(self, change: Any = None) -> None:
        chosen = self.index if self.moment == _MOMENTS[1] else None
        self.right.index = self._last if chosen is None else min(chosen, self._last)

    def text(self) -> str:
        """One line for places that show no widgets."""
        name = self._facts.brief.trace.header["name"]
        return f"NetronPair({name}: before step 1, and after step {self.right.index + 1})"

    def html(self) -> str:
        """The TFLite ops, and the ONNX nodes that each became, as a table."""
        rows = sorted(table_rows(self._facts.brief, None), key=lambda row: int(row["op"]))
        columns = [c for c in COLUMNS if c["key"] in ("op", "type", "name", "status", "onnx")]
        return as_html(f"{self._facts.brief.trace.header['name']}: {len(rows)} TFLite ops", *table_of(columns, rows))
