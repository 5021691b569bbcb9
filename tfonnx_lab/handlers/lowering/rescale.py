"""LiteRT's rescaling of integer sums to codes as ONNX nodes, for the handlers of exact="bits".

Integers are held in float64 (`lowering/integer.py`), 64-bit sums of 16-bit codes in int64.
Source: MultiplyByQuantizedMultiplier in internal/common.cc.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import onnx_ir as ir

from tfonnx_lab.graph import OpBuilder, code_range
from tfonnx_lab.handlers.lowering import integer

_D = ir.DataType
_BEYOND = 2
"""How many times the widest range of codes a sum may be, before it is clipped whatever it is."""


def above_zero(op: OpBuilder, x: ir.Value) -> ir.Value:
    """Codes less their zero point, as float64."""
    zero = integer.scale_of(x)[1]
    codes = integer.wide(op, x)
    return op.Sub(codes, np.float64(zero)) if zero else codes


def reach_of(x: ir.Value) -> int:
    """The largest magnitude that a code less its zero point has."""
    assert x.dtype is not None
    zero = integer.scale_of(x)[1]
    return max(abs(end - zero) for end in code_range(x.dtype))


def rescaled(op: OpBuilder, sums: ir.Value, reals: Sequence[float], out: ir.Value, most: float) -> ir.Value:
    """The codes of 32-bit sums (float64): times real multipliers, one or one for each column, rounded twice.

    most: no |sum| is larger.
    """
    limit = _BEYOND * 2.0 ** (8 if _is_narrow(out) else 16)
    return as_codes(op, integer.multiply(op, sums, list(reals), most=most, limit=limit), out)


def rescaled_wide(op: OpBuilder, sums: ir.Value, pairs: Sequence[tuple[int, int]], out: ir.Value) -> ir.Value:
    """The codes of 64-bit sums (float64): times multipliers of 15 bits, rounded once.

    Source: MultiplyByQuantizedMultiplier of int64.
    """
    ways = [integer.wide_multiplier(*pair) for pair in pairs]
    factor, divisor = (np.array([way[i] for way in ways], np.int64) for i in (0, 1))
    wide = op.Cast(sums, to=_D.INT64)
    return as_codes(op, integer.wide(op, integer.multiply_wide(op, wide, op.const(factor), op.const(divisor))), out)


def as_codes(op: OpBuilder, steps: ir.Value, out: ir.Value) -> ir.Value:
    """Codes of whole steps from zero (float64): plus the zero point, within the range of the output's dtype."""
    assert out.dtype is not None
    zero = integer.scale_of(out)[1]
    moved = op.Add(steps, np.float64(zero)) if zero else steps
    return op.like(op.Cast(integer.clip(op, moved, *code_range(out.dtype)), to=out.dtype), out)


def round_away(op: OpBuilder, x: ir.Value) -> ir.Value:
    """float64 to nearest, half away from zero. Source: TfLiteRound."""
    return op.Mul(op.Sign(x), op.Floor(op.Add(op.Abs(x), np.float64(0.5))))


def _is_narrow(out: ir.Value) -> bool:
    assert out.dtype is not None
    return out.dtype.itemsize <= 1
