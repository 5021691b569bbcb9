"""Averages of codes, bit for bit.

Ops: AVERAGE_POOL_2D, MEAN, SUM.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import onnx_ir as ir

from tfonnx_lab.arithmetic.fixed_point import MeanKernel, mean_kernel
from tfonnx_lab.graph import EIGHT_BIT, OpBuilder, code_range, constant_array
from tfonnx_lab.handlers.lowering import integer
from tfonnx_lab.handlers.lowering.layout import pad_attributes
from tfonnx_lab.handlers.lowering.products import Part, parts_of, sums
from tfonnx_lab.handlers.lowering.reduction import constant_axes, reduce
from tfonnx_lab.handlers.lowering.rescale import above_zero, as_codes, reach_of, rescaled, round_away
from tfonnx_lab.handlers.lowering.shape import dims
from tfonnx_lab.rules.bits import bits_handler, lacking

_D = ir.DataType
F = np.float32


def _alike(node: ir.Node) -> str:
    """Codes in and out, of one dtype."""
    x, out = node.inputs[0], node.outputs[0]
    if why := next((y for v in (x, out) if (y := lacking(v, *EIGHT_BIT, _D.INT16))), ""):
        return why
    return "" if x is not None and x.dtype == out.dtype else "its input and its output have two dtypes"


def _sized(node: ir.Node) -> str:
    """Codes in and out, and known sizes of the axes that are added up."""
    x, axes = node.inputs[:2]
    if why := _alike(node):
        return why
    if x is None or x.shape is None or constant_array(axes) is None:
        return "its axes are computed"
    return "" if _count(x, axes) else "it is not known how many codes it adds up"


def _count(x: ir.Value, axes: ir.Value | None) -> int:
    """How many codes are added up; 0 where that is not known."""
    assert x.shape is not None
    sizes = [list(x.shape)[axis] for axis in constant_axes(x, axes) or []]
    return int(np.prod([size if isinstance(size, int) else 0 for size in sizes]))


@bits_handler("MEAN", takes=_sized)
def mean_on_codes(op: OpBuilder, node: ir.Node, x: ir.Value, axes: ir.Value, *, keep_dims: bool = False) -> ir.Value:
    """MEAN{on_codes} => the sum above zero, times a multiplier that holds one over the count. Source: reduce.h."""
    count, total = _total(op, x, axes, keep_dims)
    out = node.outputs[0]
    kernel: MeanKernel = mean_kernel(count, integer.scale_of(x), integer.scale_of(out), False, x.dtype == _D.UINT8)
    most = float(reach_of(x)) * count
    return as_codes(op, integer.multiply_by(op, total, kernel.multiplier, most=most), out)


@bits_handler("SUM", takes=_sized)
def sum_on_codes(op: OpBuilder, node: ir.Node, x: ir.Value, axes: ir.Value, *, keep_dims: bool = False) -> ir.Value:
    """SUM{on_codes} => the sum above zero, rescaled; of int8 and int16 in float32, as LiteRT's other kernels do it.

    Source: QuantizedMeanOrSum in reference/reduce.h, to which reduce.cc hands all codes as if they were uint8, and in
    optimized/reduce.h.
    """
    out = node.outputs[0]
    (source, zero), (target, _) = integer.scale_of(x), integer.scale_of(out)
    if x.dtype == _D.UINT8:
        count, total = _total(op, x, axes, keep_dims)
        most = min(2.0**31, float(reach_of(x)) * count)
        return rescaled(op, total, [float(source) / float(target)], out, most)
    count, total = _total(op, x, axes, keep_dims, raw=True)
    scale = F(source) / F(target)
    real = op.Add(op.Mul(op.Cast(total, to=_D.FLOAT), scale), F(F(-zero) * scale) * F(count))
    return as_codes(op, round_away(op, op.Cast(real, to=_D.DOUBLE)), out)


def _total(op: OpBuilder, x: ir.Value, axes: ir.Value, keep: bool, raw: bool = False) -> tuple[int, ir.Value]:
    """How many codes are added up, and the sum of what they are above zero.

    raw: of the codes themselves.
    """
    chosen = constant_axes(x, axes)
    assert chosen is not None
    return _count(x, axes), reduce(op, "ReduceSum", integer.wide(op, x) if raw else above_zero(op, x), chosen, keep)


@bits_handler("AVERAGE_POOL_2D", takes=_alike)
def average_pool_2d_on_codes(
    op: OpBuilder, node: ir.Node, x: ir.Value, *, padding: str = "SAME", filter_height: int, filter_width: int,
    stride_h: int, stride_w: int,
) -> ir.Value:  # fmt: skip
    """AVERAGE_POOL_2D{on_codes} => sums of the codes, divided, halves away from zero. Source: pooling.h."""
    kernel, strides = [filter_height, filter_width], [stride_h, stride_w]
    out = node.outputs[0]
    assert out.dtype is not None
    attributes = {"kernel_shape": kernel, "strides": strides, **pad_attributes(x, padding, kernel, strides)}
    total, count = _window_sums(op, x, attributes), _counts(op, x, attributes)
    half = op.Floor(op.Mul(count, np.float64(0.5)))
    rounded = op.Where(op.Greater(total, np.float64(0)), op.Add(total, half), op.Sub(total, half))
    means = integer.truncated(op, op.Div(rounded, count))
    return op.like(op.Cast(integer.clip(op, means, *code_range(out.dtype)), to=out.dtype), out)


def _window_sums(op: OpBuilder, x: ir.Value, attributes: dict[str, object]) -> ir.Value:
    """The codes of each window, added up (not what they are above zero)."""
    parts = []
    for part in parts_of(op, x):
        planes = _planes(op, op.Transpose(part.value, perm=[0, 3, 1, 2]), x)
        parts.append(Part(planes, part.zero - (integer.scale_of(x)[1] if part.factor == 1 else 0), part.factor))
    found = sums(op, "ConvInteger", parts, [_ones(op, attributes)], attributes)
    apart = op.Concat(op.const([-1]), dims(op, x, [3]), op.Slice(op.Shape(found), op.const([2]), op.const([4])), axis=0)
    return op.Transpose(op.Reshape(found, apart), perm=[0, 2, 3, 1])


def _planes(op: OpBuilder, first: ir.Value, x: ir.Value) -> ir.Value:
    """[n, c, h, w] => [n c, 1, h, w]."""
    return op.Reshape(first, op.Concat(op.const([-1, 1]), dims(op, x, [1, 2]), axis=0))


def _ones(op: OpBuilder, attributes: dict[str, object]) -> Part:
    kernel: Any = attributes["kernel_shape"]
    return Part(op.const(np.ones((1, 1, *kernel), np.uint8)), 0)


def _counts(op: OpBuilder, x: ir.Value, attributes: dict[str, object]) -> ir.Value:
    """How many elements of the input each window has: [1, height, width, 1], as float64."""
    shape = op.Concat(op.const([1, 1]), dims(op, x, [1, 2]), axis=0)
    image = Part(op.Expand(op.const(np.ones((1, 1, 1, 1), np.uint8)), shape), 0)
    found = sums(op, "ConvInteger", [image], [_ones(op, attributes)], attributes)
    return op.Transpose(found, perm=[0, 2, 3, 1])
