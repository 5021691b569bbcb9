"""Ragged tensors: values one behind the other, and the splits of the rows.

Source: TensorFlow's op definitions (ragged_array_ops.cc, ragged_conversion_ops.cc, ragged_math_ops.cc).

Ops: FlexRaggedBincount, FlexRaggedGather, FlexRaggedRange, FlexRaggedTensorToSparse, FlexRaggedTensorToTensor.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import onnx_ir as ir

from tfonnx_lab.errors import Unsupported
from tfonnx_lab.graph import OpBuilder
from tfonnx_lab.handlers.lowering.numeric import cast, number
from tfonnx_lab.handlers.lowering.ragged import (
    coordinates,
    count_of,
    lengths_of,
    line,
    padded_sizes,
    places,
    splits_of,
    splits_of_ids,
    spread,
    starts_of,
)
from tfonnx_lab.handlers.lowering.reduction import reduce
from tfonnx_lab.handlers.lowering.shape import dims, int64, rank_of, scalar, vector
from tfonnx_lab.readers.nodedef import NodeDef
from tfonnx_lab.rules import handler

_D = ir.DataType


@handler("FlexRaggedRange")
def ragged_range(op: OpBuilder, node: ir.Node, starts: ir.Value, limits: ir.Value, deltas: ir.Value) -> list[ir.Value]:
    """FlexRaggedRange(starts, limits, deltas) => splits from the lengths, and starts + place * deltas."""
    start, limit, delta = (op.Reshape(v, op.const([-1])) for v in (starts, limits, deltas))
    whole = starts.dtype not in (_D.FLOAT, _D.DOUBLE)
    steps = op.Div(*(cast(op, v, _D.DOUBLE) for v in (op.Sub(limit, start), delta)))
    lengths = op.Cast(op.Max(op.Ceil(steps), np.float64(0)), to=_D.INT64)
    splits = splits_of(op, lengths)
    row, place = places(op, splits, op.ReduceSum(lengths, op.const([0]), keepdims=0))
    rows = op.Shape(lengths)
    first, by = (op.Gather(op.Expand(v, rows), row, axis=0) for v in (start, delta))
    if whole:
        first, by = int64(op, first), int64(op, by)
    values = op.Add(first, op.Mul(cast(op, place, by.dtype), by))
    return [cast(op, splits, node.outputs[0].dtype), cast(op, values, starts.dtype)]


def _nested(op: OpBuilder, kinds: Sequence[str], tensors: Sequence[ir.Value]) -> list[ir.Value]:
    """The splits of each level, whatever the rows are given as."""
    if all(kind == "ROW_SPLITS" for kind in kinds):
        return [int64(op, v) for v in tensors]
    if not kinds or kinds[0] != "FIRST_DIM_SIZE" or any(kind != "VALUE_ROWIDS" for kind in kinds[1:]):
        raise Unsupported(f"its rows are given as {', '.join(kinds)}; ROW_SPLITS and VALUE_ROWIDS are converted")
    rows, found = scalar(op, tensors[0]), []
    for ids in tensors[1:]:
        numbers = int64(op, ids)
        found.append(splits_of_ids(op, numbers, rows))
        rows = count_of(op, numbers)
    return found


@handler("FlexRaggedTensorToTensor")
def ragged_tensor_to_tensor(
    op: OpBuilder, node: ir.Node, shape: ir.Value, values: ir.Value, default: ir.Value, *rows: ir.Value
) -> ir.Value:
    """FlexRaggedTensorToTensor(shape, values, default, rows) => ScatterND of the values to where they stand, over
    the default."""
    nested = _nested(op, NodeDef(node).get("row_partition_types", []), rows)
    levels, inner = len(nested) + 1, rank_of(values) - 1
    found = padded_sizes(op, nested)
    tail = dims(op, values, range(1, inner + 1))
    size = op.Concat(found, tail, axis=0) if inner else found
    if rank_of(shape) == 1:
        asked = vector(op, shape)
        size = op.Where(op.Less(asked, op.const(0)), size, asked)
    at = coordinates(op, nested, count_of(op, values))
    limits = op.Slice(size, op.const([0]), op.const([levels]), op.const([0]))
    inside = op.Cast(
        reduce(op, "ReduceMin", op.Cast(op.Less(at, limits), to=_D.INT32), [1], keepdims=False), to=_D.BOOL
    )
    base = op.Expand(default, size)
    return op.ScatterND(base, op.Compress(at, inside, axis=0), op.Compress(values, inside, axis=0))


@handler("FlexRaggedTensorToSparse")
def ragged_tensor_to_sparse(op: OpBuilder, node: ir.Node, *inputs: ir.Value) -> list[ir.Value]:
    """FlexRaggedTensorToSparse(splits, values) => the places of all values, the values, and the size of the padded
    tensor."""
    *rows, values = inputs
    nested, inner = [int64(op, v) for v in rows], rank_of(values) - 1
    at, size = coordinates(op, nested, count_of(op, values)), padded_sizes(op, nested)
    if not inner:
        return [at, values, size]
    tail = dims(op, values, range(1, inner + 1))
    places_inside = op.Transpose(op.NonZero(op.Expand(op.const(np.array(True)), tail)), perm=[1, 0])
    count, inner_count = count_of(op, values), count_of(op, places_inside)
    outer = op.Expand(op.Unsqueeze(at, op.const([1])), _list(op, count, inner_count, len(nested) + 1))
    behind = op.Expand(op.Unsqueeze(places_inside, op.const([0])), _list(op, count, inner_count, inner))
    every = op.Reshape(op.Concat(outer, behind, axis=2), op.const([-1, len(nested) + 1 + inner]))
    return [every, op.Reshape(values, op.const([-1])), op.Concat(size, tail, axis=0)]


def _list(op: OpBuilder, *sizes: ir.Value | int) -> ir.Value:
    parts = [op.const([v]) if isinstance(v, int) else op.Unsqueeze(v, op.const([0])) for v in sizes]
    return op.Concat(*parts, axis=0)


@handler("FlexRaggedGather")
def ragged_gather(op: OpBuilder, node: ir.Node, *inputs: ir.Value) -> list[ir.Value]:
    """FlexRaggedGather(splits, values, rows) => the chosen rows' splits, level by level, and Gather of their values."""
    *rows, values, wanted = inputs
    nested, found = [int64(op, v) for v in rows], []
    for axis in range(1, rank_of(wanted)):
        outer = reduce(op, "ReduceProd", dims(op, wanted, range(axis)), [0], keepdims=False)
        size = op.Gather(op.Shape(wanted), op.const(axis), axis=0)
        found.append(op.Mul(op.Range(op.const(0), op.Add(outer, op.const(1)), op.const(1)), size))
    chosen = op.Reshape(int64(op, wanted), op.const([-1]))
    for splits in nested:
        lengths, starts = (op.Gather(v, chosen, axis=0) for v in (lengths_of(op, splits), starts_of(op, splits)))
        found.append(splits_of(op, lengths))
        chosen = spread(op, starts, lengths)
    outputs = [cast(op, v, old.dtype) for v, old in zip(found, node.outputs[:-1], strict=True)]
    return [*outputs, op.Gather(values, chosen, axis=0)]


@handler("FlexRaggedBincount")
def ragged_bincount(
    op: OpBuilder, node: ir.Node, splits: ir.Value, x: ir.Value, size: ir.Value, weights: ir.Value
) -> ir.Value:
    """FlexRaggedBincount(splits, x, size, weights) => MatMul of which element is in which row, and which it equals,
    times the weights, where there are any."""
    dtype = node.outputs[0].dtype
    rows, numbers = int64(op, splits), int64(op, x)
    row, _ = places(op, rows, count_of(op, numbers))
    own = op.Equal(op.Unsqueeze(line(op, count_of(op, lengths_of(op, rows))), op.const([1])), row)  # [rows, elements]
    same = op.Equal(op.Unsqueeze(numbers, op.const([1])), line(op, scalar(op, size)))  # [elements, bins]
    counted = op.MatMul(op.Cast(own, to=dtype), op.Cast(same, to=dtype))
    if bool(NodeDef(node).get("binary_output", False)):
        return op.Min(counted, number(1, counted))
    some = next(iter(weights.shape), None) if weights.shape is not None else None
    if some == 0:
        return counted
    if not isinstance(some, int):
        op.note("the number of weights is not known: taken to be the number of elements")
    heavy = op.Where(same, op.Unsqueeze(weights, op.const([1])), number(0, weights))
    return op.MatMul(op.Cast(own, to=dtype), heavy)
