"""The quantization explorer: what an integer means, and who computes with it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import numpy as np
import onnx_ir as ir
import traitlets

from tfonnx_lab.conversion import Conversion
from tfonnx_lab.errors import ConversionError
from tfonnx_lab.graph import TENSORS, code_range, quantization
from tfonnx_lab.runtime.groups import Group
from tfonnx_lab.widgets.assets import FrontEnd, asset

_BINS = 240


class QuantizationExplorer(FrontEnd):
    """One quantized activation at a time: its staircase, its formula, what clipping and rounding cost on a sample.

    result: a conversion of a quantized model. inputs: what the sample's activations are made of (default: random ones).
    tensor: the index of the tensor shown, in `names`. scale, zero_point: where the sliders stand.
    """

    _esm = traitlets.Unicode().tag(sync=True)
    _tensors = traitlets.Unicode("[]").tag(sync=True)
    tensor = traitlets.Int(0).tag(sync=True)
    scale = traitlets.Float(1.0).tag(sync=True)
    zero_point = traitlets.Int(0).tag(sync=True)

    def __init__(self, result: Conversion, inputs: Sequence[np.ndarray] | None = None, **kwargs: Any) -> None:
        rows = tensors(result, inputs)
        if not rows:
            raise ValueError(f"{result.name} has no quantized activations")
        self.names = [row["name"] for row in rows]
        first = rows[kwargs.get("tensor", 0)]
        super().__init__(
            _esm=asset("explorer.js"),
            _tensors=json.dumps(rows),
            scale=first["scale"],
            zero_point=first["zero"],
            **kwargs,
        )

    def text(self) -> str:
        """The tensor that is shown, as a formula."""
        row = json.loads(self._tensors)[self.tensor]
        sign = "-" if row["zero"] >= 0 else "+"
        formula = f"{row['scale']:.4g} * (q {sign} {abs(row['zero'])})"
        return f"QuantizationExplorer({row['op']} {row['name']}: {formula}, {len(self.names)} tensors)"

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
    homes = _homes(result)
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
            "tflite": _tflite(node, value),
        }
        row["onnx"], row["kernel"] = homes.get(
            value["name"], (["its codes are encoded in another way, or merged away"], ["part of a larger kernel"])
        )
        rows.append(row)
    return rows


def _tflite(node: Any, value: Any) -> list[str]:
    quant = value["quant"]
    op = f"op {node['origin'][0]} {node['op']}" if node else "input of the model"
    return [
        op,
        f"{value['dtype'].lower()} {value['shape']}",
        f"scale {quant['scale'][0]:.6g}",
        f"zero point {quant['zero_point'][0]}",
    ]


def _samples(result: Conversion, inputs: Sequence[np.ndarray] | None) -> dict[str, np.ndarray]:
    from tfonnx_lab.parity import LiteRT, random_inputs
    from tfonnx_lab.readers.tflite import TENSOR_INDEX

    try:
        reference = LiteRT(result.source)
        reference.run(list(inputs) if inputs is not None else random_inputs(reference.inputs))
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


def _homes(result: Conversion) -> dict[str, tuple[list[str], list[str]]]:
    """TFLite tensor => how the ONNX graph holds it, and what ONNX Runtime makes of the op that computes it."""
    found: dict[str, tuple[list[str], list[str]]] = {}
    groups = _groups(result)
    graph = result.ir_model.graph
    for value in (*graph.inputs, *(v for node in graph for v in node.outputs)):
        quant = quantization(value)
        node = value.producer()
        for name, perm in value.meta.get(TENSORS, ()):
            if quant is None or value.dtype is None or name in found:
                continue
            readers = sorted({user.op_type for user, _ in value.uses()})
            found[name] = (
                [
                    _maker(node),
                    f"{value.dtype.name.lower()}: {quant.formula()}",
                    "channels first" if perm else "same layout",
                    f"read by {', '.join(readers) or 'the caller'}",
                ],
                _kernel(node, groups.get(value.name or "")),
            )
    return found


def _groups(result: Conversion) -> dict[str, Group]:
    """Value => the group that makes it, where ONNX Runtime can load the model."""
    try:
        return {name: group for group in result.runtime().groups for name in group.outputs}
    except Exception:  # ONNX Runtime's errors share no base class
        return {}


def _maker(node: ir.Node | None) -> str:
    if node is None:
        return "input of the graph"
    source = node.inputs[0].producer() if node.inputs and node.inputs[0] is not None else None
    return f"{source.op_type} -> QuantizeLinear" if source is not None and _codes(node) else node.op_type


def _kernel(node: ir.Node | None, group: Group | None) -> list[str]:
    if node is None:
        return ["codes come in as they are"]
    if group is None:
        return ["QuantizeLinear", "real values become codes here"] if _codes(node) else ["part of a larger kernel"]
    if group.integer:
        return [group.kernel or f"{group.op}, merged", "computes on integers", group.quantization]
    if group.quantized:
        return [f"{group.kernel or group.op} stays float", group.reason]
    return [group.kernel or f"{group.op}, merged", "moves codes as they are"]


def _codes(node: ir.Node) -> bool:
    return node.op_type == "QuantizeLinear"
