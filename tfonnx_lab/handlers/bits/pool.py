"""Averages of codes, bit for bit.

Ops: AVERAGE_POOL_2D, MEAN, SUM.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import onnx_ir as ir

from tfonnx_lab.arithmetic.fixed_point import MeanKernel, mean_kernel
from tfonnx_lab.errors import Unsupported
from tfonnx_lab.graph import EIGHT_BIT, OpBuilder, code_range, constant_array, static_shape
from tfonnx_lab.handlers.lowering import integer
from tfonnx_lab.handlers.lowering.layout import pad_attributes
from tfonnx_lab.handlers.lowering.products import Part, parts_of, sums
from tfonnx_lab.handlers.lowering.reduction import constant_axes, reduce
from tfonnx_lab.handlers.lowering.rescale import above_zero, as_codes, reach_of, rescaled, round_away
from tfonnx_lab.rules.bits import bits_handler, lacking

_D = ir.DataType
F = np.float32


def _sized(node: ir.Node) -> str:
    """Codes in and out, of a known shape and over constant axes."""
    x, out = node.inputs[0], node.outputs[0]
    if why := next((y for v in (x, out) if (y := lacking(v, *EIGHT_BIT, _D.INT16))), ""):
        return why
    assert x is not None
    if x.dtype != out.dtype:
        return "its input and its output have two dtypes"
    shape = static_shape(x)
    if shape is None or 0 in shape:
        return "the shape of its input is not known"
    return "" if len(node.inputs) == 1 or constant_array(node.inputs[1]) is not None else "its axes are computed"


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
    """How many codes are added up, and the sum of what they are above zero; raw: of the codes themselves."""
    shape, chosen = static_shape(x), constant_axes(x, axes)
    assert shape is not None and chosen is not None
    count = int(np.prod([shape[a] for a in chosen]))
    return count, reduce(op, "ReduceSum", integer.wide(op, x) if raw else above_zero(op, x), chosen, keep)


@bits_handler("AVERAGE_POOL_2D", takes=_sized)
def average_pool_2d_on_codes(
    op: OpBuilder, node: ir.Node, x: ir.Value, *, padding: str = "SAME", filter_height: int, filter_width: int,
    stride_h: int, stride_w: int,
) -> ir.Value:  # fmt: skip
    """AVERAGE_POOL_2D{on_codes} => sums of the codes, divided, halves away from zero. Source: pooling.h."""
    kernel, strides = [filter_height, filter_width], [stride_h, stride_w]
    shape, out = static_shape(x), node.outputs[0]
    assert shape is not None and out.dtype is not None
    pads = pad_attributes(x, padding, kernel, strides)
    attributes = {"kernel_shape": kernel, "strides": strides, **pads}
    counts = _counts(shape[1:3], kernel, strides, list(pads["pads"]))  # type: ignore[call-overload]
    total = _window_sums(op, x, shape, attributes)
    half = op.const(np.float64(counts // 2))
    up = op.Add(total, half)
    down = op.Sub(total, half)
    rounded = op.Where(op.Greater(total, np.float64(0)), up, down)
    means = integer.truncated(op, op.Div(rounded, op.const(np.float64(counts))))
    return op.like(op.Cast(integer.clip(op, means, *code_range(out.dtype)), to=out.dtype), out)


def _window_sums(op: OpBuilder, x: ir.Value, shape: Sequence[int], attributes: dict[str, object]) -> ir.Value:
    """The codes of each window, added up (not what they are above zero)."""
    batch, height, width, channels = shape
    parts = []
    for part in parts_of(op, x):
        moved = op.Transpose(part.value, perm=[0, 3, 1, 2])
        alone = op.Reshape(moved, op.const([batch * channels, 1, height, width]))
        parts.append(Part(alone, part.zero - (integer.scale_of(x)[1] if part.factor == 1 else 0), part.factor))
    ones = [Part(op.const(np.ones((1, 1, *attributes["kernel_shape"]), np.uint8)), 0)]  # type: ignore[misc]
    found = sums(op, "ConvInteger", parts, ones, attributes)
    apart = op.Reshape(found, op.Concat(op.const([batch, channels]), _spatial(op, found), axis=0))
    return op.Transpose(apart, perm=[0, 2, 3, 1])


def _spatial(op: OpBuilder, x: ir.Value) -> ir.Value:
    return op.Slice(op.Shape(x), op.const([2]), op.const([4]))


def _counts(sizes: Sequence[int], kernel: Sequence[int], strides: Sequence[int], pads: Sequence[int]) -> np.ndarray:
    """How many elements of the input each window has: [height, width, 1]."""
    found = []
    for size, window, stride, before, after in zip(sizes, kernel, strides, pads[:2], pads[2:], strict=True):
        starts = np.arange((size + before + after - window) // stride + 1) * stride - before
        found.append(np.minimum(starts + window, size) - np.maximum(starts, 0))
    counts = np.outer(*found)[..., None]
    if not counts.all():
        raise Unsupported("a window lies in the padding alone")
    return np.asarray(counts, np.int64)
