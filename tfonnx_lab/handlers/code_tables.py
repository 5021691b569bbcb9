"""Tables of codes: LOOKUP_CODES and INTEGER_SOFTMAX, two intermediate ops."""

from __future__ import annotations

import numpy as np
import onnx_ir as ir

from tfonnx_lab.graph import OpBuilder
from tfonnx_lab.handlers.lowering import integer
from tfonnx_lab.handlers.lowering.integer import INT16
from tfonnx_lab.handlers.lowering.reduction import reduce
from tfonnx_lab.rules import handler

_I64 = ir.DataType.INT64


@handler("LOOKUP_CODES")
def lookup_codes(op: OpBuilder, node: ir.Node, x: ir.Value, table: ir.Value) -> ir.Value:
    """LOOKUP_CODES(q, table) => Gather(table, q); negative codes count from its end.

    Source: LookupTable in internal/reference/integer_ops/lut.h.
    """
    return op.Gather(table, op.Cast(x, to=ir.DataType.INT32))


@handler("INTEGER_SOFTMAX")
def integer_softmax(
    op: OpBuilder, node: ir.Node, x: ir.Value, exponentials: ir.Value, reciprocals: ir.Value, *, rescale: float
) -> ir.Value:
    """INTEGER_SOFTMAX(q) => exponentials by a table, their sum, its reciprocal by a table.

    Source: SoftmaxInt16, softmax.h.
    """
    wide = op.Cast(x, to=_I64)
    below = integer.wide(op, op.Sub(wide, reduce(op, "ReduceMax", wide, [-1], True)))
    scaled = integer.multiply(op, below, [rescale], most=2**16, limit=2**17)
    exps = _entry(op, exponentials, op.Add(op.Cast(scaled, to=_I64), op.const(INT16[1])))
    total = op.ReduceSum(exps, op.const([-1]), keepdims=1)
    powers = op.const(np.array([1 << k for k in range(32)], np.int64))
    bits = op.ReduceSum(op.Cast(op.GreaterOrEqual(total, powers), to=_I64), op.const([-1]), keepdims=1)
    left, right = (op.Gather(powers, op.Sub(p, q), axis=0) for p, q in ((op.const(31), bits), (bits, op.const(1))))
    shifted = op.Div(op.Add(op.Mul(total, left), op.const(1 << 13)), op.const(1 << 14))
    inverse = _entry(op, reciprocals, op.Sub(shifted, op.const((1 << 15) + (1 << 16))))
    product = op.Div(op.Add(op.Mul(exps, inverse), op.Div(right, op.const(2))), right)
    return op.Cast(_clip(op, product, 0, INT16[1]), to=ir.DataType.INT16)


def _entry(op: OpBuilder, table: ir.Value, codes: ir.Value) -> ir.Value:
    """The entry of a table for codes, which are clipped to 16 bits first."""
    return op.Cast(op.Gather(table, _clip(op, codes, *INT16)), to=_I64)


def _clip(op: OpBuilder, x: ir.Value, low: int, high: int) -> ir.Value:
    return op.Clip(x, np.array(low, np.int64), np.array(high, np.int64))
