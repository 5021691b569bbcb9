"""Rows combined by the number of their segment, and rows given to parts and put together again.

Ops: FlexDynamicPartition, FlexDynamicStitch, FlexParallelDynamicStitch, FlexSegmentMax, FlexSegmentMean,
FlexSegmentMin, FlexSegmentProd, FlexSparseSegmentMean,
FlexSparseSegmentMeanWithNumSegments, FlexSparseSegmentSqrtN, FlexSparseSegmentSqrtNWithNumSegments,
FlexSparseSegmentSum, FlexSparseSegmentSumWithNumSegments.

Source: TensorFlow's op definitions (math_ops.cc, data_flow_ops.cc).
"""

from __future__ import annotations

import onnx_ir as ir

from tfonnx_lab.graph import OpBuilder, rank
from tfonnx_lab.handlers.lowering.numeric import WIDER, cast, number
from tfonnx_lab.handlers.lowering.scatter import scatter
from tfonnx_lab.handlers.lowering.shape import dims, int64, rank_of, reshaped, scalar
from tfonnx_lab.handlers.segment import highest, lowest, segments
from tfonnx_lab.handlers.select import where
from tfonnx_lab.readers.nodedef import NodeDef
from tfonnx_lab.rules import handler

_D = ir.DataType


def _count(op: OpBuilder, ids: ir.Value) -> ir.Value:
    """One more than the largest id; 0 where there is none."""
    padded = op.Concat(op.const([-1]), op.Reshape(int64(op, ids), op.const([-1])), axis=0)
    return op.Add(op.ReduceMax(padded, keepdims=0), op.const(1))


def _sizes(op: OpBuilder, ids: ir.Value, count: ir.Value) -> ir.Value:
    """How many rows each segment has: int64 [count]."""
    flat = op.Reshape(int64(op, ids), op.const([-1]))
    here = op.Equal(
        op.Unsqueeze(op.Range(op.const(0), count, op.const(1)), op.const([1])), op.Unsqueeze(flat, op.const([0]))
    )
    return op.ReduceSum(op.Cast(here, to=_D.INT64), op.const([1]), keepdims=0)


def _column(op: OpBuilder, sizes: ir.Value, rows: ir.Value) -> ir.Value:
    """A number for each row, with as many axes as the rows have."""
    if rank(rows) is None:
        behind_rows = op.Slice(op.Shape(rows), op.const([1]), op.const([2**31 - 1]), op.const([0]))
        ones = op.Expand(op.const([1]), op.Shape(behind_rows))
        return op.Reshape(sizes, op.Concat(op.const([-1]), ones, axis=0))
    behind = list(range(1, rank_of(rows)))
    return op.Unsqueeze(sizes, op.const(behind)) if behind else sizes


def _combined(op: OpBuilder, x: ir.Value, ids: ir.Value, count: ir.Value, kind: str) -> ir.Value:
    """Sum, Prod, Max, Min, Mean or SqrtN of each segment's rows; an empty one has 1 of a product, else 0."""
    wide = WIDER.get(x.dtype) if x.dtype is not None else None
    given = x if wide is None else cast(op, x, wide)
    if kind in ("Sum", "Prod"):
        made = segments(op, given, ids, count, "add" if kind == "Sum" else "mul", 0 if kind == "Sum" else 1)
        return cast(op, made, x.dtype)
    sizes = _sizes(op, ids, count)
    if kind in ("Max", "Min"):
        start = lowest(given) if kind == "Max" else highest(given)
        made = segments(op, given, ids, count, kind.lower(), start)
        empty = _column(op, op.Equal(sizes, op.const(0)), x)
        return cast(op, where(op, empty, op.const(number(0, given)), made), x.dtype)
    made = segments(op, given, ids, count, "add", 0)
    by = cast(op, _column(op, op.Max(sizes, op.const(1)), x), given.dtype)
    return cast(op, op.Div(made, op.Sqrt(by) if kind == "SqrtN" else by), x.dtype)


@handler("FlexSegmentMax", "FlexSegmentMin", "FlexSegmentProd", "FlexSegmentMean")
def segment(op: OpBuilder, node: ir.Node, x: ir.Value, ids: ir.Value) -> ir.Value:
    """FlexSegmentMax(x, ids) => ScatterND{max}; a segment without rows has 0, of a product 1."""
    return _combined(op, x, ids, _count(op, ids), node.op_type.removeprefix("FlexSegment"))


_SPARSE = tuple(
    f"FlexSparseSegment{kind}{more}" for kind in ("Sum", "Mean", "SqrtN") for more in ("", "WithNumSegments")
)


@handler(*_SPARSE)
def sparse_segment(
    op: OpBuilder, node: ir.Node, x: ir.Value, rows: ir.Value, ids: ir.Value, count: ir.Value | None
) -> ir.Value:
    """FlexSparseSegmentMean(x, rows, ids) => the mean of the rows Gather(x, rows) of each segment."""
    kind = node.op_type.removeprefix("FlexSparseSegment").removesuffix("WithNumSegments")
    many = _count(op, ids) if count is None else scalar(op, count)
    return _combined(op, op.Gather(x, int64(op, rows), axis=0), ids, many, kind)


@handler("FlexDynamicPartition")
def dynamic_partition(op: OpBuilder, node: ir.Node, x: ir.Value, parts: ir.Value) -> list[ir.Value]:
    """FlexDynamicPartition{num_partitions}(x, parts) => Compress(x, parts == 0), Compress(x, parts == 1) ..."""
    lead = rank_of(parts)
    rows, flat = x, parts
    if lead != 1:
        rows = reshaped(op, x, [-1, dims(op, x, range(lead, rank_of(x)))])
        flat = op.Reshape(parts, op.const([-1]))
    count = int(NodeDef(node).get("num_partitions", len(node.outputs)))
    return [op.Compress(rows, op.Equal(flat, number(part, parts)), axis=0) for part in range(count)]


@handler("FlexDynamicStitch", "FlexParallelDynamicStitch")
def dynamic_stitch(op: OpBuilder, node: ir.Node, *inputs: ir.Value) -> ir.Value:
    """FlexDynamicStitch(places ..., parts ...) => Gather of all rows by the last one that has each place."""
    half = len(inputs) // 2
    places = [op.Reshape(int64(op, v), op.const([-1])) for v in inputs[:half]]
    rows = []
    for place, part in zip(inputs[:half], inputs[half:], strict=True):
        rows.append(reshaped(op, part, [-1, dims(op, part, range(rank_of(place), rank_of(part)))]))
    every, where_to = op.Concat(*rows, axis=0), op.Concat(*places, axis=0)
    size = op.Unsqueeze(_count(op, where_to), op.const([0]))
    order = op.Range(op.const(0), op.Size(where_to), op.const(1))
    nowhere = op.Expand(op.const(-1), size)
    last = scatter(op, nowhere, op.Unsqueeze(where_to, op.const([1])), order, "max")
    found = op.Gather(every, op.Max(last, op.const(0)), axis=0)
    kept = _column(op, op.GreaterOrEqual(last, op.const(0)), found)
    return where(op, kept, found, op.const(number(0, found)))
