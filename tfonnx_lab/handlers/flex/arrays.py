"""Flex ops that move elements, or look them up.

Ops: FlexBincount, FlexDenseBincount, FlexHistogramFixedWidth, FlexInvertPermutation, FlexLinSpace, FlexLowerBound,
FlexMatrixBandPart, FlexNthElement, FlexRandomUniformInt, FlexRoll, FlexSize, FlexTensorScatterAdd,
FlexTensorScatterMax, FlexTensorScatterMin, FlexTensorScatterSub, FlexTensorScatterUpdate, FlexUnique, FlexUniqueV2,
FlexUniqueWithCounts, FlexUniqueWithCountsV2, FlexUpperBound, Roll.
"""

from __future__ import annotations

import numpy as np
import onnx_ir as ir

from tfonnx_lab.errors import Unsupported
from tfonnx_lab.graph import OpBuilder
from tfonnx_lab.handlers.lowering.numeric import WIDER, cast, is_complex, note_nan, number
from tfonnx_lab.handlers.lowering.scatter import scatter
from tfonnx_lab.handlers.lowering.shape import dims, int64, ints, rank_of, scalar, vector
from tfonnx_lab.readers.nodedef import NodeDef
from tfonnx_lab.rules import handler

_D = ir.DataType


@handler("FlexRoll", "Roll")
def roll(op: OpBuilder, node: ir.Node, x: ir.Value, shift: ir.Value, axis: ir.Value) -> ir.Value:
    """Roll(x, shift, axis) => Gather along each axis of the places less the shift.

    Complex numbers have their pairs in one axis more, the last. Source: TensorFlow's op definition.
    """
    axes = ints(axis)
    if axes is None:
        raise Unsupported("its axis is computed")
    shifts, result = vector(op, shift), x
    for turn, axis_ in enumerate(axes):
        at = axis_ % (rank_of(x) - is_complex(x))
        size = op.Reshape(dims(op, x, [at]), op.const(np.zeros(0, np.int64)))
        by = op.Gather(shifts, op.const(turn), axis=0)
        places = op.Sub(op.Range(op.const(0), size, op.const(1)), by)
        result = op.Gather(result, op.Mod(places, op.Max(size, op.const(1))), axis=at)
    return result


@handler("FlexMatrixBandPart")
def matrix_band_part(op: OpBuilder, node: ir.Node, x: ir.Value, lower: ir.Value, upper: ir.Value) -> ir.Value:
    """FlexMatrixBandPart(x, lower, upper) => Where(-lower <= column - row <= upper, x, 0); a negative number is no
    bound."""
    size = rank_of(x)
    rows, columns = (
        op.Range(op.const(0), op.Reshape(dims(op, x, [at]), op.const(np.zeros(0, np.int64))), op.const(1))
        for at in (size - 2, size - 1)
    )
    offset = op.Sub(columns, op.Unsqueeze(rows, op.const([1])))
    inside = [
        op.Or(op.Less(bound, op.const(0)), op.LessOrEqual(distance, bound))
        for distance, bound in ((op.Neg(offset), scalar(op, lower)), (offset, scalar(op, upper)))
    ]
    return op.Where(op.And(*inside), x, number(0, x))


@handler("FlexInvertPermutation")
def invert_permutation(op: OpBuilder, node: ir.Node, x: ir.Value) -> ir.Value:
    """FlexInvertPermutation(p) => ScatterElements of 0, 1, 2 ... to the places p."""
    places = int64(op, x)
    count = op.Gather(op.Shape(x), op.const(0), axis=0)
    order = op.Range(op.const(0), count, op.const(1))
    return cast(op, op.ScatterElements(order, places, order, axis=0), x.dtype)


@handler("FlexUnique", "FlexUniqueV2", "FlexUniqueWithCounts", "FlexUniqueWithCountsV2")
def unique(op: OpBuilder, node: ir.Node, x: ir.Value, axis: ir.Value | None) -> list[ir.Value]:
    """FlexUniqueV2(x) => Unique{sorted=0}: elements in the order of their first places, the place of each, and how
    often."""
    if axis is not None and (rank_of(x) != 1 or (ints(axis) or [0]) != [0]):
        raise Unsupported("it looks for equal parts along an axis of several; only lists of numbers are converted")
    known = x.dtype in (_D.FLOAT, _D.DOUBLE, _D.INT8, _D.INT64, _D.STRING)
    given = x if known else cast(op, x, _D.INT64)
    made = op.node("Unique", [given], {"sorted": 0}, outputs=4)
    made.outputs[0].type = given.type
    for value in made.outputs[1:]:
        value.type = ir.TensorType(_D.INT64)
    found = [made.outputs[0], made.outputs[2], made.outputs[3]][: len(node.outputs)]
    return [cast(op, v, old.dtype) for v, old in zip(found, node.outputs, strict=True)]


_SCATTER = {"Update": ("none", 13), "Add": ("add", 16), "Max": ("max", 18), "Min": ("min", 18), "Sub": ("add", 16)}


@handler(*(f"FlexTensorScatter{name}" for name in _SCATTER))
def tensor_scatter(op: OpBuilder, node: ir.Node, x: ir.Value, at: ir.Value, new: ir.Value) -> ir.Value:
    """FlexTensorScatterAdd(x, i, y) => ScatterND{reduction=add}(x, i, y), and so on."""
    name = node.op_type.removeprefix("FlexTensorScatter")
    reduction, oldest = _SCATTER[name]
    if op.opset < oldest:
        raise Unsupported(f"ScatterND reduces by {reduction} from opset {oldest} on")
    new = op.Neg(new) if name == "Sub" else new
    options = {} if reduction == "none" else {"reduction": reduction}
    return op.ScatterND(x, int64(op, at), new, **options)


@handler("FlexBincount", "FlexDenseBincount")
def bincount(op: OpBuilder, node: ir.Node, x: ir.Value, size: ir.Value, weights: ir.Value) -> ir.Value:
    """FlexBincount(x, size, weights) => ReduceSum(x == 0, 1 ... size - 1, times the weights, where there are any)."""
    dtype = node.outputs[0].dtype
    bins = op.Range(op.const(0), scalar(op, size), op.const(1))
    same = op.Equal(op.Unsqueeze(int64(op, x), op.const([-1])), bins)
    ones = op.Cast(same, to=dtype)
    if weights.shape is None or any(not isinstance(d, int) for d in weights.shape):
        op.note("the number of weights is not known: taken to be the number of elements")
    weighted = any(not isinstance(d, int) or d for d in (weights.shape if weights.shape is not None else [None]))
    binary = bool(NodeDef(node).get("binary_output", False))
    if weighted and not binary:
        ones = op.Mul(ones, op.Unsqueeze(weights, op.const([-1])))
    every = [rank_of(x) - 1] if node.op_type == "FlexDenseBincount" else list(range(rank_of(x)))
    sums = op.ReduceSum(ones, op.const(every), keepdims=0)
    return op.Min(sums, number(1, sums)) if binary else sums


@handler("FlexHistogramFixedWidth")
def histogram_fixed_width(op: OpBuilder, node: ir.Node, x: ir.Value, limits: ir.Value, count: ir.Value) -> ir.Value:
    """FlexHistogramFixedWidth(x, [a, b], n) => ScatterND{add} of ones at (x - a) / ((b - a) / n), cut to 0 ... n - 1.

    Source: TensorFlow's histogram_op.cc, which divides in float64.
    """
    first, last = (op.Gather(limits, op.const(k), axis=0) for k in (0, 1))
    size, flat = scalar(op, count), op.Reshape(x, op.const([-1]))
    width = op.Div(cast(op, op.Sub(last, first), _D.DOUBLE), cast(op, size, _D.DOUBLE))
    steps = op.Div(cast(op, op.Sub(op.Max(flat, first), first), _D.DOUBLE), width)
    highest = op.Sub(size, op.const(1))
    bins = op.Cast(op.Min(steps, cast(op, highest, _D.DOUBLE)), to=_D.INT64)
    zero = op.Expand(op.const(np.int32(0)), op.Unsqueeze(size, op.const([0])))
    ones = op.Expand(op.const(np.int32(1)), op.Shape(bins))
    return cast(op, scatter(op, zero, op.Unsqueeze(bins, op.const([1])), ones, "add"), node.outputs[0].dtype)


@handler("FlexNthElement")
def nth_element(op: OpBuilder, node: ir.Node, x: ir.Value, n: ir.Value) -> ir.Value:
    """FlexNthElement{reverse}(x, n) => the last of TopK{largest=reverse}(x, n + 1) along the last axis."""
    note_nan(op, x)
    place = scalar(op, n)
    wide = WIDER.get(x.dtype, x.dtype) if x.dtype is not None else None
    options = {"axis": -1, "largest": int(bool(NodeDef(node).get("reverse", False)))}
    many = op.Reshape(op.Add(place, op.const(1)), op.const([1]))
    made = op.node("TopK", [cast(op, x, wide), many], options, outputs=2)
    made.outputs[0].type = ir.TensorType(wide or _D.FLOAT)
    return cast(op, op.Gather(made.outputs[0], place, axis=-1), x.dtype)


@handler("FlexLowerBound", "FlexUpperBound")
def search_sorted(op: OpBuilder, node: ir.Node, row: ir.Value, x: ir.Value) -> ir.Value:
    """FlexLowerBound(sorted, x) => how many of the row's numbers are less than x (FlexUpperBound: not larger)."""
    numbers, wanted = op.Unsqueeze(row, op.const([1])), op.Unsqueeze(x, op.const([2]))
    before = op.Less(numbers, wanted) if "Lower" in node.op_type else op.LessOrEqual(numbers, wanted)
    return cast(op, op.ReduceSum(op.Cast(before, to=_D.INT32), op.const([2]), keepdims=0), node.outputs[0].dtype)


@handler("FlexLinSpace")
def lin_space(op: OpBuilder, node: ir.Node, start: ir.Value, stop: ir.Value, count: ir.Value) -> ir.Value:
    """FlexLinSpace(start, stop, n) => start + (0, 1 ... n - 1) (stop - start) / (n - 1), and stop itself at the end."""
    size = scalar(op, count)
    steps = op.Max(op.Sub(size, op.const(1)), op.const(1))
    share = op.Div(cast(op, op.Range(op.const(0), size, op.const(1)), start.dtype), cast(op, steps, start.dtype))
    rest = op.Sub(number(1, start), share)
    return op.Add(op.Mul(start, rest), op.Mul(stop, share))


@handler("FlexSize")
def size_of(op: OpBuilder, node: ir.Node, x: ir.Value) -> ir.Value:
    """FlexSize(x) => Size(x)."""
    return cast(op, op.Size(x), node.outputs[0].dtype)


@handler("FlexRandomUniformInt")
def random_uniform_int(op: OpBuilder, node: ir.Node, shape: ir.Value, low: ir.Value, high: ir.Value) -> ir.Value:
    """FlexRandomUniformInt(shape, low, high) => low + Floor(RANDOM_UNIFORM * (high - low))."""
    made = op.tfl.RANDOM_UNIFORM(shape)
    made.type = ir.TensorType(_D.FLOAT)
    reach = cast(op, op.Sub(high, low), _D.FLOAT)
    return op.Add(cast(op, op.Floor(op.Mul(made, reach)), low.dtype), low)
