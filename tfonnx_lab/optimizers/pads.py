"""Pads: what is padded with zeros before a convolution, the convolution pads itself."""

from __future__ import annotations

from typing import Any

import numpy as np
import onnx_ir as ir

from tfonnx_lab.graph import OpBuilder, attr, constant_array, is_onnx
from tfonnx_lab.optimizers._codes import constant_input
from tfonnx_lab.patterns import onnx, var
from tfonnx_lab.rules import Miss, optimizer


@optimizer(onnx.Conv(var("x"), ..., name="node"), phase="fuse")
def pad_in_conv(op: OpBuilder, node: ir.Node, x: ir.Value) -> ir.Value | None:
    """Conv(Pad(x, zero)) => Conv{pads}(x), also where DequantizeLinear or Transpose stand between."""
    path, pad = _up_to_pad(x)
    if pad is None or attr(node, "auto_pad", "NOTSET") not in ("NOTSET", "VALID"):
        return None
    if not _pads_with_zero(pad, path):
        raise Miss("it pads with something else than zero")
    added = _spatial_pads(pad, path)
    if added is None:
        raise Miss("its pads are computed, negative, or not in height and width alone")
    moved = pad.inputs[0]
    for step in reversed(path):
        moved = _again(op, step, [moved, *step.inputs[1:]])
    own = attr(node, "pads") or [0] * len(added)
    attributes = {k: v.value for k, v in node.attributes.items() if k != "auto_pad"}
    attributes["pads"] = [a + b for a, b in zip(own, added, strict=True)]
    made = op.node("Conv", [moved, *node.inputs[1:]], attributes).outputs[0]
    return op.like(made, node.outputs[0])


def _up_to_pad(x: ir.Value) -> tuple[list[ir.Node], ir.Node | None]:
    """The nodes from the value up to a Pad, and the Pad, where only DequantizeLinear and Transpose stand between."""
    path: list[ir.Node] = []
    maker = x.producer()
    while maker is not None and is_onnx(maker, "DequantizeLinear", "Transpose") and maker.inputs[0] is not None:
        path.append(maker)
        maker = maker.inputs[0].producer()
    return path, maker if maker is not None and is_onnx(maker, "Pad") else None


def _pads_with_zero(pad: ir.Node, path: list[ir.Node]) -> bool:
    """Whether the Pad adds what stands for zero: the zero point, where its values are codes."""
    fill = constant_input(pad, 2)
    value = np.zeros((), np.int64) if fill is None else constant_array(fill)
    dequantize = [n for n in path if n.op_type == "DequantizeLinear"]
    zero_point = constant_input(dequantize[0], 2) if dequantize else None
    zero = np.zeros((), np.int64) if zero_point is None else constant_array(zero_point)
    if value is None or zero is None or attr(pad, "mode", "constant") != "constant" or zero.size != 1:
        return False
    return len(dequantize) < 2 and bool(value.ravel()[0] == zero.ravel()[0])


def _spatial_pads(pad: ir.Node, path: list[ir.Node]) -> list[int] | None:
    """The pads as a Conv takes them, behind the Transposes of the path."""
    given = constant_array(constant_input(pad, 1))
    if given is None or constant_input(pad, 3) is not None or (given < 0).any():
        return None
    rank = given.size // 2
    order = list(range(rank))
    for step in reversed(path):
        if step.op_type == "Transpose":
            perm: Any = attr(step, "perm")
            order = [order[p] for p in perm]
    before, after = ([int(given[a + end]) for a in order] for end in (0, rank))
    return None if any(before[:2]) or any(after[:2]) else before[2:] + after[2:]


def _again(op: OpBuilder, node: ir.Node, inputs: list[ir.Value | None]) -> ir.Value:
    return op.node(node.op_type, inputs, {k: v.value for k, v in node.attributes.items()}).outputs[0]
