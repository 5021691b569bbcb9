"""Sets in the rows of tensors.

Source: TensorFlow's op definitions (set_ops.cc): each row's result has no number twice, and is sorted.

Ops: FlexDenseToDenseSetOperation, FlexDenseToSparseSetOperation, FlexSetSize, FlexSparseToSparseSetOperation.
"""

from __future__ import annotations

import numpy as np
import onnx_ir as ir

from tfonnx_lab.errors import Unsupported
from tfonnx_lab.graph import OpBuilder
from tfonnx_lab.handlers.lowering.numeric import cast
from tfonnx_lab.handlers.lowering.scatter import scatter
from tfonnx_lab.handlers.lowering.shape import dims, rank_of
from tfonnx_lab.handlers.lowering.sparse import unflat
from tfonnx_lab.readers.nodedef import NodeDef
from tfonnx_lab.rules import handler

_D = ir.DataType
Rows = tuple[ir.Value, ir.Value, ir.Value]
"""Numbers [rows, places], which of the places hold one (bool), and the dimensions before the last (int64 list)."""


def _dense(op: OpBuilder, x: ir.Value) -> Rows:
    """The rows of a dense tensor: all places hold a number."""
    lead = dims(op, x, range(rank_of(x) - 1))
    last = dims(op, x, [rank_of(x) - 1])
    rows = op.Reshape(x, op.Concat(op.const([-1]), last, axis=0))
    return rows, op.Equal(rows, rows), lead


def _sparse(op: OpBuilder, at: ir.Value, values: ir.Value, shape: ir.Value) -> Rows:
    """The rows of a sparse tensor."""
    lead = op.Slice(shape, op.const([0]), op.const([-1]), op.const([0]))
    size = op.Concat(op.const([-1]), op.Slice(shape, op.const([-1]), op.const([2**31 - 1]), op.const([0])), axis=0)
    zeros = op.Expand(op.const(np.zeros((), np.int64)), shape)
    numbers = op.ScatterND(zeros, at, cast(op, values, _D.INT64))
    known = scatter(op, zeros, at, op.Expand(op.const(1), op.Shape(values)), None)
    return op.Reshape(numbers, size), op.Cast(op.Reshape(known, size), to=_D.BOOL), lead


def _among(op: OpBuilder, a: Rows, b: Rows) -> ir.Value:
    """Which of a's numbers the same row of b has, too."""
    same = op.Equal(op.Unsqueeze(a[0], op.const([2])), op.Unsqueeze(b[0], op.const([1])))
    both = op.And(same, op.Unsqueeze(b[1], op.const([1])))
    return op.Greater(op.ReduceSum(op.Cast(both, to=_D.INT64), op.const([2]), keepdims=0), op.const(0))


def _operation(op: OpBuilder, node: ir.Node, a: Rows, b: Rows) -> list[ir.Value]:
    kind = NodeDef(node).get("set_operation", "")
    if kind == "b-a":
        a, b = b, a
    if kind == "union":
        numbers, kept = op.Concat(a[0], b[0], axis=1), op.Concat(a[1], b[1], axis=1)
    elif kind in ("a-b", "b-a", "intersection"):
        shared = _among(op, a, b)
        numbers, kept = a[0], op.And(a[1], shared if kind == "intersection" else op.Not(shared))
    else:
        raise Unsupported(f"the set operation {kind!r}, which TensorFlow does not name")
    return _listed(op, numbers, kept, a[2], node.outputs[1].dtype)


def _listed(
    op: OpBuilder, numbers: ir.Value, kept: ir.Value, lead: ir.Value, dtype: ir.DataType | None
) -> list[ir.Value]:
    """The sparse tensor of the rows' kept numbers, sorted, each once."""
    width = op.Slice(op.Shape(numbers), op.const([1]), op.const([2]))
    sorted_ = op.node("TopK", [numbers, width], {"axis": 1, "largest": 0}, outputs=2)
    values, order = sorted_.outputs
    values.type, order.type = numbers.type, ir.TensorType(_D.INT64)
    values.shape = order.shape = ir.Shape([None, None])
    kept = op.GreaterOrEqual(op.GatherElements(op.Cast(kept, to=_D.INT64), order, axis=1), op.const(1))
    twice = op.And(
        op.Equal(op.Unsqueeze(values, op.const([2])), op.Unsqueeze(values, op.const([1]))),
        op.Unsqueeze(kept, op.const([1])),
    )
    column = op.Range(op.const(0), op.Squeeze(width, op.const([0])), op.const(1))
    earlier = op.Less(op.Unsqueeze(column, op.const([0])), op.Unsqueeze(column, op.const([1])))
    known = op.ReduceSum(op.Cast(op.And(twice, earlier), to=_D.INT64), op.const([2]), keepdims=0)
    single = op.And(kept, op.Equal(known, op.const(0)))
    places = op.Transpose(op.NonZero(single), perm=[1, 0])
    count = op.Cast(single, to=_D.INT64)
    rank_in_row = op.Sub(op.CumSum(count, op.const(1)), op.const(1))
    row = op.Gather(places, op.const(0), axis=1)
    at = op.Concat(unflat(op, row, lead), op.Unsqueeze(op.GatherND(rank_in_row, places), op.const([1])), axis=1)
    longest = op.ReduceMax(op.Concat(op.const([0]), op.ReduceSum(count, op.const([1]), keepdims=0), axis=0), keepdims=1)
    return [at, cast(op, op.GatherND(values, places), dtype), op.Concat(lead, longest, axis=0)]


def _comparable(op: OpBuilder, x: ir.Value) -> ir.Value:
    """The numbers as int64, which every kernel takes."""
    if x.dtype == _D.STRING:
        raise Unsupported("of strings, which ONNX cannot sort; look up their numbers first")
    return cast(op, x, _D.INT64)


@handler("FlexDenseToDenseSetOperation")
def dense_to_dense(op: OpBuilder, node: ir.Node, a: ir.Value, b: ir.Value) -> list[ir.Value]:
    """FlexDenseToDenseSetOperation{set_operation}(a, b) => which numbers the other has, sorted by TopK, each once."""
    return _operation(op, node, *(_dense(op, _comparable(op, v)) for v in (a, b)))


@handler("FlexDenseToSparseSetOperation")
def dense_to_sparse(
    op: OpBuilder, node: ir.Node, a: ir.Value, at: ir.Value, values: ir.Value, shape: ir.Value
) -> list[ir.Value]:
    """FlexDenseToSparseSetOperation => as FlexDenseToDenseSetOperation, the places without a number left out."""
    return _operation(op, node, _dense(op, _comparable(op, a)), _sparse(op, at, _comparable(op, values), shape))


@handler("FlexSparseToSparseSetOperation")
def sparse_to_sparse(op: OpBuilder, node: ir.Node, *inputs: ir.Value) -> list[ir.Value]:
    """FlexSparseToSparseSetOperation => as FlexDenseToDenseSetOperation, the places without a number left out."""
    pairs = [_sparse(op, at, _comparable(op, v), shape) for at, v, shape in (inputs[:3], inputs[3:])]
    return _operation(op, node, *pairs)


@handler("FlexSetSize")
def set_size(op: OpBuilder, node: ir.Node, at: ir.Value, values: ir.Value, shape: ir.Value) -> ir.Value:
    """FlexSetSize(places, values, shape) => how many different numbers each row has."""
    numbers, kept, lead = _sparse(op, at, _comparable(op, values), shape)
    column = op.Range(op.const(0), op.Gather(op.Shape(numbers), op.const(1), axis=0), op.const(1))
    earlier = op.Less(op.Unsqueeze(column, op.const([0])), op.Unsqueeze(column, op.const([1])))
    same = op.Equal(op.Unsqueeze(numbers, op.const([2])), op.Unsqueeze(numbers, op.const([1])))
    before = op.And(op.And(same, op.Unsqueeze(kept, op.const([1]))), earlier)
    known = op.ReduceSum(op.Cast(before, to=_D.INT64), op.const([2]), keepdims=0)
    single = op.Cast(op.And(kept, op.Equal(known, op.const(0))), to=_D.INT32)
    return op.Reshape(op.ReduceSum(single, op.const([1]), keepdims=0), lead)
