"""Parity: where do the numbers leave LiteRT's?"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

import numpy as np

from tfonnx_lab.conversion.given import converted
from tfonnx_lab.conversion.result import Conversion
from tfonnx_lab.debug import bisect, changes_of
from tfonnx_lab.errors import ConversionError
from tfonnx_lab.parity import OpVerdict, Parity, TensorParity, Verdict, compare, last_parity
from tfonnx_lab.parity.verdict import Status
from tfonnx_lab.texts.progress import Tick, part_of
from tfonnx_lab.widgets.view import View, number

_STATUSES: tuple[Status, ...] = ("wrong", "amplified", "within", "exact")


class ParityView(View):
    """The error of every tensor along the graph, against LiteRT's reference kernels.

    result: a Conversion, or what `convert` takes.
    inputs: what both run on (default: a picture or a sound where the model takes one).
    parity: a comparison made before.
    The grey band is how far LiteRT's own optimised kernels (XNNPACK) are from its reference. Colours follow the verdict
    (`parity.verdict`) and nothing else. A click sets `selection`.
    """

    KIND = "parity"

    def __init__(
        self,
        result: Any,
        inputs: Sequence[np.ndarray] | None = None,
        parity: Parity | None = None,
        **traits: Any,
    ) -> None:
        result = converted(result)
        self.parity = parity if parity is not None else compare(result, inputs)
        self.result = result
        super().__init__(errors(self.parity, _before(result)) | {"live": True}, source=result, **traits)

    def shows(self, result: Conversion) -> dict[str, Any]:
        """The errors of another conversion, on the same inputs, beside those before."""
        self.result, self.message, old = result, "", self.parity
        self.parity = last_parity(result) or compare(result, old.inputs)
        return errors(self.parity, _before(result) or {row.name: row for row in old.rows}) | {"live": True}

    def act(self, name: str, content: dict[str, Any]) -> None:
        """Search for the op that is wrong, and the step that made it so, and select them."""
        if name == "bisect":
            self.message = "searching ..."
            with self.at_work("converting and comparing until the first wrong step is found"):
                found = bisect(self.result, self.parity.inputs, progress=self._tell)
            self.message = str(found)
            if found.position is not None:
                self.selection = found.position if found.subgraph is None else found.caller
            if found.step is not None:
                self.index = found.step.i

    def _tell(self, text: str) -> None:
        """Show what is being tried."""
        if not isinstance(text, Tick):
            self.message = f"searching: {text}"
        self.doing(text, part_of(text))


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
    """The verdict's sentence; a row a tensor, in graph order, with its status; the band; what a retry changed."""
    verdict, why = _verdict(parity)
    layers = [row.layer for row in parity.rows]
    bands = {
        "nrmse": max((row.band for row in parity.rows if row.band is not None), default=None),
        "steps": max((row.band_steps for row in parity.rows if row.band_steps is not None), default=None),
    }
    judged = {one.position: one for one in verdict.ops} if verdict is not None else {}
    rows = [_row(row, judged.get(row.position)) | _was(row, before or {}) for row in parity.rows]
    counts = Counter(row["status"] for row in rows)
    other = sum("was" in row for row in rows)
    title = why or (verdict.sentence if verdict is not None else "")
    if verdict is not None and verdict.rounding:
        title += f". {verdict.rounding[0].upper()}{verdict.rounding[1:]}"
    if before:
        title += f"; {other or 'none'} of {len(rows)} tensors changed by the retry"
    return {
        "title": title,
        "ok": None if verdict is None else verdict.ok,
        "columns": [
            {"key": "status", "title": "verdict", "hint": "wrong by itself, amplified from what came in, or within"},
            {"key": "op", "title": "TFLite op", "hint": "the op that makes the tensor"},
            {"key": "own", "title": "off by itself", "hint": "on LiteRT's own inputs"},
            {"key": "steps", "title": "steps along the graph", "numeric": True, "hint": "in steps of its scale"},
            {"key": "error", "title": "largest error", "numeric": True, "hint": "in the tensor's own unit"},
            {"key": "relative", "title": "of its scale", "numeric": True, "hint": "largest error over largest value"},
            {"key": "nrmse", "title": "nrmse", "numeric": True, "hint": "root mean square error over the spread"},
            *(
                [{"key": "was", "title": "of its scale, before the retry", "numeric": True, "hint": "as it was"}]
                if other
                else []
            ),
            {"key": "output", "title": "is", "hint": "whether the model gives it out"},
            {"key": "name", "title": "tensor", "hint": "its name in the file"},
            *(
                [{"key": "layer", "title": "layer", "hint": "of the Keras model"}]
                if any(layer and layer[-1] != "?" for layer in layers)
                else []
            ),
        ],
        "rows": rows,
        "statuses": [[status, counts[status]] for status in _STATUSES if counts[status]],
        "bands": bands,
        "first": None if verdict is None else verdict.op,
    }


def _row(row: TensorParity, judged: OpVerdict | None) -> dict[str, Any]:
    """A tensor, with what the verdict says of the op that makes it."""
    return {
        "op": f"{row.position} {row.op}",
        "name": row.name,
        "layer": row.layer,
        "status": "" if judged is None else judged.status,
        "own": "" if judged is None else judged.own.said,
        "steps": number(row.steps),
        "error": number(row.error),
        "relative": number(row.relative),
        "nrmse": number(row.nrmse),
        "output": "output" if row.is_output else "",
        "origin": row.position,
    }


def _verdict(parity: Parity) -> tuple[Verdict | None, str]:
    """The verdict of a comparison; None, and why, where there is none."""
    try:
        return parity.verdict, ""
    except ConversionError as error:
        return None, f"{len(parity.rows)} tensors compared with LiteRT, not judged: {str(error).splitlines()[0]}"
