"""Ops that only change the shape: RESHAPE, SQUEEZE, EXPAND_DIMS."""

from __future__ import annotations

import onnx_ir as ir

from tfonnx_lab.graph import OpBuilder, attr, constant_array
from tfonnx_lab.rules import handler


@handler("RESHAPE")
def reshape(op: OpBuilder, node: ir.Node, x: ir.Value, shape: ir.Value | None) -> ir.Value:
    """RESHAPE(x, shape) => Reshape with an int64 shape; the option `new_shape` where the input is missing. Source: reshape.cc."""
    if shape is None:
        return op.Reshape(x, op.const([int(d) for d in attr(node, "new_shape", ())]), allowzero=None)
    given = constant_array(shape)
    if given is not None:
        return op.Reshape(x, op.const([int(d) for d in given.ravel()]))
    return op.Reshape(x, op.Cast(shape, to=ir.DataType.INT64))
