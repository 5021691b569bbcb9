"""Unary arithmetic.

Ops: ABS, CEIL, COS, EXP, FLOOR, LOG, NEG, ROUND, RSQRT, SIGN, SIN, SQRT, SQUARE, STABLEHLO_ABS, STABLEHLO_CBRT,
STABLEHLO_COSINE, STABLEHLO_EXPONENTIAL, STABLEHLO_FLOOR, STABLEHLO_LOG, STABLEHLO_NEGATE, STABLEHLO_RSQRT.
"""

from __future__ import annotations

import numpy as np
import onnx_ir as ir

from tfonnx_lab.graph import OpBuilder
from tfonnx_lab.handlers.lowering.numeric import widened
from tfonnx_lab.rules import handler

_D = ir.DataType


@handler("ABS", "STABLEHLO_ABS")
def abs_(op: OpBuilder, node: ir.Node, x: ir.Value) -> ir.Value:
    """ABS => Abs. Source: elementwise.cc."""
    return widened(op, op.Abs, x)


@handler("NEG", "STABLEHLO_NEGATE")
def neg(op: OpBuilder, node: ir.Node, x: ir.Value) -> ir.Value:
    """NEG => Neg. Source: neg.h."""
    return widened(op, op.Neg, x)


@handler("SIGN")
def sign(op: OpBuilder, node: ir.Node, x: ir.Value) -> ir.Value:
    """SIGN => Sign; NaN stays NaN. Source: sign.cc."""
    if x.dtype not in (_D.FLOAT, _D.DOUBLE):
        return widened(op, op.Sign, x)
    return op.Where(op.IsNaN(x), x, op.Sign(x))


@handler("SQRT")
def sqrt(op: OpBuilder, node: ir.Node, x: ir.Value) -> ir.Value:
    """SQRT => Sqrt. Source: elementwise.cc."""
    return widened(op, op.Sqrt, x)


@handler("RSQRT", "STABLEHLO_RSQRT")
def rsqrt(op: OpBuilder, node: ir.Node, x: ir.Value) -> ir.Value:
    """RSQRT => Reciprocal(Sqrt). Source: elementwise.cc."""
    return widened(op, lambda v: op.Reciprocal(op.Sqrt(v)), x)


@handler("SQUARE")
def square(op: OpBuilder, node: ir.Node, x: ir.Value) -> ir.Value:
    """SQUARE(x) => Mul(x, x). Source: elementwise.cc."""
    return widened(op, lambda v: op.Mul(v, v), x)


@handler("EXP", "STABLEHLO_EXPONENTIAL")
def exp(op: OpBuilder, node: ir.Node, x: ir.Value) -> ir.Value:
    """EXP => Exp; with exact="bits" in float64, since LiteRT's is rounded from one. Source: exp.h."""
    if op.options.bits and x.dtype == _D.FLOAT:
        return op.Cast(op.Exp(op.Cast(x, to=_D.DOUBLE)), to=_D.FLOAT)
    return widened(op, op.Exp, x)


@handler("LOG", "STABLEHLO_LOG")
def log(op: OpBuilder, node: ir.Node, x: ir.Value) -> ir.Value:
    """LOG => Log. Source: elementwise.cc."""
    return widened(op, op.Log, x)


@handler("SIN")
def sin(op: OpBuilder, node: ir.Node, x: ir.Value) -> ir.Value:
    """SIN => Sin. Source: elementwise.cc."""
    return widened(op, op.Sin, x)


@handler("COS", "STABLEHLO_COSINE")
def cos(op: OpBuilder, node: ir.Node, x: ir.Value) -> ir.Value:
    """COS => Cos. Source: elementwise.cc."""
    return widened(op, op.Cos, x)


@handler("CEIL")
def ceil(op: OpBuilder, node: ir.Node, x: ir.Value) -> ir.Value:
    """CEIL => Ceil. Source: ceil.h."""
    return widened(op, op.Ceil, x)


@handler("FLOOR", "STABLEHLO_FLOOR")
def floor(op: OpBuilder, node: ir.Node, x: ir.Value) -> ir.Value:
    """FLOOR => Floor. Source: floor.h."""
    return widened(op, op.Floor, x)


@handler("ROUND")
def round_(op: OpBuilder, node: ir.Node, x: ir.Value) -> ir.Value:
    """ROUND => Round, halves to even on both sides. Source: round.h."""
    return widened(op, op.Round, x)


@handler("STABLEHLO_CBRT")
def cbrt(op: OpBuilder, node: ir.Node, x: ir.Value) -> ir.Value:
    """STABLEHLO_CBRT(x) => Sign(x) * Pow(Abs(x), 1 / 3). Source: stablehlo_elementwise.cc."""
    return widened(op, lambda v: op.Mul(op.Sign(v), op.Pow(op.Abs(v), np.float32(1 / 3))), x)
