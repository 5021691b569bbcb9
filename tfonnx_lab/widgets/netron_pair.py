"""TFLite and ONNX next to each other in Netron: a node selected in one selects what it came from, or became, in the other."""

from __future__ import annotations

from typing import Any

import ipywidgets
import traitlets

from tfonnx_lab.trace.summary import Summary
from tfonnx_lab.widgets._lifetime import close_all
from tfonnx_lab.widgets.graph_view import GraphView


class NetronPair(ipywidgets.HBox):
    """The graph before the conversion at the left, after step `index` at the right, with one selection.

    source: a Conversion or a Trace. selection: the number of the selected TFLite op.
    """

    selection = traitlets.Int(None, allow_none=True)
    index = traitlets.Int(None, allow_none=True)

    def __init__(self, source: Any, height: str = "560px", **traits: Any) -> None:
        trace = getattr(source, "trace", source)
        self._brief = Summary(trace)
        last = len(trace) - 1
        self.left = GraphView(trace, index=-1, height=height, layout={"width": "50%"})
        self.right = GraphView(trace, index=last, height=height, layout={"width": "50%"})
        super().__init__([self.left, self.right], **traits)
        self._first = {int(n["origin"][0]): n["id"] for n in self._brief.start if n["origin"]}
        self.left.observe(self._picked, "selected")
        self.right.observe(self._picked, "selected")

    def _picked(self, change: Any) -> None:
        node = self._brief.nodes.get(change["new"]) if change["new"] is not None else None
        if node is not None and node["origin"]:
            if change["owner"] is self.right and self.selection in node["origin"]:
                return
            self.selection = int(node["origin"][0])

    @traitlets.observe("selection")
    def _show(self, change: Any) -> None:
        if self.selection is None:
            return
        self.left.selected = self._first.get(self.selection)
        made = self._brief.origins().get(self.selection, [])
        if self.right.selected not in made and made:
            self.right.selected = max(made, key=lambda k: self._brief.nodes[k]["op"] not in _EDGE)

    def close(self) -> None:
        """Close both views."""
        close_all(self)
        super().close()


_EDGE = {"QuantizeLinear", "DequantizeLinear", "Transpose", "Reshape", "Cast", "Constant"}
"""What stands around an op rather than for it."""
