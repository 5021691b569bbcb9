"""The bits of numbers, by arithmetic: ONNX reads the bits of one dtype as another only from opset 26 on."""

from __future__ import annotations

import numpy as np
import onnx_ir as ir

from tfonnx_lab.graph import OpBuilder
from tfonnx_lab.handlers.lowering.numeric import cast

_D = ir.DataType
_FORMATS = {_D.FLOAT16: (5, 10), _D.BFLOAT16: (8, 7), _D.FLOAT: (8, 23), _D.DOUBLE: (11, 52)}
"""Floating dtype => bits of its exponent and of its mantissa (IEEE 754)."""


def width(dtype: ir.DataType) -> int:
    """The number of bits of an element."""
    return round(dtype.itemsize * 8)


def to_bits(op: OpBuilder, x: ir.Value) -> ir.Value:
    """The elements' bits as int64: from 0 to 2**width - 1, of 64 bits those of the int64 itself."""
    dtype = x.dtype
    assert dtype is not None
    bits = _encode(op, x, *_FORMATS[dtype]) if dtype in _FORMATS else cast(op, x, _D.INT64)
    return bits if width(dtype) == 64 else op.Mod(bits, op.const(1 << width(dtype)))


def from_bits(op: OpBuilder, bits: ir.Value, dtype: ir.DataType) -> ir.Value:
    """Elements of a dtype from their bits as int64."""
    return cast(op, _decode(op, bits, *_FORMATS[dtype]) if dtype in _FORMATS else bits, dtype)


def regroup(op: OpBuilder, bits: ir.Value, old: int, new: int) -> ir.Value:
    """Elements of `old` bits as such of `new` bits, the lowest bits first: the last dimension comes or goes."""
    if old > new:
        places = op.const(np.array([1 << (new * i) for i in range(old // new)], np.int64))
        wide = op.Unsqueeze(bits, op.const([-1]))
        return op.Mod(floor_over(op, wide, places), op.const(1 << new))
    if old < new:
        return _joined(op, bits, old, new)
    return bits


def _joined(op: OpBuilder, bits: ir.Value, old: int, new: int) -> ir.Value:
    """The number that parts of `old` bits make, the lowest first. ONNX Runtime's sums are exact below 2**53 only."""
    half = min(new, 32)
    count = half // old
    places = op.const(np.array([1 << (old * i) for i in range(count)], np.int64))
    sums = []
    for first in range(0, new // old, count):
        some = op.Slice(bits, op.const([first]), op.const([first + count]), op.const([-1]))
        sums.append(op.ReduceSum(op.Mul(some, places), op.const([-1]), keepdims=0))
    return sums[0] if new <= 32 else op.Add(sums[0], op.Mul(sums[1], op.const(1 << 32)))


def bitwise(op: OpBuilder, kind: str, a: ir.Value, b: ir.Value) -> ir.Value:
    """And, Or or Xor of bools or of the bits of integers; below opset 18 on lists of bits."""
    if a.dtype == _D.BOOL:
        return getattr(op, kind)(a, b)
    if op.opset >= 18:
        return getattr(op, f"Bitwise{kind}")(a, b)
    assert a.dtype is not None
    x, y = (_listed(op, v) for v in (a, b))
    both = op.Mul(x, y)
    made = both if kind == "And" else op.Sub(op.Add(x, y), both if kind == "Or" else op.Add(both, both))
    return cast(op, _joined(op, made, 1, width(a.dtype)), a.dtype)


def _listed(op: OpBuilder, x: ir.Value) -> ir.Value:
    """The bits of an integer, the lowest first, as int64 in a new last dimension."""
    assert x.dtype is not None
    count = width(x.dtype)
    bits = op.Unsqueeze(to_bits(op, x), op.const([-1]))
    powers = op.const(np.array([1 << i for i in range(min(count, 63))], np.int64))
    listed = op.Mod(floor_over(op, bits, powers), op.const(2))
    if count < 64:
        return listed
    return op.Concat(listed, op.Cast(op.Less(bits, op.const(0)), to=_D.INT64), axis=-1)


def floor_over(op: OpBuilder, x: ir.Value, by: ir.Value) -> ir.Value:
    """x / by, rounded down."""
    return op.Div(op.Sub(x, op.Mod(x, by)), by)


def _encode(op: OpBuilder, x: ir.Value, exponent: int, mantissa: int) -> ir.Value:
    """sign, exponent and mantissa of each number, each found exactly in float64. Every NaN is the quiet one."""
    bias = (1 << (exponent - 1)) - 1
    x = cast(op, x, _D.DOUBLE)
    size = op.Abs(x)
    lowest = np.float64(2.0 ** (1 - bias))
    bounded = op.Min(op.Max(size, lowest), np.float64(2.0**bias * (2 - 2.0**-mantissa)))
    guess = op.Floor(op.Div(op.Log(bounded), np.float64(np.log(2))))
    ratio = op.Div(bounded, op.Pow(np.float64(2), guess))  # the logarithm may be one off at powers of two
    over, under = (
        op.Cast(c, to=_D.DOUBLE) for c in (op.GreaterOrEqual(ratio, np.float64(2)), op.Less(ratio, np.float64(1)))
    )
    power = op.Sub(op.Add(guess, over), under)
    part = op.Div(op.Where(op.IsInf(x), bounded, size), op.Pow(np.float64(2), power))
    normal = op.Cast(op.GreaterOrEqual(part, np.float64(1)), to=_D.DOUBLE)
    fraction = op.Cast(op.Mul(op.Sub(part, normal), np.float64(2.0**mantissa)), to=_D.INT64)
    field = op.Cast(op.Mul(op.Add(power, np.float64(bias)), normal), to=_D.INT64)
    number = op.Add(op.Mul(field, op.const(1 << mantissa)), fraction)
    last = ((1 << exponent) - 1) << mantissa
    number = op.Where(op.IsInf(x), op.const(last), number)
    number = op.Where(op.IsNaN(x), op.const(last + (1 << (mantissa - 1))), number)
    negative = op.Or(op.Less(x, np.float64(0)), op.Less(op.Div(np.float64(1), x), np.float64(0)))
    sign = op.const(np.array(1 << (exponent + mantissa), np.uint64).astype(np.int64))
    return op.Add(number, op.Mul(op.Cast(negative, to=_D.INT64), sign))


def _decode(op: OpBuilder, bits: ir.Value, exponent: int, mantissa: int) -> ir.Value:
    """The float64 that is exactly the number with these bits."""
    bias = (1 << (exponent - 1)) - 1
    last = (1 << exponent) - 1
    fraction = op.Cast(op.Mod(bits, op.const(1 << mantissa)), to=_D.DOUBLE)
    field = op.Mod(floor_over(op, bits, op.const(1 << mantissa)), op.const(1 << exponent))
    top = op.Mod(floor_over(op, bits, op.const(1 << (exponent + mantissa - 1))), op.const(4))
    negative = op.GreaterOrEqual(top, op.const(2))
    normal = op.Cast(op.Greater(field, op.const(0)), to=_D.DOUBLE)
    power = op.Sub(op.Cast(op.Max(field, op.const(1)), to=_D.DOUBLE), np.float64(bias))
    part = op.Add(normal, op.Mul(fraction, np.float64(2.0**-mantissa)))
    special = op.Where(op.Equal(fraction, np.float64(0)), np.float64(np.inf), np.float64(np.nan))
    finite = op.Mul(part, op.Pow(np.float64(2), op.Min(power, np.float64(bias))))
    size = op.Where(op.Equal(field, op.const(last)), special, finite)
    return op.Where(negative, op.Neg(size), size)
