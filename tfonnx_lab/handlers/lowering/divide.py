"""DIV of 8-bit codes: a table of its 65,536 results.

LiteRT computes the quotient in fixed point, and shifts it by more than 31 bits where it is small, which on x86-64
shifts by less: such results are far from the quotient, and no real division gives them.
Source: DivElementwise in reference/div.h.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import onnx_ir as ir

from tfonnx_lab.arithmetic import constants
from tfonnx_lab.arithmetic.fixed_point import INT32, Ints, quantize_multiplier, rescale, rounding_high_mul
from tfonnx_lab.graph import OpBuilder, code_range
from tfonnx_lab.handlers.lowering.integer import scale_of

_D = ir.DataType


def quotient_of_codes(op: OpBuilder, node: ir.Node, a: ir.Value, b: ir.Value) -> ir.Value:
    """DIV(int8, int8) => Gather(table, 256 * a + b); what is negative counts from the end."""
    assert a.dtype is not None
    entries = op.const(_table(node, a.dtype).astype(a.dtype.numpy()), name=f"{node.name}/table")
    left, right = (op.Cast(x, to=_D.INT32) for x in (a, b))
    return op.Gather(entries, op.Add(op.Mul(left, op.const(np.int32(256))), right), axis=0)


def _table(node: ir.Node, dtype: ir.DataType) -> Ints:
    """The quotients of all pairs of codes; by zero, which LiteRT refuses, the zero point."""
    (scale, zero), (by_scale, by_zero), (out_scale, out_zero) = map(scale_of, (*node.inputs, node.outputs[0]))
    low, high = code_range(dtype)
    codes: Ints = np.arange(low, high + 1, dtype=np.int64)
    rows, columns = (grid.ravel() for grid in np.meshgrid(codes, codes, indexing="ij"))
    x, by = rows - zero, columns - by_zero
    multiplier = quantize_multiplier(float(np.float32(scale / np.float32(by_scale * out_scale))))
    found = np.where(by == 0, 0, divide(x, np.where(by == 0, 1, by), multiplier)) + out_zero
    entries = np.empty(1 << 16, np.int64)
    entries[(256 * rows + columns) % (1 << 16)] = np.clip(found, low, high)
    return entries


def divide(x: Ints, by: Ints, multiplier: tuple[int, int]) -> Ints:
    """x / by times a multiplier. Source: DivElementwise."""
    x, by = np.where(by < 0, -x, x), np.abs(by)
    reciprocals, over_one = _reciprocals(by)
    headroom = 31 - _bits(np.where(x < 0, ~x, x))
    quotient = rounding_high_mul(rounding_high_mul(x << headroom, reciprocals, 31), multiplier[0], 31)
    right = over_one + headroom - multiplier[1]
    mask = np.where(right % 64 < 32, (1 << (right % 32)) - 1, -1)
    return (quotient >> (right % 32)) + ((quotient & mask) > (mask >> 1) + (quotient < 0))


def _reciprocals(x: Ints) -> tuple[Ints, Ints]:
    """(r, n): 1 / x is r / 2**31 / 2**n. Source: GetReciprocal, and gemmlowp's one_over_one_plus_x_for_x_in_0_1."""
    bits = _bits(x)
    half = ((x << (32 - bits)) - (1 << 31) + INT32[1] + 1) // 2
    found = constants.RECIPROCAL_START + rounding_high_mul(half, constants.RECIPROCAL_SLOPE, 31)
    found = np.clip(found, *INT32)
    for _ in range(constants.RECIPROCAL_STEPS):
        found = found + rescale(rounding_high_mul(found, (1 << 29) - rounding_high_mul(half, found, 31), 31), 2)
    return np.minimum(found * 2, INT32[1]), bits - 1


def _bits(x: Ints) -> Any:
    """The number of bits of each number that is not negative."""
    return np.frexp(x.astype(np.float64))[1].astype(np.int64)
