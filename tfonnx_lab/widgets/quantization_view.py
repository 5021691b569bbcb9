"""Quantization: what does this integer mean, and who computes with it?"""

from __future__ import annotations

import html
import json
from collections.abc import Sequence
from typing import Any

import numpy as np
import traitlets

from tfonnx_lab.conversion.given import converted
from tfonnx_lab.conversion.result import Conversion
from tfonnx_lab.widgets._host import Host
from tfonnx_lab.widgets._keywords import only_traits
from tfonnx_lab.widgets.assets import FrontEnd
from tfonnx_lab.widgets.explorer import QuantizationExplorer
from tfonnx_lab.widgets.view import as_html, as_text, line

_HEADING = ["op", "tensor", "codes", "scale", "zero point", "real values"]


_MOST = 300


class QuantizationView(Host):
    """The explorer of one tensor above the ranges of all of them (`plot_ranges`).

    result: a conversion of a quantized model, or what `convert` takes; of a float model it says so.
    inputs: what the activations are made of.
    selection: the number of the TFLite op that makes the tensor.
    explorer: the `QuantizationExplorer`; None where there is nothing quantized.
    """

    FRONT = "quantization"

    selection = traitlets.Int(None, allow_none=True)
    says = traitlets.Unicode().tag(sync=True)
    ranges = traitlets.Unicode().tag(sync=True)

    def __init__(self, result: Any, inputs: Sequence[np.ndarray] | None = None, **traits: Any) -> None:
        only_traits(self, traits)
        self.explorer: QuantizationExplorer | None = None
        result = self._result = converted(result)
        super().__init__(**traits)
        try:
            self.explorer = self.hold("explorer", lambda: QuantizationExplorer(result, inputs))
        except ValueError as error:
            self.says = str(error)
            return
        self._ops = _makers(result, self.explorer.names)
        self.explorer.observe(self._picked, "tensor")
        self._show()

    def part(self, name: str) -> QuantizationExplorer:
        """The explorer. Raises ValueError where nothing is quantized."""
        if self.explorer is None:
            raise ValueError(self.says)
        return self.explorer

    def inner(self) -> dict[str, FrontEnd]:
        """The explorer."""
        return {} if self.explorer is None else {"explorer": self.explorer}

    @property
    def makers(self) -> dict[int, int]:
        """Index of a tensor in the explorer => the TFLite op that makes it."""
        return {} if self.explorer is None else self._ops

    def draw(self) -> str:
        """The picture of all ranges; it is drawn when it is asked for, since it takes a while."""
        if not self.ranges and self.explorer is not None:
            self.ranges = _ranges(self._result)
        return self.ranges

    def _answer(self, widget: Any, content: Any, buffers: Any) -> None:
        if isinstance(content, dict) and content.get("do") == "ranges":
            self.draw()
        else:
            super()._answer(widget, content, buffers)

    @traitlets.observe("selection")
    def _show(self, change: Any = None) -> None:
        if self.explorer is None or self._ops.get(self.explorer.tensor) == self.selection:
            return
        self.explorer.tensor = next((i for i, op in self._ops.items() if op == self.selection), self.explorer.tensor)

    def _picked(self, change: Any) -> None:
        self.selection = self._ops.get(change["new"], self.selection)

    def text(self) -> str:
        """The quantized activations as a table."""
        return f"QuantizationView: {self.says or as_text('', _HEADING, self._rows()).lstrip()}"

    def html(self) -> str:
        """The same as HTML."""
        return f"<p>{html.escape(self.says)}</p>" if self.says else as_html("", _HEADING, self._rows())

    def _rows(self) -> list[list[str]]:
        rows = json.loads(self.explorer._tensors) if self.explorer is not None else []
        return [
            [
                row["op"],
                line(row["name"]),
                f"{row['low']} to {row['high']}",
                f"{row['scale']:.6g}",
                str(row["zero"]),
                " to ".join(f"{(code - row['zero']) * row['scale']:.4g}" for code in (row["low"], row["high"])),
            ]
            for row in rows
        ]


def _makers(result: Conversion, names: list[str]) -> dict[int, int]:
    """Index of a tensor => the TFLite op that makes it."""
    start = result.trace.start
    known = {v["id"]: v["name"] for v in start["values"]}
    makers = {known[v]: int(n["origin"][0]) for n in start["nodes"] if n["origin"] for v in n["out"]}
    return {i: makers[name] for i, name in enumerate(names) if name in makers}


def _ranges(result: Conversion) -> str:
    """The picture of `plot_ranges` as SVG, and the same in words."""
    import matplotlib as mpl

    from tfonnx_lab.plots import ranges, ranges_svg

    with mpl.rc_context({"text.parse_math": False}):  # a dollar in a name is no formula
        picture = ranges_svg(result)
    told = "".join(f"<li>{html.escape(row.text())}</li>" for row in ranges(result)[:_MOST])
    words = f"<details><summary>the same in words</summary><ol>{told}</ol></details>"
    return picture + words
