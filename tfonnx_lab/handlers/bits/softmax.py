"""SOFTMAX of 8-bit codes, bit for bit: exponentials by a table, their sum, its reciprocal by Newton's steps."""

from __future__ import annotations

import numpy as np
import onnx_ir as ir

from tfonnx_lab.arithmetic import constants
from tfonnx_lab.arithmetic.fixed_point import rounding_shift
from tfonnx_lab.arithmetic.gemmlowp32 import ONE, exponentials
from tfonnx_lab.graph import EIGHT_BIT, OpBuilder, code_range
from tfonnx_lab.handlers.lowering import integer
from tfonnx_lab.handlers.lowering.reduction import reduce
from tfonnx_lab.rules.bits import bits_handler, lacking

_D = ir.DataType
_SUM_BITS = 12
"""Integer bits of the sum of exponentials."""


def _taken(node: ir.Node) -> str:
    return lacking(node.inputs[0], *EIGHT_BIT) or lacking(node.outputs[0], *EIGHT_BIT, _D.INT16)


@bits_handler("SOFTMAX", takes=_taken)
def softmax_on_codes(op: OpBuilder, node: ir.Node, x: ir.Value, *, beta: float = 0.0) -> ir.Value:
    """SOFTMAX{on_codes} => a table of exponentials, their sum, its reciprocal, in fixed point. Source: softmax.h."""
    out = node.outputs[0]
    assert out.dtype is not None
    low, high = code_range(out.dtype)
    _, exps = exponentials(float(integer.scale_of(x)[0]), float(beta))
    codes = op.Cast(x, to=_D.INT64)
    below = op.Sub(reduce(op, "ReduceMax", codes, [-1], True), codes)
    terms = op.Gather(op.const(rounding_shift(exps, _SUM_BITS).astype(np.float64)), below, axis=0)
    total = integer.as_type(reduce(op, "ReduceSum", terms, [-1], True), _D.DOUBLE)
    inverse, headroom = reciprocal(op, total)
    product = integer.high_mul(op, op.Gather(op.const(exps.astype(np.float64)), below, axis=0), inverse)
    power = op.Div(np.float64(2.0 ** (_SUM_BITS + 31 - (high - low + 1).bit_length() + 1)), headroom)
    steps = integer.rounding_divide(op, product, power)
    return op.like(op.Cast(integer.clip(op, op.Add(steps, np.float64(low)), low, high), to=out.dtype), out)


def reciprocal(op: OpBuilder, total: ir.Value) -> tuple[ir.Value, ir.Value]:
    """(1 / total without integer bits, the power of two that brings the total to 32 bits). Source: GetReciprocal."""
    powers = op.const(np.array([1 << k for k in range(32)], np.int64))
    bits = op.ReduceSum(
        op.Cast(op.GreaterOrEqual(op.Cast(total, to=_D.INT64), powers), to=_D.INT64), op.const([-1]), keepdims=1
    )
    headroom = integer.wide(op, op.Gather(op.const(2.0 ** np.arange(33)), op.Sub(op.const(32), bits), axis=0))
    fraction = op.Sub(op.Mul(total, headroom), np.float64(2.0**31))
    return one_over_one_plus(op, fraction), headroom


def one_over_one_plus(op: OpBuilder, x: ir.Value) -> ir.Value:
    """1 / (1 + x) for x from 0 to 1 without integer bits, by three steps of Newton's division. Source: gemmlowp."""
    half = op.Floor(op.Mul(op.Add(x, np.float64(ONE + 1)), np.float64(0.5)))
    guess = op.Add(
        np.float64(constants.RECIPROCAL_START),
        integer.high_mul(op, half, op.const(np.float64(constants.RECIPROCAL_SLOPE))),
    )
    for _ in range(constants.RECIPROCAL_STEPS):
        error = op.Sub(np.float64(2.0**29), integer.high_mul(op, half, guess))
        step = op.Mul(integer.high_mul(op, guess, error), np.float64(4))
        guess = op.Add(guess, integer.clip(op, step, -(2.0**31), 2.0**31 - 1))
    return integer.clip(op, op.Mul(guess, np.float64(2)), -(2.0**31), 2.0**31 - 1)
