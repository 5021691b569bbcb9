"""L2_NORMALIZATION of 8-bit codes, bit for bit: one over the root of the sum of squares by Newton's steps."""

from __future__ import annotations

import numpy as np
import onnx_ir as ir

from tfonnx_lab.arithmetic import constants
from tfonnx_lab.graph import EIGHT_BIT, OpBuilder
from tfonnx_lab.handlers.lowering import integer
from tfonnx_lab.handlers.lowering.reduction import reduce
from tfonnx_lab.handlers.lowering.rescale import above_zero, as_codes
from tfonnx_lab.rules.bits import bits_handler, lacking

_D = ir.DataType
_LARGE = 2**29
"""From here on LiteRT divides the sum of squares before it takes the root."""
_OUTPUT_BITS = 7
"""The output's step is 2**-7."""


def _taken(node: ir.Node) -> str:
    """Rows of bytes whose squares add up to less than 2**29."""
    x = node.inputs[0]
    if why := lacking(x, *EIGHT_BIT) or lacking(node.outputs[0], *EIGHT_BIT):
        return why
    length = None if x is None or x.shape is None else list(x.shape)[-1]
    return "" if isinstance(length, int) and length * 255**2 < _LARGE else "its rows are too long, or of unknown length"


@bits_handler("L2_NORMALIZATION", takes=_taken)
def l2_normalization_on_codes(op: OpBuilder, node: ir.Node, x: ir.Value) -> ir.Value:
    """L2_NORMALIZATION{on_codes} => x times one over the root of the sum of squares.

    uint8 is multiplied by 128 before, int8 has so many bits less to shift by. Source: both l2normalization.h.
    """
    above = above_zero(op, x)
    before = 0 if x.dtype == _D.UINT8 else _OUTPUT_BITS
    total = integer.as_type(reduce(op, "ReduceSum", op.Mul(above, above), [-1], True), _D.DOUBLE)
    mantissa, shift = inverse_root(op, total)
    left, right = (
        op.Gather(op.const(2.0 ** np.arange(32)), op.Max(s, op.const(0)), axis=0)
        for s in (op.Sub(op.const(before), shift), op.Sub(shift, op.const(before)))
    )
    fine = op.Mul(above, np.float64(1 << (_OUTPUT_BITS - before)))
    high = integer.high_mul(op, op.Mul(fine, left), mantissa)
    return as_codes(op, integer.rounding_divide(op, high, right), node.outputs[0])


def inverse_root(op: OpBuilder, x: ir.Value) -> tuple[ir.Value, ir.Value]:
    """(mantissa, right shift as int64) of 1 / sqrt(x), x below 2**29. Source: GetInvSqrtQuantizedMultiplierExp."""
    powers = op.const(2.0 ** np.arange(31))
    bits = op.ReduceSum(op.Cast(op.GreaterOrEqual(x, powers), to=_D.INT64), op.const([-1]), keepdims=1)
    pairs = op.Sub(op.Div(op.Sub(op.const(31), bits), op.const(2)), op.const(1))
    shift = op.Sub(op.const(constants.INVERSE_ROOT_SHIFT), pairs)
    given = op.Floor(op.Mul(op.Mul(x, op.Gather(op.const(4.0 ** np.arange(16)), pairs, axis=0)), np.float64(0.5)))
    half = op.Floor(op.Mul(op.Add(given, np.float64(1)), np.float64(0.5)))
    root = op.Add(op.Mul(x, np.float64(0)), np.float64(2.0**28))
    for _ in range(constants.INVERSE_ROOT_STEPS):
        cube = _limited(op, op.Mul(_times(op, _times(op, root, root), root), np.float64(64)))
        step = op.Sub(_times(op, root, op.const(2.0**28 + 2.0**27)), _times(op, half, cube))
        root = _limited(op, op.Mul(step, np.float64(8)))
    mantissa = _times(op, root, op.const(np.float64(constants.HALF_ROOT_OF_TWO)))
    small = op.LessOrEqual(x, np.float64(1))
    negative = op.Less(shift, op.const(0))
    more = op.Gather(op.const(2.0 ** np.arange(32)), op.Max(op.Neg(shift), op.const(0)), axis=0)
    mantissa = op.Where(small, np.float64(2.0**31 - 1), op.Mul(mantissa, more))
    return mantissa, op.Where(op.Or(small, negative), op.const(0), shift)


def _times(op: OpBuilder, a: ir.Value, b: ir.Value) -> ir.Value:
    return integer.high_mul(op, a, b)


def _limited(op: OpBuilder, x: ir.Value) -> ir.Value:
    return integer.clip(op, x, -(2.0**31), 2.0**31 - 1)
