"""The quantization explorer: what an integer means, and who computes with it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import numpy as np
import onnx_ir as ir
import traitlets

from tfonnx_lab.conversion.given import converted
from tfonnx_lab.conversion.result import Conversion
from tfonnx_lab.errors import ConversionError
from tfonnx_lab.graph import code_range
from tfonnx_lab.widgets._three_views import GONE, as_lines, formula, onnx_and_runtime, tflite
from tfonnx_lab.widgets.assets import FrontEnd

TITLES = ("TFLite", "ONNX", "ONNX Runtime")

_BINS = 240
_PARTS = 8


class QuantizationExplorer(FrontEnd):
    """One quantized activation at a time: its staircase, its formula, what clipping and rounding cost on a sample.

    result: a conversion of a quantized model, or what `convert` takes.
    inputs: what the activations are made of, as of `compare` (default: a picture or a sound where the model takes one).
    tensor: the index of the tensor shown, in `names`.
    scale, zero_point: where the sliders stand.
    """

    FRONT = "explorer"

    _tensors = traitlets.Unicode("[]").tag(sync=True)
    tensor = traitlets.Int(0).tag(sync=True)
    scale = traitlets.Float(1.0).tag(sync=True)
    zero_point = traitlets.Int(0).tag(sync=True)

    def __init__(self, result: Any, inputs: Sequence[np.ndarray] | None = None, **kwargs: Any) -> None:
        result = converted(result)
        rows = tensors(result, inputs)
        if not rows:
            raise ValueError(f"{result.name} has no quantized activations")
        self.names = [row["name"] for row in rows]
        first = rows[kwargs.get("tensor", 0)]
        super().__init__(
            _tensors=json.dumps(rows),
            scale=first["scale"],
            zero_point=first["zero"],
            **kwargs,
        )

    def text(self) -> str:
        """The tensor that is shown, as a formula."""
        row = json.loads(self._tensors)[self.tensor]
        mapping = formula(row["scale"], row["zero"])
        columns = [
            f"  {title:12} {'  '.join(as_lines(view))}" for title, view in zip(TITLES, row["views"], strict=True)
        ]
        head = f"QuantizationExplorer({row['op']} {row['name']}: {mapping}, {len(self.names)} tensors)"
        return "\n".join([head, *columns])

    @property
    def in_file(self) -> tuple[float, int]:
        """Scale and zero point of the tensor as the file has them, wherever the sliders stand."""
        row = json.loads(self._tensors)[self.tensor]
        return row["scale"], row["zero"]

    def losses(self, scale: float | None = None, zero_point: int | None = None) -> dict[str, float]:
        """What the sample's activations of the tensor lose with this scale and zero point (default: the sliders').

        `clipped`: the share outside of the range; `error`: root mean square of what comes back minus what went in.
        """
        row = json.loads(self._tensors)[self.tensor]
        return losses(row, scale or self.scale, self.zero_point if zero_point is None else zero_point)

    @traitlets.validate("tensor")
    def _inside(self, proposal: Any) -> int:
        return max(0, min(int(proposal["value"]), len(self.names) - 1))


def tensors(result: Conversion, inputs: Sequence[np.ndarray] | None = None) -> list[dict[str, Any]]:
    """The quantized activations in graph order: codes, quantization, histogram of real values, and who computes."""
    start = result.trace.start
    values = {v["id"]: v for v in start["values"]}
    main = start["graphs"][0]
    makers = {v: n for n in start["nodes"] if n["id"] in set(main["nodes"]) for v in n["out"]}
    samples = _samples(result, inputs)
    homes = onnx_and_runtime(result)
    rows = []
    for number in (*main["inputs"], *makers):
        value = values[number]
        quant = value["quant"]
        if quant is None or value["dtype"] not in ("INT8", "UINT8", "INT16"):
            continue
        low, high = code_range(ir.DataType[value["dtype"]])
        node = makers.get(number)
        row = {
            "name": value["name"],
            "op": node["op"] if node else "INPUT",
            "scale": quant["scale"][0],
            "zero": quant["zero_point"][0],
            "low": low,
            "high": high,
            "histogram": _histogram(samples.get(value["name"]), quant, low, high),
        }
        onnx, runtime = homes.get(value["name"], (GONE, GONE))
        row["views"] = [tflite(node, value, values), onnx, runtime]
        rows.append(row)
    return rows


def losses(row: dict[str, Any], scale: float, zero_point: int) -> dict[str, float]:
    """The share of a tensor's activations that is clipped, and their root mean square error.

    A bar of the histogram holds what was rounded to one code: real values that are taken as spread evenly over it.
    """
    bars = row["histogram"]
    counts = np.array(bars["counts"], np.float64)
    width = (bars["to"] - bars["from"]) / counts.size
    inside = (np.arange(_PARTS) + 0.5) / _PARTS
    x = bars["from"] + (np.arange(counts.size)[:, None] + inside) * width
    codes = np.clip(np.floor(x / scale + 0.5) + zero_point, row["low"], row["high"])
    low, high = (scale * (row[end] - zero_point) for end in ("low", "high"))
    weights = np.broadcast_to(counts[:, None], x.shape) / max(counts.sum() * _PARTS, 1)
    outside = (x < low - scale / 2) | (x > high + scale / 2)
    error = np.sqrt(np.sum(weights * (scale * (codes - zero_point) - x) ** 2))
    return {"clipped": float(np.sum(weights * outside)), "error": float(error)}


def _samples(result: Conversion, inputs: Sequence[np.ndarray] | None) -> dict[str, np.ndarray]:
    from tfonnx_lab.graph.meta import TENSOR_INDEX
    from tfonnx_lab.litert import LiteRT, converted_source
    from tfonnx_lab.parity.given import given_runs

    try:
        reference = LiteRT(converted_source(result))
        reference.run(given_runs(result, reference, inputs)[0])
    except ConversionError:
        return {}
    return reference.tensors(result.ir_model.meta[TENSOR_INDEX])


def _histogram(codes: np.ndarray | None, quant: Any, low: int, high: int) -> dict[str, Any]:
    scale, zero = quant["scale"][0], quant["zero_point"][0]
    start, end = (low - zero - 0.5) * scale, (high - zero + 0.5) * scale
    if codes is None or codes.dtype.kind not in "iu":
        return {"counts": [0], "from": start, "to": end}
    bins = min(_BINS, high - low + 1) if high - low > 255 else high - low + 1
    counts, _ = np.histogram((codes.astype(np.float64) - zero) * scale, bins=bins, range=(start, end))
    return {"counts": [int(c) for c in counts], "from": start, "to": end}
