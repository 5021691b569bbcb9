"""Reductions: MEAN SUM REDUCE_PROD REDUCE_MAX REDUCE_MIN REDUCE_ANY REDUCE_ALL, and CUMSUM."""

from __future__ import annotations

import numpy as np
import onnx_ir as ir

from tfonnx_lab.graph import EIGHT_BIT, OpBuilder, is_quantized, rank, static_shape
from tfonnx_lab.handlers.lowering.layout import to_channels_first
from tfonnx_lab.handlers.lowering.mean_of_codes import mean_of_codes
from tfonnx_lab.handlers.lowering.numeric import is_float, number, widened
from tfonnx_lab.handlers.lowering.product_of_codes import product_of_codes
from tfonnx_lab.handlers.lowering.reduction import constant_axes, reduction
from tfonnx_lab.rules import handler

_D = ir.DataType


@handler("MEAN")
def mean(op: OpBuilder, node: ir.Node, x: ir.Value, axes: ir.Value, *, keep_dims: bool = False) -> ir.Value:
    """MEAN => ReduceMean; over height and width => GlobalAveragePool, which has an integer kernel. Source: reduce.h."""
    if is_quantized(x) and x.dtype not in (_D.INT32, _D.INT64):
        return mean_of_codes(op, node, x, axes, keep_dims)
    if not is_float(x):
        return _integer_mean(op, x, axes, keep_dims)
    if rank(x) == 4 and constant_axes(x, axes) == [1, 2]:
        pooled = op.GlobalAveragePool(to_channels_first(op, x))
        pooled.type = x.type
        pooled.shape = ir.Shape([list(x.shape or ())[0], list(x.shape or ())[3], 1, 1])
        if keep_dims:
            return op.Transpose(pooled, perm=[0, 2, 3, 1])
        return op.Squeeze(pooled, op.const([2, 3]))
    return reduction(op, "ReduceMean", x, axes, keep_dims)


def _integer_mean(op: OpBuilder, x: ir.Value, axes: ir.Value, keep_dims: bool) -> ir.Value:
    """Sum and division, truncated towards zero as C does."""
    wide = op.Cast(x, to=_D.INT64)
    total = reduction(op, "ReduceSum", wide, axes, keep_dims)
    ones = op.Expand(op.const([1]), op.Shape(x)) if rank(x) else op.const(1)
    count = reduction(op, "ReduceSum", ones, axes, keep_dims)
    if _may_be_none(x, axes):
        count = op.Max(count, op.const(1))  # of none at all LiteRT has 0
    return op.Cast(op.Div(total, count), to=x.dtype)


def _may_be_none(x: ir.Value, axes: ir.Value) -> bool:
    """Whether nothing at all may be reduced, since the size of a reduced axis is not known."""
    chosen, sizes = constant_axes(x, axes), None if x.shape is None else list(x.shape)
    if chosen is None or sizes is None:
        return static_shape(x) is None
    return not all(isinstance(sizes[axis], int) for axis in chosen)


@handler("SUM")
def sum_(op: OpBuilder, node: ir.Node, x: ir.Value, axes: ir.Value, *, keep_dims: bool = False) -> ir.Value:
    """SUM => ReduceSum. Source: reduce.h."""
    return widened(op, lambda v: reduction(op, "ReduceSum", v, axes, keep_dims), x)


@handler("REDUCE_PROD")
def reduce_prod(op: OpBuilder, node: ir.Node, x: ir.Value, axes: ir.Value, *, keep_dims: bool = False) -> ir.Value:
    """REDUCE_PROD => ReduceProd; of codes a Scan that rescales every product. Source: reduce.h."""
    if is_quantized(x) and x.dtype not in (_D.INT32, _D.INT64):
        return product_of_codes(op, node, x, axes, keep_dims)
    return widened(op, lambda v: reduction(op, "ReduceProd", v, axes, keep_dims), x)


@handler("REDUCE_MAX")
def reduce_max(op: OpBuilder, node: ir.Node, x: ir.Value, axes: ir.Value, *, keep_dims: bool = False) -> ir.Value:
    """REDUCE_MAX => ReduceMax, on codes as they are. Source: reduce.h."""
    return _extreme(op, "Max", x, axes, keep_dims)


@handler("REDUCE_MIN")
def reduce_min(op: OpBuilder, node: ir.Node, x: ir.Value, axes: ir.Value, *, keep_dims: bool = False) -> ir.Value:
    """REDUCE_MIN => ReduceMin, on codes as they are. Source: reduce.h."""
    return _extreme(op, "Min", x, axes, keep_dims)


def _extreme(op: OpBuilder, kind: str, x: ir.Value, axes: ir.Value, keep_dims: bool) -> ir.Value:
    """ReduceMax or ReduceMin; of no floats, which there may be where a size is unknown, LiteRT has the lowest, ONNX
    -inf."""
    if x.dtype in EIGHT_BIT:
        return reduction(op, f"Reduce{kind}", x, axes, keep_dims)
    y = widened(op, lambda v: reduction(op, f"Reduce{kind}", v, axes, keep_dims), x)
    if x.dtype != _D.FLOAT or not _may_be_none(x, axes):
        return y
    first = np.finfo(np.float32).min if kind == "Max" else np.finfo(np.float32).max
    return getattr(op, kind)(y, np.float32(first))


@handler("REDUCE_ANY")
def reduce_any(op: OpBuilder, node: ir.Node, x: ir.Value, axes: ir.Value, *, keep_dims: bool = False) -> ir.Value:
    """REDUCE_ANY => ReduceMax of 0 and 1; at least 0, where there may be none of them. Source: reduce.h."""
    if not _may_be_none(x, axes):
        return widened(op, lambda v: reduction(op, "ReduceMax", v, axes, keep_dims), x)
    return widened(op, lambda v: op.Max(reduction(op, "ReduceMax", v, axes, keep_dims), number(0, v)), x)


@handler("REDUCE_ALL")
def reduce_all(op: OpBuilder, node: ir.Node, x: ir.Value, axes: ir.Value, *, keep_dims: bool = False) -> ir.Value:
    """REDUCE_ALL => ReduceMin of 0 and 1. Source: reduce.h."""
    return widened(op, lambda v: reduction(op, "ReduceMin", v, axes, keep_dims), x)


@handler("CUMSUM")
def cumsum(
    op: OpBuilder, node: ir.Node, x: ir.Value, axis: ir.Value, *, exclusive: bool = False, reverse: bool = False
) -> ir.Value:
    """CUMSUM => CumSum. Source: cumsum.cc."""
    flags = {"exclusive": int(exclusive), "reverse": int(reverse)}
    position = op.Reshape(op.Cast(axis, to=_D.INT64), op.const([], "int64"))
    return widened(op, lambda v: op.CumSum(v, position, **flags), x)
