"""The quantized tensors of an ONNX model: what their codes can mean, and what they held on a sample."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import onnx
from onnx import numpy_helper

from tfonnx_lab.conversion.onnx_pass import OnnxPass
from tfonnx_lab.errors import ConversionError
from tfonnx_lab.parity.onnx_pair import onnx_inputs, onnx_values
from tfonnx_lab.widgets._handlers import formula
from tfonnx_lab.widgets.view import number

_COLUMNS: list[dict[str, Any]] = [
    {"key": "clipped", "title": "clipped, %", "numeric": True, "hint": "share of the sample outside of the range"},
    {"key": "op", "title": "made by", "hint": "the op whose result is quantized"},
    {"key": "quant", "title": "real value", "hint": "scale * (code - zero point)"},
    {"key": "low", "title": "lowest", "numeric": True, "hint": "the real value of the lowest code"},
    {"key": "high", "title": "highest", "numeric": True, "hint": "the real value of the highest code"},
    {"key": "least", "title": "least seen", "numeric": True, "hint": "on the sample"},
    {"key": "most", "title": "most seen", "numeric": True, "hint": "on the sample"},
    {"key": "ends", "title": "ends where", "hint": "a range that begins at 0 leaves no need for a ReLU"},
    {"key": "name", "title": "tensor", "hint": "the tensor before it is quantized"},
]


def onnx_ranges(result: OnnxPass, inputs: Sequence[np.ndarray] | None = None) -> dict[str, Any]:
    """One row a QuantizeLinear with constant parameters, in graph order."""
    model = result.before
    constants = {t.name: t for t in model.graph.initializer}
    makers = {o: (i, n.op_type) for i, n in enumerate(model.graph.node) for o in n.output}
    nodes = [n for n in model.graph.node if n.op_type == "QuantizeLinear" and n.input[1] in constants]
    rows, note = [], ""
    try:
        fed = list(inputs) if inputs is not None else onnx_inputs(model)
        sample = onnx_values(model, sorted({n.input[0] for n in nodes} & set(makers)), fed)
    except ConversionError as error:
        sample, note = {}, f"; no sample: {error}"
    for node in nodes:
        rows.append(_row(node, constants, makers.get(node.input[0], (None, "input")), sample.get(node.input[0])))
    title = f"{len(rows)} tensors are quantized by QuantizeLinear{note}"
    return {"title": title, "columns": _COLUMNS, "rows": rows}


def _row(node: onnx.NodeProto, constants: dict[str, Any], maker: tuple[int | None, str], seen: Any) -> dict[str, Any]:
    scale = numpy_helper.to_array(constants[node.input[1]]).astype(np.float64).reshape(-1)
    held = constants.get(node.input[2]) if len(node.input) > 2 else None
    zero = np.zeros(1, np.uint8) if held is None else numpy_helper.to_array(held).reshape(-1)
    integers = zero.dtype.kind in "iu"
    info = np.iinfo(zero.dtype) if integers else None
    low, high = (-np.inf, np.inf) if info is None else (info.min, info.max)
    ends = [float(((code - zero.astype(np.float64)) * scale).min() if code == low else ((code - zero) * scale).max())
            for code in (low, high)] if integers else [low, high]  # fmt: skip
    quant = {"size": scale.size, "scale": [float(scale[0])], "zero_point": [int(zero[0]) if integers else 0], "axis": 1}
    row = {
        "op": maker[1], "name": node.input[0], "quant": f"{zero.dtype.name} {formula(quant)}",
        "low": number(ends[0]), "high": number(ends[1]), "origin": maker[0],
        "ends": "at 0: a ReLU" if ends[0] == 0 else "", "clipped": None, "least": None, "most": None,
    }  # fmt: skip
    if isinstance(seen, np.ndarray) and seen.size:
        half = float(scale.max()) / 2
        outside = np.mean((seen < ends[0] - half) | (seen > ends[1] + half))
        row |= {"clipped": 100 * float(outside), "least": float(seen.min()), "most": float(seen.max())}
    return row
