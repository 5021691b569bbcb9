"""Ops on numbers with rules of their own.

Ops: BITWISE_XOR, BUCKETIZE, COMPLEX, COMPLEX_ABS, FAKE_QUANT, IMAG, REAL.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import onnx_ir as ir

from tfonnx_lab.graph import OpBuilder
from tfonnx_lab.handlers.lowering.bits import bitwise
from tfonnx_lab.handlers.lowering.numeric import unwrap
from tfonnx_lab.rules import handler

_D = ir.DataType


@handler("FAKE_QUANT")
def fake_quant(
    op: OpBuilder, node: ir.Node, x: ir.Value, *, min: float = 0.0, max: float = 0.0, num_bits: int,  # noqa: A002
    narrow_range: bool = False,
) -> ir.Value:  # fmt: skip
    """FAKE_QUANT{min, max, bits} => Clip, then rounding to steps of the nudged range. Source: fakequant_core."""
    low, high = np.float32(min), np.float32(max)
    first = int(narrow_range)
    last = 2**num_bits - 1
    scale = np.float32((high - low) / np.float32(last - first))
    start = np.float32(first) - low / scale
    zero = np.float32(np.clip(np.floor(start + np.float32(0.5)), first, last))
    nudged_low, nudged_high = (np.float32(first) - zero) * scale, (np.float32(last) - zero) * scale
    inside = op.Clip(x, np.float32(nudged_low), np.float32(nudged_high))
    steps = op.Floor(op.Add(op.Div(op.Sub(inside, np.float32(nudged_low)), scale), np.float32(0.5)))
    return op.Add(op.Mul(steps, scale), np.float32(nudged_low))


@handler("BUCKETIZE")
def bucketize(op: OpBuilder, node: ir.Node, x: ir.Value, *, boundaries: Sequence[float] = ()) -> ir.Value:
    """BUCKETIZE{boundaries}(x) => how many boundaries are at most x. Source: bucketize.cc."""
    bounds = np.array(boundaries, np.float32)
    wide = x if x.dtype == _D.FLOAT else op.Cast(x, to=_D.DOUBLE)
    limits = bounds.astype(np.float32 if x.dtype == _D.FLOAT else np.float64)
    reached = op.GreaterOrEqual(op.Unsqueeze(wide, op.const([-1])), op.const(limits))
    return op.ReduceSum(op.Cast(reached, to=_D.INT32), op.const([-1]), keepdims=0)


@handler("BITWISE_XOR")
def bitwise_xor(op: OpBuilder, node: ir.Node, a: ir.Value, b: ir.Value) -> ir.Value:
    """BITWISE_XOR => BitwiseXor; below opset 18 bit by bit; of bools => Xor. Source: bitwise_xor.cc."""
    return bitwise(op, "Xor", a, b)


@handler("COMPLEX")
def complex_(op: OpBuilder, node: ir.Node, real: ir.Value, imaginary: ir.Value) -> ir.Value:
    """COMPLEX(real, imaginary) => pairs in a new last dimension."""
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
