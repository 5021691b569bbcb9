"""LiteRT's integer arithmetic as ONNX nodes: integers held in float64, with the sums and the roundings of its kernels.

A float64 holds every integer up to 2**53, has fast kernels, and takes half as many nodes as int64 would, where ONNX has
no division that rounds. Where a product may need more bits than that, one step is done in int64.
tests/handlers/test_integer.py compares both with LiteRT's arithmetic in Python's own integers.
Source: internal/common.h (MultiplyByQuantizedMultiplier) and gemmlowp's fixedpoint.h.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import onnx_ir as ir

from tfonnx_lab.arithmetic.fixed_point import quantize_multiplier, upper_half
from tfonnx_lab.graph import OpBuilder, quantization, rank

_D = ir.DataType

INT8, INT16 = (-128, 127), (-32768, 32767)
_EXACT = 2**53
_EXACT_32 = 2**24
"""Up to here a float64, and a float32, holds every integer."""
_AWAY = 1 + 2.0**-40
"""What moves a half away from zero, so that Round, which takes halves to even, takes it away; it moves nothing else."""
_AWAY_32 = 1 - 2.0**-23
"""The same for the scale of a QuantizeLinear, which divides in float32."""
_HALVES_32 = 14
"""The largest shift that _AWAY_32 is small enough for, with results of 8 bits."""


def scale_of(x: ir.Value | None) -> tuple[np.float32, int]:
    """The scale and zero point of a tensor that has one of each; 1 and 0 where there is nothing."""
    found = None if x is None else quantization(x)
    return (np.float32(1), 0) if found is None else (np.float32(found.scale[0]), int(found.zero_point[0]))


def wide(op: OpBuilder, x: ir.Value) -> ir.Value:
    """Integers as float64."""
    return as_type(op.Cast(x, to=_D.DOUBLE), _D.DOUBLE)


def number(value: float | Sequence[float] | np.ndarray) -> np.ndarray:
    """A float64 constant."""
    return np.asarray(value, np.float64)


def multiply(
    op: OpBuilder,
    x: ir.Value,
    reals: Sequence[float | np.floating[Any]],
    *,
    most: float = 2**31,
    limit: float = math.inf,
    repeat: int = 1,
    extra_shift: int = 0,
) -> ir.Value:
    """x times real multipliers, each for `repeat` columns of the last axis, rounded twice.

    most: no |x| is larger.
    limit: results beyond it may be any beyond it, since they are clipped.
    """
    pairs = _pairs(reals, extra_shift)
    high = _high(op, x, pairs, most, limit, repeat)
    return _shifted(op, high, _spread([2.0**s for s in _rights(pairs)], repeat))


def multiply_by(
    op: OpBuilder,
    x: ir.Value,
    multiplier: tuple[int, int],
    *,
    most: float = 2**31,
    upwards: np.ndarray | None = None,
) -> ir.Value:
    """x times (mantissa, left shift), rounded twice; no |x| is larger than `most`.

    upwards: in which columns of the last axis halves go up in the end, as in LiteRT's kernels for many elements at a
        time.
    """
    high = _high(op, x, [multiplier], most, math.inf, 1)
    power = 2.0 ** max(-multiplier[1], 0)
    if upwards is None or not upwards.any() or power == 1:
        return _shifted(op, high, number(power))
    return op.Floor(op.Add(op.Mul(high, number(np.where(upwards, 1.0, _AWAY) / power)), number(0.5)))


def quantize(
    op: OpBuilder,
    x: ir.Value,
    real: float | np.floating[Any],
    zero: int,
    *,
    most: float = 2**31,
    dtype: ir.DataType = _D.INT8,
) -> ir.Value:
    """x times a real multiplier, rounded twice, plus a zero point, clipped to 8 bits: one QuantizeLinear ends it."""
    pairs = _pairs([real], 0)
    high = _high(op, x, pairs, most, 256, 1)
    (right,) = _rights(pairs)
    if not INT8[0] <= zero <= INT8[1] and dtype == _D.INT8:  # LiteRT's negated zero point of a projection may be 128
        return op.Cast(clip(op, op.Add(_shifted(op, high, number(2.0**right)), number(zero)), *INT8), to=dtype)
    if right > _HALVES_32:
        high, right = _shifted(op, high, number(2.0**right)), 0
    scale = 2.0**right * (_AWAY_32 if right else 1)
    codes = op.QuantizeLinear(op.Cast(high, to=_D.FLOAT), np.float32(scale), np.array(zero, dtype.numpy()))
    return as_type(codes, dtype)


def _pairs(reals: Sequence[float | np.floating[Any]], extra_shift: int) -> list[tuple[int, int]]:
    return [(m, s + extra_shift) for m, s in (quantize_multiplier(float(r)) for r in reals)]


def _rights(pairs: Sequence[tuple[int, int]]) -> list[int]:
    return [max(-shift, 0) for _, shift in pairs]


def _high(
    op: OpBuilder, x: ir.Value, pairs: Sequence[tuple[int, int]], most: float, limit: float, repeat: int
) -> ir.Value:
    """x * 2**left * mantissa / 2**31, to nearest, halves up. Source: SaturatingRoundingDoublingHighMul.

    The product is exact while it has at most 53 bits; a larger one does not matter where its result is beyond the
    limit.
    """
    reach = [_reach(pair, most, limit) for pair in pairs]
    if not all(fits for fits, _ in reach):
        left = _spread([1 << max(s, 0) for _, s in pairs], repeat, np.int64)
        return _high_in_int64(op, op.Mul(op.Cast(x, to=_D.INT64), op.const(left)), _mantissas(op, pairs, repeat))
    product = op.Mul(x, _spread([m * 2.0 ** (max(s, 0) - 31) for m, s in pairs], repeat))
    if any(halves for _, halves in reach):
        return op.Floor(op.Add(product, number(0.5)))
    return op.Round(product)


def _reach(pair: tuple[int, int], most: float, limit: float) -> tuple[bool, bool]:
    """Whether all products that matter are exact, and whether one of them may lie half way between two integers."""
    mantissa, shift = pair
    if mantissa == 0:
        return True, False
    zeros = (mantissa & -mantissa).bit_length() - 1
    largest = min(most, limit * 2.0 ** (1 - shift))
    return largest * (abs(mantissa) >> zeros) <= _EXACT, largest * 2.0 ** max(shift, 0) >= 2.0 ** (30 - zeros)


def _high_in_int64(op: OpBuilder, x: ir.Value, mantissas: ir.Value) -> ir.Value:
    """As `_high` for any 32-bit x: 2**62 makes the product positive, for Div drops the rest toward zero."""
    product = op.Add(op.Mul(x, mantissas), op.const((1 << 62) + (1 << 30)))
    return op.Sub(wide(op, op.Div(product, op.const(1 << 31))), number(2.0**31))


def _mantissas(op: OpBuilder, pairs: Sequence[tuple[int, int]], repeat: int) -> ir.Value:
    return op.const(_spread([m for m, _ in pairs], repeat, np.int64))


def _spread(values: Sequence[float], repeat: int, dtype: Any = np.float64) -> np.ndarray:
    return np.array(values[0], dtype) if len(values) == 1 else np.repeat(np.array(values, dtype), repeat)


def _shifted(op: OpBuilder, x: ir.Value, powers: np.ndarray) -> ir.Value:
    """x / powers, to nearest, half away from zero. Source: RoundingDivideByPOT."""
    if (powers == 1).all():
        return x
    return op.Round(op.Mul(x, np.where(powers == 1, 1.0, _AWAY / powers)))


def rounding_shift(op: OpBuilder, x: ir.Value, by: int) -> ir.Value:
    """x / 2**by, to nearest, half away from zero."""
    return _shifted(op, x, number(2.0**by))


def wide_multiplier(mantissa: int, shift: int) -> tuple[int, int]:
    """(factor, divisor) of `multiply_wide`: the upper 15 bits of the mantissa, and the power of two that they need
    then."""
    return upper_half(mantissa), 1 << (15 - shift)


def multiply_wide(op: OpBuilder, x: ir.Value, factor: ir.Value, divisor: ir.Value) -> ir.Value:
    """x of up to 48 bits times a `wide_multiplier`, rounded to nearest; wraps around at 32 bits.

    Source: MultiplyByQuantizedMultiplier of int64 in internal/common.cc.
    """
    total = op.Add(op.Mul(x, factor), op.Div(divisor, op.const(2)))
    rounded_down = op.Div(op.Sub(total, op.Mod(total, divisor)), divisor)
    return op.Cast(op.Cast(rounded_down, to=_D.INT32), to=_D.INT64)


def high_mul(op: OpBuilder, x: ir.Value, mantissa: ir.Value) -> ir.Value:
    """x * mantissa / 2**31, to nearest, for a mantissa that is computed; both are float64."""
    return _high_in_int64(op, op.Cast(x, to=_D.INT64), op.Cast(mantissa, to=_D.INT64))


def rounding_divide(op: OpBuilder, x: ir.Value, power: ir.Value) -> ir.Value:
    """x / power (a power of two that is computed), to nearest, half away from zero.

    Both are doubled: ONNX Runtime takes a factor as near to one as _AWAY for one, and leaves it out.
    """
    return op.Round(op.Div(op.Mul(x, number(2 * _AWAY)), op.Mul(power, number(2))))


def truncated(op: OpBuilder, x: ir.Value) -> ir.Value:
    """Toward zero, as C++ divides."""
    return wide(op, op.Cast(x, to=_D.INT64))


def clip(op: OpBuilder, x: ir.Value, low: float, high: float) -> ir.Value:
    """x within bounds."""
    return op.Clip(x, number(low), number(high))


def matmul(op: OpBuilder, x: ir.Value, weights: np.ndarray, bias: np.ndarray | None, zero: int) -> ir.Value:
    """int8 x [..., n] less its zero point, times the rows of int8 weights [m, n], plus bias [m]: [..., m].

    As a product of floats while these hold each sum exactly: ONNX Runtime's product of two signed codes is slow in the
    body of a loop, [1, 80] times [80, 320] 17.4 => 2.7 us, and outside of it ([49, 257] times [257, 320] 313 => 84 us).
    """
    least = -zero * weights.sum(1, dtype=np.int64)
    added = least if bias is None else bias + least
    columns = op.const(np.ascontiguousarray(weights.T))
    largest = -INT8[0] * np.abs(weights.astype(np.float64)).sum(1) + np.abs(added.astype(np.float64))
    if largest.max(initial=0) < _EXACT_32:
        return wide(op, _float_product(op, x, columns, added.astype(np.float32)))
    near = int(np.clip(zero, *INT8))
    product = op.MatMulInteger(x, columns, op.const(np.array(near, np.int8)))
    sums = wide(op, as_type(product, _D.INT32))
    rest = added + near * weights.sum(1, dtype=np.int64)
    return op.Add(sums, number(rest)) if rest.any() else sums


def _float_product(op: OpBuilder, x: ir.Value, columns: ir.Value, added: np.ndarray) -> ir.Value:
    """Codes times columns, plus a number for each of them, in float32."""
    codes, real = (as_type(op.Cast(v, to=_D.FLOAT), _D.FLOAT) for v in (x, columns))
    if rank(x) == 2:
        return as_type(op.Gemm(codes, real, op.const(added) if added.any() else None), _D.FLOAT)
    product = as_type(op.MatMul(codes, real), _D.FLOAT)
    return as_type(op.Add(product, op.const(added)), _D.FLOAT) if added.any() else product


def most_of(weights: np.ndarray, bias: np.ndarray | None) -> float:
    """The largest sum that `matmul` can give."""
    sums = (INT8[1] - INT8[0]) * np.abs(weights.astype(np.float64)).sum(1)
    return float((sums if bias is None else sums + np.abs(bias)).max(initial=0))


def look_up(op: OpBuilder, x: ir.Value, table: np.ndarray) -> ir.Value:
    """The entry of an int16 table (from the lowest code on) for each code."""
    entries = op.const(np.roll(table, 1 << 15))  # a negative index counts from the end
    return wide(op, op.Gather(entries, op.Cast(x, to=_D.INT32), axis=0))


def inverse_sqrt(op: OpBuilder, x: ir.Value) -> tuple[ir.Value, ir.Value]:
    """(mantissa, power): 1 / sqrt(x) is mantissa / 2**31 / power. Source: GetInvSqrtQuantizedMultiplierExp."""
    powers = op.const(2.0 ** np.arange(31))
    bits = op.ReduceSum(op.Cast(op.GreaterOrEqual(x, powers), to=_D.INT64), op.const([-1]), keepdims=1)
    shift = op.Max(op.Sub(op.const(12), op.Div(op.Sub(op.const(31), bits), op.const(2))), op.const(0))
    shift = op.Where(op.LessOrEqual(x, number(1)), op.const(0), shift)
    power = op.Gather(powers, shift, axis=0)
    real = op.Div(power, op.Sqrt(op.Max(x, number(1))))
    mantissa = op.Floor(op.Add(op.Mul(real, number(2.0**31)), number(0.5)))
    return op.Min(mantissa, number(2.0**31 - 1)), power


def as_type(value: ir.Value, dtype: ir.DataType, shape: Any = None) -> ir.Value:
    """The value, said to be of this dtype and shape."""
    value.type = ir.TensorType(dtype)
    value.shape = shape if shape is not None else value.shape
    return value
