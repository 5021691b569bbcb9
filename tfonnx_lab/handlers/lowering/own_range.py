"""A float input rounded to 8 bits by ranges of its own: what LiteRT does before its products of integers.

Source: PortableSymmetricQuantizeFloats and PortableAsymmetricQuantizeFloats in portable_tensor_utils.cc.
"""

from __future__ import annotations

import numpy as np
import onnx_ir as ir

from tfonnx_lab.arithmetic.pairs import MIDDLE
from tfonnx_lab.graph import OpBuilder
from tfonnx_lab.handlers.lowering.reduction import reduce
from tfonnx_lab.handlers.lowering.shape import dims, known_size, rank_of

_D = ir.DataType
_F = np.float32
TINY = _F(1e-30)
"""The least scale: an input of zeros has none."""
ZERO_CODE = np.array(MIDDLE, np.uint8)
"""The code of zero where the range is symmetric."""


def codes_of(op: OpBuilder, x: ir.Value, asymmetric: bool) -> tuple[ir.Value, ir.Value, ir.Value]:
    """(uint8 codes, scale, zero point) of a tensor with one range."""
    if asymmetric:
        made = op.node("DynamicQuantizeLinear", [x], {}, outputs=3)
        codes, scale, zero = made.outputs
        codes.type = zero.type = ir.TensorType(_D.UINT8)
        codes.shape = None if x.shape is None else x.shape.copy()
        scale.shape = zero.shape = ir.Shape([])
        return codes, scale, zero
    reach = op.Max(reduce(op, "ReduceMax", op.Abs(x), list(range(rank_of(x))), False), TINY)
    scale = op.Div(reach, _F(127))
    middle = op.const(ZERO_CODE)
    return op.QuantizeLinear(x, scale, middle), scale, middle


def codes_by_first_axis(op: OpBuilder, x: ir.Value) -> tuple[ir.Value, ir.Value, ir.Value]:
    """(uint8 codes, scales, zero points) of a tensor with a range for each index of its first axis."""
    scale, zero = _of_ranges(op, x, list(range(1, rank_of(x))))
    return op.QuantizeLinear(x, scale, zero, axis=0), scale, zero


def by_phases(op: OpBuilder, x: ir.Value, count: int) -> ir.Value:
    """A sequence [1, time, channels] rounded to 8 bits, times that lie `count` apart sharing a range.

    It is filled up with zeros, which every range holds, to a table of whole rows [1, time / count, count, channels].
    """
    length, channels = dims(op, x, [1]), known_size(x, 2)
    fill = op.Mod(op.Neg(length), op.const([count]))
    pads = op.Concat(op.const([0, 0, 0, 0]), fill, op.const([0]), axis=0)
    table = op.Reshape(op.Pad(x, pads), op.const([1, -1, count, channels]))
    table.type, table.shape = ir.TensorType(_D.FLOAT), ir.Shape([1, None, count, channels])
    scale, zero = _of_ranges(op, table, [0, 1, 3])
    real = op.DequantizeLinear(op.QuantizeLinear(table, scale, zero, axis=2), scale, zero, axis=2)
    flat = op.Reshape(real, op.const([1, -1, channels]))
    return op.like(op.Slice(flat, op.const([0]), length, op.const([1])), x)


def _of_ranges(op: OpBuilder, x: ir.Value, axes: list[int]) -> tuple[ir.Value, ir.Value]:
    """(scales, zero points) of the codes of ranges over some axes."""
    low, high = _ends(op, x, axes, False, least=_F(255) * TINY)
    scale = op.Div(op.Sub(high, low), _F(255))
    return scale, op.QuantizeLinear(low, op.Neg(scale), axis=0)


def _ends(
    op: OpBuilder, x: ir.Value, axes: list[int], keep: bool, least: np.float32 = _F(0)
) -> tuple[ir.Value, ir.Value]:
    """The least and the largest value over some axes, zero among them, or at least this much above it."""
    low = op.Min(reduce(op, "ReduceMin", x, axes, keep), _F(0))
    return low, op.Max(reduce(op, "ReduceMax", x, axes, keep), least)


def rounded_rows(op: OpBuilder, x: ir.Value, asymmetric: bool) -> ir.Value:
    """Each row of x (its last axis) rounded to the 8-bit steps of its own range, in as few nodes as there are for it.

    A number of rows that is not known is the batch of a recurrent cell, and taken for one, unless exactness or such a
    batch is asked for.
    """
    if op.options.exact:
        return rounded(op, x, [-1], asymmetric)
    lead = list(x.shape or [None])[:-1]
    if len(lead) == 1 and not isinstance(lead[0], int) and not op.options.own_ranges:
        op.note("a batch of unknown size shares one range: exact=True gives each its own")
        lead = [1]
    if lead == [1]:
        return op.DequantizeLinear(*codes_of(op, x, asymmetric))
    width = list(x.shape or [None])[-1]
    if not asymmetric or not isinstance(width, int):
        return rounded(op, x, [-1], asymmetric)
    flat = x if len(lead) == 1 else op.Reshape(x, op.const([-1, width]))
    real = op.DequantizeLinear(*codes_by_first_axis(op, flat), axis=0)
    return real if flat is x else op.like(op.Reshape(real, op.Shape(x)), x)


def rounded(op: OpBuilder, x: ir.Value, axes: list[int], asymmetric: bool) -> ir.Value:
    """x rounded to the 8-bit steps of its own range over some axes."""
    steps, scale = steps_and_size(op, x, axes, asymmetric)
    return op.Mul(steps, scale)


def steps_and_size(op: OpBuilder, x: ir.Value, axes: list[int], asymmetric: bool) -> tuple[ir.Value, ir.Value]:
    """(whole steps from zero, their size), rounded as LiteRT rounds."""
    return _asymmetric_steps(op, x, axes) if asymmetric else _symmetric_steps(op, x, axes)


def _symmetric_steps(op: OpBuilder, x: ir.Value, axes: list[int]) -> tuple[ir.Value, ir.Value]:
    """127 steps on each side of zero."""
    reach = op.Max(reduce(op, "ReduceMax", op.Abs(x), axes, True), TINY)
    return _nearest(op, op.Mul(x, op.Div(_F(127), reach))), op.Div(reach, _F(127))


def _asymmetric_steps(op: OpBuilder, x: ir.Value, axes: list[int]) -> tuple[ir.Value, ir.Value]:
    """256 steps from the smallest to the largest value, zero among them.

    The range is a difference in float32, divided in float64; the zero point comes from the end that is nearer to zero,
    and is added to rounded codes; halves go away from zero. Source: NeonAsymmetricQuantizeFloats, which x86 runs, too.
    """
    ends = _ends(op, x, axes, True)
    low, high = (op.Cast(end, to=_D.DOUBLE) for end in ends)
    reach = op.Cast(op.Sub(ends[1], ends[0]), to=_D.DOUBLE)
    wide = op.Max(op.Div(reach, np.float64(255)), np.float64(TINY))
    below, above = op.Div(low, wide), op.Div(high, wide)
    from_low = op.Less(op.Sub(np.float64(1), below), above)
    point = op.Where(from_low, op.Sub(np.float64(-128), below), op.Sub(np.float64(127), above))
    away = op.Round(op.Mul(point, np.float64(1 + 2.0**-40)))
    zero = op.Cast(op.Clip(away, np.float64(-128), np.float64(127)), to=_D.FLOAT)
    scale = op.Cast(wide, to=_D.FLOAT)
    codes = op.Add(_nearest(op, op.Mul(x, op.Reciprocal(scale))), zero)
    return op.Sub(op.Clip(codes, _F(-128), _F(127)), zero), scale


def _nearest(op: OpBuilder, x: ir.Value) -> ir.Value:
    """To the nearest integer; with `exact` halves go away from zero, as in LiteRT.

    One in 100,000 codes lies half way.
    """
    if not op.options.exact:
        return op.Round(x)
    return op.Mul(op.Floor(op.Add(op.Abs(x), _F(0.5))), op.Sign(x))
