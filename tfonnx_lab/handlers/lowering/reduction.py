"""Reductions, whose axes are an attribute or an input depending on the opset."""

from __future__ import annotations

import numpy as np
import onnx_ir as ir

from tfonnx_lab.errors import Unsupported
from tfonnx_lab.graph import OpBuilder, constant_array, rank
from tfonnx_lab.handlers.lowering.shape import rank_of, vector
from tfonnx_lab.handlers.select import where


def constant_axes(x: ir.Value, axes: ir.Value | None) -> list[int] | None:
    """Constant axes, counted from the front and each once; None where they are computed.

    Raises Unsupported for an axis that x does not have, which LiteRT refuses. Source: ResolveAxis in reduce.h.
    """
    given = constant_array(axes)
    if given is None:
        return None
    size = rank(x)
    found = [int(a) for a in np.atleast_1d(given).ravel()]
    if size and (far := [a for a in found if not -size <= a < size]):
        raise Unsupported(f"it has an axis {far[0]}, and its input {size} dimensions; export the model again")
    return sorted({a % size if size else a for a in found})


def reduce(op: OpBuilder, op_type: str, x: ir.Value, axes: list[int], keepdims: bool) -> ir.Value:
    """ReduceSum, ReduceMax ... of x over these axes; x itself where there are none."""
    if not axes:
        return x
    by_input = op.opset >= 18 or (op_type == "ReduceSum" and op.opset >= 13)
    make = getattr(op, op_type)
    if by_input:
        return make(x, op.const(axes), keepdims=int(keepdims))
    return make(x, axes=axes, keepdims=int(keepdims))


def reduction(op: OpBuilder, op_type: str, x: ir.Value, axes: ir.Value | None, keep: bool) -> ir.Value:
    """A TFLite reduction by this ONNX op, with constant or computed axes.

    keep: whether axes of one are left.
    """
    known = constant_axes(x, axes)
    if known is not None:
        return reduce(op, op_type, x, known, keep)
    assert axes is not None
    flat = vector(op, axes)
    if op.opset < 18 and op_type != "ReduceSum":
        return _axis_by_axis(op, op_type, x, flat, keep)
    return getattr(op, op_type)(x, flat, keepdims=int(keep), noop_with_empty_axes=1)


def _axis_by_axis(op: OpBuilder, op_type: str, x: ir.Value, axes: ir.Value, keep: bool) -> ir.Value:
    """Below opset 18: every axis is reduced, and the result taken where the axis is among the computed ones."""
    shape = op.Shape(x)
    wanted = chosen_axes(op, axes, rank_of(x))
    sizes = op.Where(wanted, op.const(1), shape)
    for axis in range(rank_of(x)):
        this, size = (op.Gather(v, op.const([axis]), axis=0) for v in (wanted, sizes))
        either = where(op, this, getattr(op, op_type)(x, axes=[axis], keepdims=1), x)
        x = op.Slice(either, op.const([0]), size, op.const([axis]))
    return x if keep else op.Reshape(x, op.Compress(shape, op.Not(wanted), axis=0))


def chosen_axes(op: OpBuilder, axes: ir.Value, size: int) -> ir.Value:
    """For each of `size` axes whether it is among the computed ones, which may count from the end."""
    same = op.Equal(op.const(np.arange(size)[:, None]), op.Mod(axes, op.const(max(size, 1))))
    return op.Cast(op.ReduceSum(op.Cast(same, to=ir.DataType.INT32), op.const([1]), keepdims=0), to=ir.DataType.BOOL)
