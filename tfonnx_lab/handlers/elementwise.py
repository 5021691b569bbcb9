"""Binary arithmetic: ADD SUB MUL DIV ADD_N POW MAXIMUM MINIMUM SQUARED_DIFFERENCE FLOOR_DIV FLOOR_MOD ATAN2."""

from __future__ import annotations

import numpy as np
import onnx_ir as ir

from tfonnx_lab.graph import OpBuilder
from tfonnx_lab.handlers._numeric import is_complex, is_float, number, unwrap, widened
from tfonnx_lab.rules import handler


@handler("ADD", "STABLEHLO_ADD")
def add(op: OpBuilder, node: ir.Node, a: ir.Value, b: ir.Value) -> ir.Value:
    """ADD => Add. Source: add.h."""
    return widened(op, op.Add, a, b)


@handler("SUB", "STABLEHLO_SUBTRACT")
def sub(op: OpBuilder, node: ir.Node, a: ir.Value, b: ir.Value) -> ir.Value:
    """SUB => Sub. Source: sub.h."""
    return widened(op, op.Sub, a, b)


@handler("MUL", "STABLEHLO_MULTIPLY")
def mul(op: OpBuilder, node: ir.Node, a: ir.Value, b: ir.Value) -> ir.Value:
    """MUL => Mul; of complex numbers => their products by parts. Source: mul.h."""
    if not is_complex(node.outputs[0]):
        return widened(op, op.Mul, a, b)
    (ar, ai), (br, bi) = ((unwrap(x, op, 0), unwrap(x, op, 1)) for x in (a, b))
    real = op.Sub(op.Mul(ar, br), op.Mul(ai, bi))
    imaginary = op.Add(op.Mul(ar, bi), op.Mul(ai, br))
    last = op.const([-1])
    return op.Concat(op.Unsqueeze(real, last), op.Unsqueeze(imaginary, last), axis=-1)


@handler("DIV", "STABLEHLO_DIVIDE")
def div(op: OpBuilder, node: ir.Node, a: ir.Value, b: ir.Value) -> ir.Value:
    """DIV => Div; integers are truncated towards zero on both sides. Source: div.cc."""
    return widened(op, op.Div, a, b)


@handler("ADD_N")
def add_n(op: OpBuilder, node: ir.Node, *xs: ir.Value) -> ir.Value:
    """ADD_N(a, b, c) => Add(Add(a, b), c), in the order that LiteRT adds in. Source: add_n.cc."""
    total = xs[0]
    for x in xs[1:]:
        total = widened(op, op.Add, total, x)
    return total


@handler("POW", "STABLEHLO_POWER")
def pow_(op: OpBuilder, node: ir.Node, a: ir.Value, b: ir.Value) -> ir.Value:
    """POW => Pow. Source: pow.cc."""
    return widened(op, op.Pow, a, b)


@handler("MAXIMUM", "STABLEHLO_MAXIMUM")
def maximum(op: OpBuilder, node: ir.Node, a: ir.Value, b: ir.Value) -> ir.Value:
    """MAXIMUM(a, b) => Where(a > b, a, b), which has LiteRT's answer for NaN; integers => Max. Source: maximum_minimum.cc."""
    if is_float(a) and a.dtype != ir.DataType.FLOAT16:
        return op.Max(a, b) if _same_for_nan(a, b) else op.Where(op.Greater(a, b), a, b)
    return widened(op, op.Max, a, b)


@handler("MINIMUM", "STABLEHLO_MINIMUM")
def minimum(op: OpBuilder, node: ir.Node, a: ir.Value, b: ir.Value) -> ir.Value:
    """MINIMUM(a, b) => Where(a < b, a, b), which has LiteRT's answer for NaN; integers => Min. Source: maximum_minimum.cc."""
    if is_float(a) and a.dtype != ir.DataType.FLOAT16:
        return op.Min(a, b) if _same_for_nan(a, b) else op.Where(op.Less(a, b), a, b)
    return widened(op, op.Min, a, b)


def _same_for_nan(a: ir.Value, b: ir.Value) -> bool:
    """Codes that were dequantized are never NaN, so the faster Max and Min are right."""
    return all(v.producer() is not None and v.producer().op_type == "DequantizeLinear" for v in (a, b))  # type: ignore[union-attr]


@handler("SQUARED_DIFFERENCE")
def squared_difference(op: OpBuilder, node: ir.Node, a: ir.Value, b: ir.Value) -> ir.Value:
    """SQUARED_DIFFERENCE(a, b) => Mul(a - b, a - b). Source: squared_difference.cc."""
    difference = widened(op, op.Sub, a, b)
    return widened(op, op.Mul, difference, difference)


@handler("FLOOR_DIV")
def floor_div(op: OpBuilder, node: ir.Node, a: ir.Value, b: ir.Value) -> ir.Value:
    """FLOOR_DIV => Floor(Div); of integers => Div(a - Mod(a, b), b), which rounds down. Source: floor_div.cc."""
    if is_float(a):
        return op.Floor(op.Div(a, b))
    return widened(op, lambda x, y: op.Div(op.Sub(x, op.Mod(x, y)), y), a, b)


@handler("FLOOR_MOD")
def floor_mod(op: OpBuilder, node: ir.Node, a: ir.Value, b: ir.Value) -> ir.Value:
    """FLOOR_MOD => Mod with the divisor's sign. Source: floor_mod.cc."""
    if not is_float(a):
        return widened(op, op.Mod, a, b)
    rest = op.Mod(a, b, fmod=1)
    zero = number(0, a)
    other_sign = op.Not(op.Equal(op.Less(b, zero), op.Less(rest, zero)))
    return op.Where(op.And(op.Not(op.Equal(rest, zero)), other_sign), op.Add(rest, b), rest)


@handler("STABLEHLO_REMAINDER")
def remainder(op: OpBuilder, node: ir.Node, a: ir.Value, b: ir.Value) -> ir.Value:
    """STABLEHLO_REMAINDER => Mod with the dividend's sign. Source: stablehlo_elementwise.cc."""
    return widened(op, lambda x, y: op.Mod(x, y, fmod=1), a, b)


@handler("ATAN2")
def atan2(op: OpBuilder, node: ir.Node, y: ir.Value, x: ir.Value) -> ir.Value:
    """ATAN2(y, x) => Atan(y / x), moved by pi where x < 0. Source: atan2.cc."""
    if x.dtype != ir.DataType.FLOAT:  # ONNX Runtime has no Atan of double
        return op.Cast(atan2(op, node, op.Cast(y, to=ir.DataType.FLOAT), op.Cast(x, to=ir.DataType.FLOAT)), to=x.dtype)
    zero, pi = number(0, x), number(np.pi, x)
    angle = op.Atan(op.Div(y, x))
    negative = op.Or(op.Less(y, zero), op.Less(op.Reciprocal(y), zero))  # a negative zero counts
    moved = op.Where(negative, op.Sub(angle, pi), op.Add(angle, pi))
    angle = op.Where(op.Less(x, zero), moved, angle)
    both_zero = op.And(op.Equal(x, zero), op.Equal(y, zero))
    on_axis = op.Where(op.Less(op.Reciprocal(x), zero), op.Where(negative, number(-np.pi, x), pi), y)
    angle = op.Where(both_zero, on_axis, angle)
    # infinity over infinity is a quarter of pi, three quarters on the left
    both_infinite = op.And(op.IsInf(x), op.IsInf(y))
    corner = op.Where(op.Less(x, zero), number(3 * np.pi / 4, x), number(np.pi / 4, x))
    return op.Where(both_infinite, op.Mul(op.Sign(y), corner), angle)
