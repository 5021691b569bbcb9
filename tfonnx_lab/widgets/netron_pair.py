"""TFLite and ONNX next to each other in Netron: a node selected in one selects what it came from, or became, in the
other."""

from __future__ import annotations

from typing import Any

import ipywidgets
import traitlets

from tfonnx_lab.trace.summary import summary_of
from tfonnx_lab.widgets._facts import Facts
from tfonnx_lab.widgets._handlers import COLUMNS
from tfonnx_lab.widgets._handlers import rows as table_rows
from tfonnx_lab.widgets._keywords import only_traits
from tfonnx_lab.widgets._lifetime import close_all, displayed
from tfonnx_lab.widgets.assets import with_forms
from tfonnx_lab.widgets.graph_view import GraphView
from tfonnx_lab.widgets.view import as_html, table_of

_QUESTION = "<b>Where does each node come from?</b> TFLite is at the left; at the right "
_HEAD = "44px"
_WRAPPED = {"flex_flow": "row wrap", "align_items": "center"}
_MOMENTS = ("the result", "the chosen step")


class NetronPair(ipywidgets.VBox):
    """The graph before the conversion at the left, a later one at the right, with one selection.

    source: a Conversion or a Trace.
    selection: the number of the selected TFLite op.
    node: the selected node (docs/trace.md).
    index: the step whose graph is at the right when `moment` says so (default: the result).
    """

    KNOWS_PLACE = True
    selection = traitlets.Int(None, allow_none=True)
    node = traitlets.Int(None, allow_none=True)
    index = traitlets.Int(None, allow_none=True)
    moment = traitlets.Enum(_MOMENTS, _MOMENTS[0])

    def __init__(self, source: Any, height: str = "560px", **traits: Any) -> None:
        only_traits(self, traits)
        trace = getattr(source, "trace", source)
        self._facts = Facts(summary_of(trace))
        self._last = len(trace) - 1
        height = f"calc({height} - {_HEAD})"
        self.left = GraphView(trace, index=-1, height=height)
        self.right = GraphView(self.left.trace, index=self._last, height=height)
        self._choice = ipywidgets.ToggleButtons(options=_MOMENTS)
        for view in (self.left, self.right):
            view.layout.flex = "1 1 340px"
        # beside each other where there is room, below each other where there is none
        sides = ipywidgets.HBox([self.left, self.right], layout=_WRAPPED)
        head = ipywidgets.HBox([ipywidgets.HTML(_QUESTION), self._choice], layout=_WRAPPED)
        super().__init__([head, sides], **traits)
        self.add_class("tl-own")
        traitlets.link((self, "moment"), (self._choice, "value"))
        self._first = {int(n["origin"][0]): n["id"] for n in self._facts.brief.start if n["origin"]}
        self._follow()
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
    def _show(self, change: Any) -> None:
        if self.selection is None:
            return
        self.left.selected = self._first.get(self.selection)
        if self._facts.origin(self.node) == self.selection and self.node != self.left.selected:
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
        return f"NetronPair({self.left.text()}, {self.right.text()})"

    def html(self) -> str:
        """The TFLite ops, and the ONNX nodes that each became, as a table."""
        rows = sorted(table_rows(self._facts.brief, None), key=lambda row: int(row["op"]))
        columns = [c for c in COLUMNS if c["key"] in ("op", "type", "name", "status", "onnx")]
        return as_html(f"{self._facts.brief.trace.header['name']}: {len(rows)} TFLite ops", *table_of(columns, rows))

    def close(self) -> None:
        """Close both views."""
        close_all(self)
        super().close()

    def _repr_mimebundle_(self, **options: Any) -> Any:
        displayed(self)
        return with_forms(self, super()._repr_mimebundle_(**options))
