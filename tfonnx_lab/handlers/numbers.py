"""Ops on numbers with rules of their own: FAKE_QUANT BUCKETIZE RIGHT_SHIFT BITWISE_XOR REAL IMAG COMPLEX_ABS."""

from __future__ import annotations

import numpy as np
import onnx_ir as ir

from tfonnx_lab.graph import OpBuilder, attr
from tfonnx_lab.handlers._bits import bitwise
from tfonnx_lab.handlers._numeric import cast, unwrap
from tfonnx_lab.rules import handler

_D = ir.DataType


@handler("FAKE_QUANT")
def fake_quant(op: OpBuilder, node: ir.Node, x: ir.Value) -> ir.Value:
    """FAKE_QUANT{min, max, bits} => Clip, then rounding to steps of the nudged range. Source: fakequant_core."""
    low, high = np.float32(attr(node, "min", 0.0)), np.float32(attr(node, "max", 0.0))
    first = 1 if attr(node, "narrow_range", False) else 0
    last = 2 ** int(attr(node, "num_bits", 8)) - 1
    scale = np.float32((high - low) / np.float32(last - first))
    start = np.float32(first) - low / scale
    zero = np.float32(np.clip(np.floor(start + np.float32(0.5)), first, last))
    nudged_low, nudged_high = (np.float32(first) - zero) * scale, (np.float32(last) - zero) * scale
    inside = op.Clip(x, np.float32(nudged_low), np.float32(nudged_high))
    steps = op.Floor(op.Add(op.Div(op.Sub(inside, np.float32(nudged_low)), scale), np.float32(0.5)))
    return op.Add(op.Mul(steps, scale), np.float32(nudged_low))


@handler("BUCKETIZE")
def bucketize(op: OpBuilder, node: ir.Node, x: ir.Value) -> ir.Value:
    """BUCKETIZE{boundaries}(x) => how many boundaries are at most x. Source: bucketize.cc."""
    bounds = np.array(attr(node, "boundaries", ()), np.float32)
    wide = x if x.dtype == _D.FLOAT else op.Cast(x, to=_D.DOUBLE)
    limits = bounds.astype(np.float32 if x.dtype == _D.FLOAT else np.float64)
    reached = op.GreaterOrEqual(op.Unsqueeze(wide, op.const([-1])), op.const(limits))
    return op.ReduceSum(op.Cast(reached, to=_D.INT32), op.const([-1]), keepdims=0)


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
    """STABLEHLO_SHIFT_LEFT(x, n) => x * 2**n, without the bits that fall out. Source: stablehlo_shift_left.cc."""
    place = op.Cast(by, to=_D.INT64)
    fits = op.And(op.GreaterOrEqual(place, op.const(0)), op.Less(place, op.const(32)))
    powers = op.const(np.array([1 << i for i in range(32)] + [0], np.int64))
    power = op.Gather(powers, op.Where(fits, place, op.const(32)), axis=0)
    return cast(op, op.Mul(cast(op, x, _D.INT64), power), x.dtype)


@handler("BITWISE_XOR")
def bitwise_xor(op: OpBuilder, node: ir.Node, a: ir.Value, b: ir.Value) -> ir.Value:
    """BITWISE_XOR => BitwiseXor; below opset 18 bit by bit; of bools => Xor. Source: bitwise_xor.cc."""
    return bitwise(op, "Xor", a, b)


@handler("COMPLEX")
def complex_(op: OpBuilder, node: ir.Node, real: ir.Value, imaginary: ir.Value) -> ir.Value:
    """COMPLEX(real, imaginary) => pairs in a new last dimension. A made-up op: the parts of a complex tensor."""
    return op.Concat(*(op.Unsqueeze(part, op.const([-1])) for part in (real, imaginary)), axis=-1)


@handler("REAL")
def real(op: OpBuilder, node: ir.Node, x: ir.Value) -> ir.Value:
    """REAL => the first of each pair. Source: complex_support.cc."""
    return unwrap(x, op, 0)


@handler("IMAG")
def imag(op: OpBuilder, node: ir.Node, x: ir.Value) -> ir.Value:
    """IMAG => the second of each pair. Source: complex_support.cc."""
    return unwrap(x, op, 1)


@handler("COMPLEX_ABS")
def complex_abs(op: OpBuilder, node: ir.Node, x: ir.Value) -> ir.Value:
    """COMPLEX_ABS => Sqrt of the sum of squares of each pair. Source: complex_support.cc."""
    return op.Sqrt(op.ReduceSum(op.Mul(x, x), op.const([-1]), keepdims=0))
