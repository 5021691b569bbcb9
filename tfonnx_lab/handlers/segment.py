"""Rows combined by the number of their segment.

Ops: SEGMENT_SUM, UNSORTED_SEGMENT_MAX, UNSORTED_SEGMENT_MIN, UNSORTED_SEGMENT_PROD, UNSORTED_SEGMENT_SUM.
"""

from __future__ import annotations

import numpy as np
import onnx_ir as ir

from tfonnx_lab.graph import OpBuilder, constant_array, rank
from tfonnx_lab.handlers.lowering.numeric import number
from tfonnx_lab.handlers.lowering.shape import int64, rank_of, scalar
from tfonnx_lab.rules import handler


@handler("SEGMENT_SUM")
def segment_sum(op: OpBuilder, node: ir.Node, x: ir.Value, ids: ir.Value) -> ir.Value:
    """SEGMENT_SUM => the matrix of (segment == id) times x. Source: segment_sum.cc."""
    known = constant_array(ids)
    if known is not None:
        count = op.const(int(known.max(initial=-1)) + 1)
    else:
        count = op.Add(op.ReduceMax(int64(op, ids), keepdims=0), op.const(1))
    return segments(op, x, ids, count, "add", 0)


def segments(op: OpBuilder, x: ir.Value, ids: ir.Value, count: ir.Value, reduction: str, start: float) -> ir.Value:
    """Rows of x combined by id: ScatterND with a reduction into rows of its neutral element."""
    where = int64(op, ids)
    lead = rank_of(ids)
    needs = {"add": 16, "mul": 16, "max": 18, "min": 18}[reduction]
    flat = op.Reshape(where, op.const([-1]))
    rows = op.Reshape(x, op.Concat(op.const([-1]), _behind(op, x, lead), axis=0))
    if op.opset < needs:
        size = rank_of(x)
        return _segments_by_mask(op, rows, flat, count, reduction, start, size - lead)
    inside = op.Where(
        op.Less(flat, op.const(0)), count, flat
    )  # negative ids belong to no segment: one extra row takes them
    tail = _behind(op, x, lead)
    shape = op.Concat(op.Reshape(op.Add(count, op.const(1)), op.const([1])), tail, axis=0)
    base = op.Expand(number(start, x), shape)
    made = op.ScatterND(base, op.Unsqueeze(inside, op.const([1])), rows, reduction=reduction)
    made.type = x.type
    return op.Slice(made, op.const([0]), op.const([-1]), op.const([0]))


def _behind(op: OpBuilder, x: ir.Value, lead: int) -> ir.Value:
    """The dimensions of x behind the first ones."""
    return op.Slice(op.Shape(x), op.const([lead]), op.const([2**31 - 1]), op.const([0]))


def _segments_by_mask(
    op: OpBuilder, rows: ir.Value, ids: ir.Value, count: ir.Value, reduction: str, start: float, inner: int
) -> ir.Value:
    """Below the opset that reduces while scattering: every row against every segment, then a reduction over rows."""
    segments = op.Unsqueeze(
        op.Range(op.const(0), op.Squeeze(count) if rank(count) else count, op.const(1)), op.const([1])
    )
    mine = op.Equal(segments, op.Unsqueeze(ids, op.const([0])))
    mine = op.Unsqueeze(mine, op.const([i + 2 for i in range(inner)])) if inner else mine
    spread = op.Where(mine, op.Unsqueeze(rows, op.const([0])), number(start, rows))
    if reduction == "add":
        return op.ReduceSum(spread, op.const([1]), keepdims=0)
    kind = {"mul": "ReduceProd", "max": "ReduceMax", "min": "ReduceMin"}[reduction]
    return getattr(op, kind)(spread, axes=[1], keepdims=0)


def _unsorted(op: OpBuilder, x: ir.Value, ids: ir.Value, count: ir.Value, reduction: str, start: float) -> ir.Value:
    return segments(op, x, ids, scalar(op, count), reduction, start)


@handler("UNSORTED_SEGMENT_SUM")
def unsorted_segment_sum(op: OpBuilder, node: ir.Node, x: ir.Value, ids: ir.Value, count: ir.Value) -> ir.Value:
    """UNSORTED_SEGMENT_SUM => ScatterND{add}. Source: unsorted_segment.cc."""
    return _unsorted(op, x, ids, count, "add", 0)


@handler("UNSORTED_SEGMENT_PROD")
def unsorted_segment_prod(op: OpBuilder, node: ir.Node, x: ir.Value, ids: ir.Value, count: ir.Value) -> ir.Value:
    """UNSORTED_SEGMENT_PROD => ScatterND{mul}. Source: unsorted_segment.cc."""
    return _unsorted(op, x, ids, count, "mul", 1)


@handler("UNSORTED_SEGMENT_MAX")
def unsorted_segment_max(op: OpBuilder, node: ir.Node, x: ir.Value, ids: ir.Value, count: ir.Value) -> ir.Value:
    """UNSORTED_SEGMENT_MAX => ScatterND{max} over the lowest number. Source: unsorted_segment.cc."""
    return _unsorted(op, x, ids, count, "max", lowest(x))


@handler("UNSORTED_SEGMENT_MIN")
def unsorted_segment_min(op: OpBuilder, node: ir.Node, x: ir.Value, ids: ir.Value, count: ir.Value) -> ir.Value:
    """UNSORTED_SEGMENT_MIN => ScatterND{min} over the highest number. Source: unsorted_segment.cc."""
    return _unsorted(op, x, ids, count, "min", highest(x))


def lowest(x: ir.Value) -> float:
    """The least number of the dtype of x."""
    kind = x.dtype.numpy() if x.dtype is not None else np.dtype("f4")
    return float(np.finfo(kind).min) if kind.kind == "f" else int(np.iinfo(kind).min)


def highest(x: ir.Value) -> float:
    """The largest number of the dtype of x."""
    kind = x.dtype.numpy() if x.dtype is not None else np.dtype("f4")
    return float(np.finfo(kind).max) if kind.kind == "f" else int(np.iinfo(kind).max)
