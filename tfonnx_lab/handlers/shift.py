"""Shifts of integers: RIGHT_SHIFT and STABLEHLO_SHIFT_LEFT."""

from __future__ import annotations

import numpy as np
import onnx_ir as ir

from tfonnx_lab.graph import OpBuilder
from tfonnx_lab.handlers.lowering.numeric import cast
from tfonnx_lab.handlers.lowering.shape import ints, shape_of
from tfonnx_lab.rules import handler

_D = ir.DataType
_BLOCK = 8
"""How many elements LiteRT's loop, compiled for x86-64, shifts at once; those that are left over one by one."""
_BLOCKS_FROM = {_D.INT8: 8, _D.INT16: 16, _D.INT32: 12}
"""Sizes from which it does so."""
_FRACTION, _EXPONENT_OF_ONE = 23, 127
"""Of a float32: the bits of its fraction, and the exponent that 1.0 is stored with."""
_POWERS = 1 << (32 - _FRACTION)
"""After so many, what is shifted into a float's exponent and sign begins again."""


@handler("RIGHT_SHIFT")
def right_shift(op: OpBuilder, node: ir.Node, x: ir.Value, by: ir.Value) -> ir.Value:
    """RIGHT_SHIFT(x, n) => x divided by 2**n, rounded down, which keeps the sign. Source: right_shift.cc."""
    assert x.dtype is not None
    bits = round(x.dtype.itemsize * 8)
    steps = op.Max(op.Min(cast(op, by, _D.INT64), op.const(bits - 1)), op.const(0))
    power = op.Gather(op.const(np.array([1 << i for i in range(min(bits, 63))], np.int64)), steps, axis=0)
    wide = cast(op, x, _D.INT64)
    return cast(op, op.Div(op.Sub(wide, op.Mod(wide, power)), power), x.dtype)


@handler("STABLEHLO_SHIFT_LEFT")
def shift_left(op: OpBuilder, node: ir.Node, x: ir.Value, by: ir.Value) -> ir.Value:
    """STABLEHLO_SHIFT_LEFT(x, n) => x * 2**n, without the bits that fall out. Source: stablehlo_shift_left.cc.

    C++ leaves open what a shift by less than 0 or more than 31 bits gives; LiteRT's own build for x86-64 is followed.
    """
    place, known = op.Cast(by, to=_D.INT64), ints(by)
    power = op.Gather(op.const(np.array([1 << i for i in range(32)], np.int64)), op.Mod(place, op.const(32)), axis=0)
    if known is None or not all(0 <= n < 32 for n in known):
        in_blocks = op.Gather(op.const(_powers_in_blocks()), op.Mod(place, op.const(_POWERS)), axis=0)
        power = op.Where(_are_in_blocks(op, x), in_blocks, power)
    return cast(op, op.Mul(cast(op, x, _D.INT64), power), x.dtype)


def _powers_in_blocks() -> np.ndarray:
    """2**n for n below `_POWERS` as SSE2 has it: n becomes the exponent of a float, and that an integer of 32 bits."""
    exponents = (np.arange(_POWERS, dtype=np.int64) + _EXPONENT_OF_ONE) << _FRACTION
    reals = (exponents % (1 << 32)).astype(np.uint32).view(np.float32).astype(np.float64)
    return np.where(np.abs(reals) < 2**31, np.trunc(np.where(np.isfinite(reals), reals, 0)), -(2**31)).astype(np.int64)


def _are_in_blocks(op: OpBuilder, x: ir.Value) -> ir.Value:
    """Which elements LiteRT shifts in blocks."""
    assert x.dtype is not None
    size = op.Size(x)
    some = op.GreaterOrEqual(size, op.const(_BLOCKS_FROM.get(x.dtype, _BLOCK)))
    last = op.Where(some, op.Sub(size, op.Mod(size, op.const(_BLOCK))), op.const(0))
    return op.Reshape(op.Less(op.Range(op.const(0), size, op.const(1)), last), shape_of(op, x))
