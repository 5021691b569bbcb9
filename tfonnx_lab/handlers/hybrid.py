"""DYNAMIC_QUANTIZE: a made-up op, the rounding of a float input to 8 bits that LiteRT does before integer products."""

from __future__ import annotations

import numpy as np
import onnx_ir as ir

from tfonnx_lab.graph import OpBuilder, attr
from tfonnx_lab.handlers._reduce import reduce
from tfonnx_lab.handlers._shape import rank_of
from tfonnx_lab.rules import handler


@handler("DYNAMIC_QUANTIZE")
def dynamic_quantize(op: OpBuilder, node: ir.Node, x: ir.Value) -> ir.Value:
    """DYNAMIC_QUANTIZE(x) => scale * Round(x / scale), the scale from the range of each row or batch.

    Source: PortableSymmetricQuantizeFloats and PortableAsymmetricQuantizeFloats in portable_tensor_utils.cc.
    """
    width = int(attr(node, "width", 0))
    if width:
        flat = op.Reshape(x, op.const([-1, width]))
        return op.Reshape(_rounded(op, node, flat, [1]), op.Shape(x))
    size = rank_of(x)
    return _rounded(op, node, x, [size - 1] if attr(node, "by_row", 0) else list(range(1, size)))


def _rounded(op: OpBuilder, node: ir.Node, x: ir.Value, axes: list[int]) -> ir.Value:
    return rounded(op, x, axes, bool(attr(node, "asymmetric", 0)))


def rounded(op: OpBuilder, x: ir.Value, axes: list[int], asymmetric: bool) -> ir.Value:
    """x rounded to the 8-bit steps of its own range over some axes."""
    return _asymmetric(op, x, axes) if asymmetric else symmetric(op, x, axes)


def symmetric(op: OpBuilder, x: ir.Value, axes: list[int]) -> ir.Value:
    """127 steps on each side of zero."""
    reach = reduce(op, "ReduceMax", op.Abs(x), axes, True)
    scale = op.Div(reach, np.float32(127))
    scale = op.Where(op.Equal(scale, np.float32(0)), np.float32(1), scale)
    return op.Mul(op.Round(op.Div(x, scale)), scale)


def _asymmetric(op: OpBuilder, x: ir.Value, axes: list[int]) -> ir.Value:
    """256 steps from the smallest to the largest value, zero among them."""
    zero = np.float32(0)
    low = op.Min(reduce(op, "ReduceMin", x, axes, True), zero)
    high = op.Max(reduce(op, "ReduceMax", x, axes, True), zero)
    scale = op.Div(op.Sub(high, low), np.float32(255))
    scale = op.Where(op.Equal(scale, zero), np.float32(1), scale)
    point = op.Clip(op.Round(op.Sub(np.float32(-128), op.Div(low, scale))), np.float32(-128), np.float32(127))
    codes = op.Clip(op.Round(op.Add(op.Div(x, scale), point)), np.float32(-128), np.float32(127))
    return op.Mul(op.Sub(codes, point), scale)
