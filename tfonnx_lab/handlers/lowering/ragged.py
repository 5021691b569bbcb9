"""Rows of different lengths: from their splits, lengths or row numbers to where each element stands.

Splits are the places where rows begin, and the end: int64 [rows + 1].
"""

from __future__ import annotations

from collections.abc import Sequence

import onnx_ir as ir

from tfonnx_lab.graph import OpBuilder

_INT64 = ir.DataType.INT64


def line(op: OpBuilder, count: ir.Value) -> ir.Value:
    """0, 1 ... count - 1."""
    return op.Range(op.const(0), count, op.const(1))


def count_of(op: OpBuilder, rows: ir.Value) -> ir.Value:
    """How many elements the first axis has, as a scalar."""
    return op.Gather(op.Shape(rows), op.const(0), axis=0)


def lengths_of(op: OpBuilder, splits: ir.Value) -> ir.Value:
    """The lengths of the rows."""
    ends = op.Slice(splits, op.const([1]), op.const([2**31 - 1]), op.const([0]))
    return op.Sub(ends, starts_of(op, splits))


def starts_of(op: OpBuilder, splits: ir.Value) -> ir.Value:
    """Where the rows begin."""
    return op.Slice(splits, op.const([0]), op.const([-1]), op.const([0]))


def splits_of(op: OpBuilder, lengths: ir.Value) -> ir.Value:
    """The splits of rows with these lengths."""
    return op.Concat(op.const([0]), op.CumSum(lengths, op.const(0)), axis=0)


def splits_of_ids(op: OpBuilder, ids: ir.Value, rows: ir.Value) -> ir.Value:
    """The splits of `rows` rows whose elements have these row numbers, in order."""
    before = op.Less(op.Unsqueeze(ids, op.const([0])), op.Unsqueeze(line(op, op.Add(rows, op.const(1))), op.const([1])))
    return op.ReduceSum(op.Cast(before, to=_INT64), op.const([1]), keepdims=0)


def places(op: OpBuilder, splits: ir.Value, count: ir.Value) -> tuple[ir.Value, ir.Value]:
    """Of `count` elements the row of each, and its place in the row."""
    elements = line(op, count)
    ends = op.Slice(splits, op.const([1]), op.const([2**31 - 1]), op.const([0]))
    passed = op.GreaterOrEqual(op.Unsqueeze(elements, op.const([1])), op.Unsqueeze(ends, op.const([0])))
    row = op.ReduceSum(op.Cast(passed, to=_INT64), op.const([1]), keepdims=0)
    return row, op.Sub(elements, op.Gather(splits, row, axis=0))


def coordinates(op: OpBuilder, nested: Sequence[ir.Value], count: ir.Value) -> ir.Value:
    """Where in the padded tensor each of `count` innermost elements stands: [count, levels + 1]."""
    row, place = places(op, nested[-1], count)
    found = [place]
    for splits in reversed(nested[:-1]):
        outer, inner = places(op, splits, op.Sub(op.Size(nested[nested.index(splits) + 1]), op.const(1)))
        found = [op.Gather(inner, row, axis=0), *found]
        row = op.Gather(outer, row, axis=0)
    return op.Concat(*(op.Unsqueeze(v, op.const([1])) for v in (row, *found)), axis=1)


def padded_sizes(op: OpBuilder, nested: Sequence[ir.Value]) -> ir.Value:
    """The number of rows, and of each level the length of its longest row: int64 [levels + 1]."""
    rows = op.Sub(op.Size(nested[0]), op.const(1))
    longest = [op.ReduceMax(op.Concat(op.const([0]), lengths_of(op, splits), axis=0), keepdims=0) for splits in nested]
    return op.Concat(*(op.Unsqueeze(v, op.const([0])) for v in (rows, *longest)), axis=0)


def spread(op: OpBuilder, starts: ir.Value, lengths: ir.Value) -> ir.Value:
    """The numbers start, start + 1 ... of each row of these lengths, one row behind the other."""
    splits = splits_of(op, lengths)
    total = op.ReduceSum(lengths, op.const([0]), keepdims=0)
    row, place = places(op, splits, total)
    return op.Add(op.Gather(starts, row, axis=0), place)
