"""Sparse tensors: places (int64 [count, axes]), values [count] and a shape (int64 [axes])."""

from __future__ import annotations

import numpy as np
import onnx_ir as ir

from tfonnx_lab.graph import OpBuilder
from tfonnx_lab.handlers.lowering.ragged import line
from tfonnx_lab.handlers.lowering.reduction import reduce

_D = ir.DataType


def steps(op: OpBuilder, shape: ir.Value) -> ir.Value:
    """By how much one step along each axis moves in the row of all elements."""
    numbers = line(op, op.Size(shape))
    behind = op.Less(op.Unsqueeze(numbers, op.const([1])), op.Unsqueeze(numbers, op.const([0])))
    factors = op.Where(behind, op.Unsqueeze(shape, op.const([0])), op.const(np.int64(1)))
    return reduce(op, "ReduceProd", factors, [1], keepdims=False)


def flat(op: OpBuilder, at: ir.Value, shape: ir.Value) -> ir.Value:
    """The places as numbers in the row of all elements."""
    return op.ReduceSum(op.Mul(at, steps(op, shape)), op.const([1]), keepdims=0)


def unflat(op: OpBuilder, numbers: ir.Value, shape: ir.Value) -> ir.Value:
    """The places [count, axes] of numbers in the row of all elements."""
    return op.Mod(op.Div(op.Unsqueeze(numbers, op.const([1])), op.Max(steps(op, shape), op.const(1))), shape)


def order_of(op: OpBuilder, keys: ir.Value) -> ir.Value:
    """The indices that sort int64 keys [count], earlier ones first among equals."""
    count = op.Size(keys)
    own = op.Add(op.Mul(keys, count), line(op, count))
    own.shape = None if keys.shape is None else keys.shape.copy()
    made = op.node("TopK", [own, op.Unsqueeze(count, op.const([0]))], {"largest": 0, "sorted": 1, "axis": 0}, outputs=2)
    made.outputs[0].type = made.outputs[1].type = ir.TensorType(_D.INT64)
    made.outputs[1].shape = ir.Shape([None])
    return made.outputs[1]


def every(op: OpBuilder, test: ir.Value) -> ir.Value:
    """Whether a test [count, axes] holds along all axes: bool [count]."""
    return op.Cast(reduce(op, "ReduceMin", op.Cast(test, to=_D.INT32), [1], keepdims=False), to=_D.BOOL)


def listed(op: OpBuilder, rows: ir.Value, kept: ir.Value) -> list[ir.Value]:
    """What is kept of rows [rows, places], moved together: places [count, 2], values and size of a sparse tensor."""
    at = op.Transpose(op.NonZero(kept), perm=[1, 0])
    values = op.GatherND(rows, at)
    values.type, values.shape = rows.type, ir.Shape([None])
    number = op.Cast(kept, to=_D.INT64)
    place = op.GatherND(op.Sub(op.CumSum(number, op.const(1)), op.const(1)), at)
    moved = op.Concat(op.Gather(at, op.const([0]), axis=1), op.Unsqueeze(place, op.const([1])), axis=1)
    counts = op.ReduceSum(number, op.const([1]), keepdims=0)
    longest = op.ReduceMax(op.Concat(op.const([0]), counts, axis=0), keepdims=1)
    return [moved, values, op.Concat(op.Shape(counts), longest, axis=0)]
