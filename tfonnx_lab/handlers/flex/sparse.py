"""Sparse tensors.

Source: TensorFlow's op definitions (sparse_ops.cc).

Ops: FlexSparseConcat, FlexSparseDenseCwiseAdd, FlexSparseDenseCwiseDiv, FlexSparseDenseCwiseMul,
FlexSparseFillEmptyRows, FlexSparseReduceSum, FlexSparseReorder, FlexSparseReshape, FlexSparseSlice,
FlexSparseSoftmax, FlexSparseTensorDenseAdd, FlexSparseTensorDenseMatMul.
"""

from __future__ import annotations

import onnx_ir as ir

from tfonnx_lab.graph import OpBuilder
from tfonnx_lab.handlers.lowering.numeric import cast, number
from tfonnx_lab.handlers.lowering.ragged import count_of, line
from tfonnx_lab.handlers.lowering.reduction import reduce, reduction
from tfonnx_lab.handlers.lowering.scatter import scatter
from tfonnx_lab.handlers.lowering.shape import vector
from tfonnx_lab.handlers.lowering.sparse import every, flat, order_of, unflat
from tfonnx_lab.handlers.segment import lowest, segments
from tfonnx_lab.readers.nodedef import NodeDef
from tfonnx_lab.rules import handler

_D = ir.DataType


@handler("FlexSparseReshape")
def sparse_reshape(op: OpBuilder, node: ir.Node, at: ir.Value, shape: ir.Value, new: ir.Value) -> list[ir.Value]:
    """FlexSparseReshape(places, shape, new) => the places as numbers, and those as places of the new shape."""
    rest = reduce(op, "ReduceProd", new, [0], keepdims=True)
    whole = reduce(op, "ReduceProd", shape, [0], keepdims=True)
    size = op.Where(
        op.Less(new, op.const(0)), op.Div(whole, op.Neg(op.Where(op.Less(rest, op.const(0)), rest, op.const(-1)))), new
    )
    return [unflat(op, flat(op, at, shape), size), size]


@handler("FlexSparseReorder")
def sparse_reorder(op: OpBuilder, node: ir.Node, at: ir.Value, values: ir.Value, shape: ir.Value) -> list[ir.Value]:
    """FlexSparseReorder => places and values in the order of the dense tensor."""
    order = order_of(op, flat(op, at, shape))
    return [op.Gather(v, order, axis=0) for v in (at, values)]


@handler("FlexSparseFillEmptyRows")
def sparse_fill_empty_rows(
    op: OpBuilder, node: ir.Node, at: ir.Value, values: ir.Value, shape: ir.Value, default: ir.Value
) -> list[ir.Value]:
    """FlexSparseFillEmptyRows => the default at the first place of each empty row, all sorted by rows; which rows
    were empty.

    Its last result says where each value went.
    """
    rows = op.Gather(shape, op.const(0), axis=0)
    mine = op.Gather(at, op.const(0), axis=1)
    numbers = line(op, rows)
    same = op.Cast(op.Equal(op.Unsqueeze(numbers, op.const([1])), op.Unsqueeze(mine, op.const([0]))), to=_D.INT64)
    empty = op.Equal(op.ReduceSum(same, op.const([1]), keepdims=0), op.const(0))
    missing = op.Compress(numbers, empty, axis=0)
    axes = op.Shape(shape)
    column = op.Unsqueeze(missing, op.const([1]))
    first = op.Where(op.Equal(line(op, op.Size(shape)), op.const(0)), column, op.const(0))
    every_place = op.Concat(at, op.Reshape(first, op.Concat(op.const([-1]), axes, axis=0)), axis=0)
    filled = op.Concat(values, op.Expand(op.Reshape(default, op.const([1])), op.Shape(missing)), axis=0)
    order = order_of(op, op.Concat(mine, missing, axis=0))
    went = op.ScatterElements(order, order, line(op, op.Size(order)), axis=0)
    back = op.Slice(went, op.const([0]), op.Unsqueeze(count_of(op, at), op.const([0])), op.const([0]))
    return [op.Gather(every_place, order, axis=0), op.Gather(filled, order, axis=0), empty, back]


@handler("FlexSparseTensorDenseMatMul")
def sparse_tensor_dense_matmul(
    op: OpBuilder, node: ir.Node, at: ir.Value, values: ir.Value, shape: ir.Value, b: ir.Value
) -> ir.Value:
    """FlexSparseTensorDenseMatMul(a, b) => the rows of b at a's columns, times a's values, added up by a's rows."""
    definition = NodeDef(node)
    row, column = (1, 0) if definition.get("adjoint_a", False) else (0, 1)
    b = op.Transpose(b, perm=[1, 0]) if definition.get("adjoint_b", False) else b
    sources, targets = (op.Gather(at, op.const(k), axis=1) for k in (column, row))
    parts = op.Mul(op.Gather(b, sources, axis=0), op.Unsqueeze(values, op.const([1])))
    size = op.Concat(
        op.Gather(shape, op.const([row]), axis=0), op.Slice(op.Shape(b), op.const([1]), op.const([2])), axis=0
    )
    return scatter(op, op.Expand(number(0, b), size), op.Unsqueeze(targets, op.const([1])), parts, "add")


@handler("FlexSparseSlice")
def sparse_slice(
    op: OpBuilder, node: ir.Node, at: ir.Value, values: ir.Value, shape: ir.Value, start: ir.Value, size: ir.Value
) -> list[ir.Value]:
    """FlexSparseSlice => the values between start and start + size, their places counted from start."""
    inside = op.And(op.GreaterOrEqual(at, start), op.Less(at, op.Add(start, size)))
    kept = every(op, inside)
    left = op.Max(op.Min(size, op.Sub(shape, start)), op.const(0))
    return [op.Sub(op.Compress(at, kept, axis=0), start), op.Compress(values, kept, axis=0), left]


@handler("FlexSparseConcat")
def sparse_concat(op: OpBuilder, node: ir.Node, *inputs: ir.Value) -> list[ir.Value]:
    """FlexSparseConcat{concat_dim} => places moved by the sizes before, all of them in the order of the dense
    tensor."""
    count = len(inputs) // 3
    places, values, shapes = inputs[:count], inputs[count : 2 * count], inputs[2 * count :]
    axes = line(op, op.Size(shapes[0]))
    axis = op.Mod(op.const(int(NodeDef(node).get("concat_dim", 0))), op.Size(shapes[0]))
    here = op.Cast(op.Equal(axes, axis), to=_D.INT64)
    moved, before = [], op.Mul(shapes[0], op.const(0))
    for at, shape in zip(places, shapes, strict=True):
        moved.append(op.Add(at, before))
        before = op.Add(before, op.Mul(shape, here))
    size = op.Where(op.Equal(axes, axis), before, shapes[0])
    every_place, every_value = op.Concat(*moved, axis=0), op.Concat(*values, axis=0)
    order = order_of(op, flat(op, every_place, size))
    return [op.Gather(every_place, order, axis=0), op.Gather(every_value, order, axis=0), size]


def _dense(op: OpBuilder, at: ir.Value, values: ir.Value, shape: ir.Value) -> ir.Value:
    """The tensor with all its zeros; values at one place are added."""
    return scatter(op, op.Expand(number(0, values), shape), at, values, "add")


@handler("FlexSparseTensorDenseAdd")
def sparse_tensor_dense_add(
    op: OpBuilder, node: ir.Node, at: ir.Value, values: ir.Value, shape: ir.Value, b: ir.Value
) -> ir.Value:
    """FlexSparseTensorDenseAdd(a, b) => ScatterND{add}(b, places, values)."""
    return scatter(op, b, cast(op, at, _D.INT64), values, "add")


@handler("FlexSparseReduceSum")
def sparse_reduce_sum(
    op: OpBuilder, node: ir.Node, at: ir.Value, values: ir.Value, shape: ir.Value, axes: ir.Value
) -> ir.Value:
    """FlexSparseReduceSum => ReduceSum of the dense tensor."""
    made = _dense(op, at, values, shape)
    return reduction(op, "ReduceSum", made, vector(op, axes), bool(NodeDef(node).get("keep_dims", False)))


_CWISE = {"Add": "Add", "Mul": "Mul", "Div": "Div"}


@handler(*(f"FlexSparseDenseCwise{kind}" for kind in _CWISE))
def sparse_dense_cwise(
    op: OpBuilder, node: ir.Node, at: ir.Value, values: ir.Value, shape: ir.Value, b: ir.Value
) -> ir.Value:
    """FlexSparseDenseCwiseMul(a, b) => the values times those of b, broadcast to a's shape, at their places."""
    theirs = op.GatherND(op.Expand(b, shape), at)
    theirs.type, theirs.shape = values.type, None if values.shape is None else values.shape.copy()
    made: ir.Value = getattr(op, _CWISE[node.op_type.removeprefix("FlexSparseDenseCwise")])(values, theirs)
    return made


@handler("FlexSparseSoftmax")
def sparse_softmax(op: OpBuilder, node: ir.Node, at: ir.Value, values: ir.Value, shape: ir.Value) -> ir.Value:
    """FlexSparseSoftmax(a) => e to the values less the largest of their row, over the row's sum; what is not there does
    not count."""
    columns = op.Gather(shape, op.Sub(op.Size(shape), op.const(1)), axis=0)
    count = op.Div(reduce(op, "ReduceProd", shape, [0], keepdims=False), op.Max(columns, op.const(1)))
    rows = op.Div(flat(op, at, shape), columns)
    rows.shape = None if values.shape is None else values.shape.copy()
    largest = op.Gather(segments(op, values, rows, count, "max", lowest(values)), rows, axis=0)
    parts = op.like(op.Exp(op.Sub(values, largest)), values)
    return op.Div(parts, op.Gather(segments(op, parts, rows, count, "add", 0), rows, axis=0))
