"""Reductions, whose axes are an attribute or an input depending on the opset."""

from __future__ import annotations

import numpy as np
import onnx_ir as ir

from tfonnx_lab.errors import Unsupported
from tfonnx_lab.graph import OpBuilder, attr, constant_array, rank


def constant_axes(x: ir.Value, axes: ir.Value | None) -> list[int] | None:
    """Constant axes, counted from the front and each once; None where they are computed."""
    given = constant_array(axes)
    if given is None:
        return None
    size = rank(x)
    found = [int(a) for a in np.atleast_1d(given).ravel()]
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


def reduced(op: OpBuilder, node: ir.Node, op_type: str, x: ir.Value, axes: ir.Value | None) -> ir.Value:
    """The TFLite reduction of `node` by this ONNX op, with constant or computed axes."""
    keep = bool(attr(node, "keep_dims", False))
    known = constant_axes(x, axes)
    if known is not None:
        return reduce(op, op_type, x, known, keep)
    if op.opset < 18 and op_type != "ReduceSum":
        raise Unsupported("its axes are computed, which this reduction takes from opset 18 on")
    assert axes is not None
    flat = op.Reshape(op.Cast(axes, to=ir.DataType.INT64), op.const([-1]))
    return getattr(op, op_type)(x, flat, keepdims=int(keep), noop_with_empty_axes=1)
