"""LiteRT's integer arithmetic as ONNX nodes, on int64: the sums of its kernels, rounded where they round.

Source: internal/common.h (MultiplyByQuantizedMultiplier) and gemmlowp's fixedpoint.h.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import onnx_ir as ir

from tfonnx_lab.fixed_point import quantize_multiplier
from tfonnx_lab.graph import OpBuilder, quantization

_D = ir.DataType


def scale_of(x: ir.Value | None) -> tuple[np.float32, int]:
    """The scale and zero point of a tensor that has one of each; 1 and 0 where there is nothing."""
    found = None if x is None else quantization(x)
    return (np.float32(1), 0) if found is None else (np.float32(found.scale[0]), int(found.zero_point[0]))


def multiply(
    op: OpBuilder, x: ir.Value, reals: Sequence[float | np.floating[Any]], repeat: int = 1, extra_shift: int = 0
) -> ir.Value:
    """x times real multipliers, each for `repeat` columns of the last axis, rounded twice."""
    pairs = [quantize_multiplier(float(r)) for r in reals]
    shifts = [s + extra_shift for _, s in pairs]
    left = _spread([1 << max(s, 0) for s in shifts], repeat)
    high = high_mul(op, op.Mul(x, op.const(left)), op.const(_spread([m for m, _ in pairs], repeat)))
    return rounding_shift(op, high, _spread([max(-s, 0) for s in shifts], repeat))


def _spread(values: Sequence[int], repeat: int) -> np.ndarray:
    return np.array(values[0], np.int64) if len(values) == 1 else np.repeat(np.array(values, np.int64), repeat)


def high_mul(op: OpBuilder, x: ir.Value, mantissa: ir.Value) -> ir.Value:
    """x * mantissa / 2**31, to nearest."""
    product = op.Mul(x, mantissa)
    nudge = op.Where(op.GreaterOrEqual(product, op.const(0)), op.const(1 << 30), op.const(1 - (1 << 30)))
    return op.Div(op.Add(product, nudge), op.const(1 << 31))


def rounding_shift(op: OpBuilder, x: ir.Value, by: int | np.ndarray) -> ir.Value:
    """x / 2**by, to nearest, half away from zero."""
    power = np.left_shift(np.int64(1), np.asarray(by, np.int64))
    return rounding_divide(op, x, op.const(power))


def rounding_divide(op: OpBuilder, x: ir.Value, power: ir.Value) -> ir.Value:
    """x / power (a power of two), to nearest, half away from zero: ONNX's Div of integers drops the rest."""
    half = op.Div(power, op.const(2))
    return op.Div(op.Add(x, op.Where(op.GreaterOrEqual(x, op.const(0)), half, op.Neg(half))), power)


def clip(op: OpBuilder, x: ir.Value, low: int, high: int) -> ir.Value:
    """x within bounds."""
    return op.Max(op.Min(x, op.const(high)), op.const(low))


def matmul(op: OpBuilder, x: ir.Value, weights: np.ndarray, bias: np.ndarray) -> ir.Value:
    """int8 x [..., n] times the rows of int8 weights [m, n], plus bias [m], as int64 [..., m]."""
    product = op.MatMulInteger(x, op.const(np.ascontiguousarray(weights.T)))
    product.type = ir.TensorType(_D.INT32)
    return op.Add(op.Cast(product, to=_D.INT64), op.const(bias.astype(np.int64)))


def look_up(op: OpBuilder, x: ir.Value, table: np.ndarray) -> ir.Value:
    """The entry of an int16 table (from the lowest code on) for each code."""
    return op.Cast(op.Gather(op.const(table), op.Add(x, op.const(1 << 15)), axis=0), to=_D.INT64)


def inverse_sqrt(op: OpBuilder, x: ir.Value) -> tuple[ir.Value, ir.Value]:
    """(mantissa, power): 1 / sqrt(x) is mantissa / 2**31 / power. Source: GetInvSqrtQuantizedMultiplierExp."""
    powers = op.const(np.array([1 << k for k in range(31)], np.int64))
    bits = op.ReduceSum(op.Cast(op.GreaterOrEqual(x, powers), to=_D.INT64), op.const([-1]), keepdims=1)
    shift = op.Max(op.Sub(op.const(12), op.Div(op.Sub(op.const(31), bits), op.const(2))), op.const(0))
    shift = op.Where(op.LessOrEqual(x, op.const(1)), op.const(0), shift)
    power = op.Gather(powers, shift, axis=0)
    real = op.Div(op.Cast(power, to=_D.DOUBLE), op.Sqrt(op.Cast(op.Max(x, op.const(1)), to=_D.DOUBLE)))
    mantissa = op.Cast(op.Floor(op.Add(op.Mul(real, np.float64(2**31)), np.float64(0.5))), to=_D.INT64)
    return op.Min(mantissa, op.const(2**31 - 1)), power


def as_type(value: ir.Value, dtype: ir.DataType, shape: Any = None) -> ir.Value:
    """The value, said to be of this dtype and shape."""
    value.type = ir.TensorType(dtype)
    value.shape = shape if shape is not None else value.shape
    return value
