"""Parity: where do the numbers leave LiteRT's?"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from tfonnx_lab.conversion.result import Conversion
from tfonnx_lab.debug import bisect, changes_of
from tfonnx_lab.parity import Parity, TensorParity, compare, last_parity
from tfonnx_lab.widgets.view import View, number

FAR = 1e-3
"""A float tensor is far from LiteRT's beyond this share of its largest value; a quantized one beyond 1.5 of its
steps."""


class ParityView(View):
    """The error of every tensor along the graph, against LiteRT's reference kernels.

    result: a Conversion.
    inputs: what both run on (default: random ones).
    parity: a comparison made before.
    The grey band is how far LiteRT's own optimised kernels (XNNPACK) are from its reference. A click sets `selection`.
    """

    KIND = "parity"

    def __init__(
        self,
        result: Conversion,
        inputs: Sequence[np.ndarray] | None = None,
        parity: Parity | None = None,
        **traits: Any,
    ) -> None:
        self.parity = parity if parity is not None else compare(result, inputs)
        self.result = result
        super().__init__(errors(self.parity, _before(result)) | {"live": True}, source=result, **traits)

    def shows(self, result: Conversion) -> dict[str, Any]:
        """The errors of another conversion, on the same inputs, beside those before."""
        self.result, self.message, old = result, "", self.parity
        self.parity = last_parity(result) or compare(result, old.inputs)
        return errors(self.parity, _before(result) or {row.name: row for row in old.rows}) | {"live": True}

    def act(self, name: str, content: dict[str, Any]) -> None:
        """Search for the first op and step where numbers leave LiteRT's, and select them."""
        if name == "bisect":
            self.message = "searching ..."
            self.doing("converting and comparing until the first wrong step is found")
            found = bisect(self.result, self.parity.inputs)
            self.message = str(found)
            if found.position is not None and found.subgraph is None:
                self.selection = found.position
            if found.step is not None:
                self.index = found.step.i


def is_far(relative: float, steps: float | None) -> bool:
    """Whether an error is more than rounding."""
    return steps > 1.5 if steps is not None else not relative <= FAR


def _before(result: Conversion) -> dict[str, TensorParity]:
    """Tensor => what it was like before a retry."""
    changes = changes_of(result)
    old = changes.before if changes is not None else None
    return {} if old is None else {row.name: row for row in old.rows}


def _was(row: TensorParity, before: dict[str, TensorParity]) -> dict[str, Any]:
    """How far a tensor was off, where that has changed."""
    old = before.get(row.name)
    if old is None or old.error == row.error:
        return {}
    return {"was": number(old.relative), "was_nrmse": number(old.nrmse), "was_steps": number(old.steps)}


def errors(parity: Parity, before: dict[str, TensorParity] | None = None) -> dict[str, Any]:
    """One row a tensor, in graph order; the band; the first op outside of it; what a retry changed."""
    bands = {
        "nrmse": max((row.band for row in parity.rows if row.band is not None), default=None),
        "steps": max((row.band_steps for row in parity.rows if row.band_steps is not None), default=None),
    }
    rows = [
        {
            "op": f"{row.position} {row.op}",
            "name": row.name,
            "steps": number(row.steps),
            "error": number(row.error),
            "relative": number(row.relative),
            "nrmse": number(row.nrmse),
            "output": "output" if row.is_output else "",
            "far": is_far(row.relative, row.steps),
            "origin": row.position,
            **_was(row, before or {}),
        }
        for row in parity.rows
    ]
    band = bands["nrmse"] or 0.0
    first = next((r for r, row in zip(rows, parity.rows, strict=True) if r["far"] and not row.nrmse <= band), None)
    count = sum(bool(row["far"]) for row in rows)
    title = f"{len(rows)} tensors compared with LiteRT: " + _verdict(count, first)
    other = sum("was" in row for row in rows)
    if before:
        title += f"; {other or 'none'} changed by the retry"
    return {
        "title": title,
        "columns": [
            {"key": "steps", "title": "steps", "numeric": True, "hint": "largest error in steps of the tensor's scale"},
            {"key": "op", "title": "TFLite op", "hint": "the op that makes the tensor"},
            {"key": "error", "title": "largest error", "numeric": True, "hint": "in the tensor's own unit"},
            {"key": "relative", "title": "of its scale", "numeric": True, "hint": "largest error over largest value"},
            {"key": "nrmse", "title": "nrmse", "numeric": True, "hint": "root mean square error over the spread"},
            *([{"key": "was", "title": "of its scale, before the retry", "numeric": True}] if other else []),
            {"key": "output", "title": "is"},
            {"key": "name", "title": "tensor"},
        ],
        "rows": rows,
        "bands": bands,
        "first": None if first is None else first["origin"],
    }


def _verdict(far: int, first: dict[str, Any] | None) -> str:
    if not far:
        return "all are within rounding"
    if first is None:
        return f"{far} are more than rounding away, none by more than LiteRT's own two answers are from each other"
    return f"{far} are far, the first is made by op {first['op']}"
