"""Binary arithmetic.

Ops: ADD, ADD_N, ATAN2, DIV, FLOOR_DIV, FLOOR_MOD, MAXIMUM, MINIMUM, MUL, POW, SQUARED_DIFFERENCE, STABLEHLO_ADD,
STABLEHLO_DIVIDE, STABLEHLO_MAXIMUM, STABLEHLO_MINIMUM, STABLEHLO_MULTIPLY, STABLEHLO_POWER, STABLEHLO_REMAINDER,
STABLEHLO_SUBTRACT, SUB.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import onnx_ir as ir

from tfonnx_lab.graph import OpBuilder, constant_array, is_quantized, quantization
from tfonnx_lab.graph.meta import FROM_TENSORFLOW
from tfonnx_lab.handlers.lowering.divide import quotient_of_codes
from tfonnx_lab.handlers.lowering.numeric import is_complex, is_float, number, unwrap, widened
from tfonnx_lab.handlers.quantize import dequantize_linear, quantize_linear
from tfonnx_lab.rules import handler


def finite(op: OpBuilder, y: ir.Value, *inputs: ir.Value, sure: bool = False) -> ir.Value:
    """y with infinities made the largest numbers, as LiteRT's range of no activation has it (kernel_util.h).

    A Clip behind every sum would cost time for what models do not meet: it is written where infinity comes easily (a
    division, a constant that is infinite), and with `exact` everywhere. TensorFlow keeps infinities: nothing is written
    where the conversion began with a model of it.
    """
    if op.editor.model.meta.get(FROM_TENSORFLOW) and not op.options.exact:
        return y
    if y.dtype != ir.DataType.FLOAT or all(is_dequantized(v) for v in inputs):
        return y
    known = [c for c in map(constant_array, inputs) if c is not None]
    if not (sure or op.options.exact or any(np.isinf(c).any() for c in known)):
        return y
    limit = np.float32(np.finfo(np.float32).max)
    return op.Clip(y, -limit, limit)


def is_dequantized(x: ir.Value) -> bool:
    """Whether the value was dequantized, so it is neither infinite nor NaN."""
    maker = x.producer()
    return maker is not None and maker.op_type in ("DequantizeLinear", "DEQUANTIZE")


@handler("ADD", "STABLEHLO_ADD")
def add(op: OpBuilder, node: ir.Node, a: ir.Value, b: ir.Value) -> ir.Value:
    """ADD => Add.

    Beyond 3.4e38 it is infinity, as in XNNPACK; LiteRT's reference, and exact=True, have 3.4e38 (docs/limits.md).
    Source: add.h.
    """
    return finite(op, widened(op, op.Add, a, b), a, b)


@handler("SUB", "STABLEHLO_SUBTRACT")
def sub(op: OpBuilder, node: ir.Node, a: ir.Value, b: ir.Value) -> ir.Value:
    """SUB => Sub.

    Beyond 3.4e38 it is infinity, as in XNNPACK; LiteRT's reference, and exact=True, have 3.4e38 (docs/limits.md).
    Source: sub.h.
    """
    return finite(op, widened(op, op.Sub, a, b), a, b)


@handler("MUL", "STABLEHLO_MULTIPLY")
def mul(op: OpBuilder, node: ir.Node, a: ir.Value, b: ir.Value) -> ir.Value:
    """MUL => Mul; of complex numbers => their products by parts.

    Beyond 3.4e38 it is infinity, as in XNNPACK; LiteRT's reference, and exact=True, have 3.4e38 (docs/limits.md).
    Source: mul.h.
    """
    if not is_complex(node.outputs[0]):
        return finite(op, widened(op, op.Mul, a, b), a, b)
    (ar, ai), (br, bi) = ((unwrap(x, op, 0), unwrap(x, op, 1)) for x in (a, b))
    parts = op.Sub(op.Mul(ar, br), op.Mul(ai, bi)), op.Add(op.Mul(ar, bi), op.Mul(ai, br))
    return op.Concat(*(op.Unsqueeze(part, op.const([-1])) for part in parts), axis=-1)


@handler("DIV", "STABLEHLO_DIVIDE")
def div(op: OpBuilder, node: ir.Node, a: ir.Value, b: ir.Value) -> ir.Value:
    """DIV => Div; integers are truncated towards zero on both sides; 8-bit codes => Gather from a table.

    Source: div.cc.
    """
    if is_quantized(a) and a.dtype in (ir.DataType.INT8, ir.DataType.UINT8):
        return quotient_of_codes(op, node, a, b)
    divisor = constant_array(b)
    some_zero = not is_dequantized(b) and (divisor is None or not divisor.all())
    return finite(op, widened(op, op.Div, a, b), a, b, sure=some_zero)


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
    """MAXIMUM => Max; of floats with `exact` Where(a > b, a, b), which has LiteRT's answer for NaN.

    Source: maximum_minimum.cc.
    """
    if op.options.static:
        return _for_accelerators(op, node, op.Max, a, b)
    if not op.options.exact or not is_float(a) or _same_for_nan(a, b):
        return widened(op, op.Max, a, b)
    return widened(op, lambda x, y: op.Where(op.Greater(x, y), x, y), a, b)


@handler("MINIMUM", "STABLEHLO_MINIMUM")
def minimum(op: OpBuilder, node: ir.Node, a: ir.Value, b: ir.Value) -> ir.Value:
    """MINIMUM => Min; of floats with `exact` Where(a < b, a, b), which has LiteRT's answer for NaN.

    Source: maximum_minimum.cc.
    """
    if op.options.static:
        return _for_accelerators(op, node, op.Min, a, b)
    if not op.options.exact or not is_float(a) or _same_for_nan(a, b):
        return widened(op, op.Min, a, b)
    return widened(op, lambda x, y: op.Where(op.Less(x, y), x, y), a, b)


def _for_accelerators(
    op: OpBuilder, node: ir.Node, pick: Callable[..., ir.Value], a: ir.Value, b: ir.Value
) -> ir.Value:
    """Max or Min in float, also of codes: accelerators have no Where and do not compare codes.

    With NaN they answer as they like.
    """
    quant, out = quantization(node.outputs[0]), node.outputs[0]
    same = quant is not None and quant.per_tensor and all(quant.same(quantization(v)) for v in (a, b))
    if quant is None or not same or a.dtype not in (ir.DataType.INT8, ir.DataType.UINT8):
        return widened(op, pick, a, b)
    picked = pick(dequantize_linear(op, a, quant), dequantize_linear(op, b, quant))
    return quantize_linear(op, picked, quant, out.dtype)


def _same_for_nan(a: ir.Value, b: ir.Value) -> bool:
    """Codes that were dequantized are never NaN, so the faster Max and Min are right."""
    return is_dequantized(a) and is_dequantized(b)


@handler("SQUARED_DIFFERENCE")
def squared_difference(op: OpBuilder, node: ir.Node, a: ir.Value, b: ir.Value) -> ir.Value:
    """SQUARED_DIFFERENCE(a, b) => Mul(a - b, a - b). Source: squared_difference.cc."""
    difference = widened(op, op.Sub, a, b)
    return widened(op, op.Mul, difference, difference)


@handler("FLOOR_DIV")
def floor_div(op: OpBuilder, node: ir.Node, a: ir.Value, b: ir.Value) -> ir.Value:
    """FLOOR_DIV => Floor(Div), of int32 in double; of int64 => Div(a - Mod(a, b), b), which rounds down.

    Source: floor_div.cc.
    """
    if is_float(a):
        return op.Floor(op.Div(a, b))
    if (
        a.dtype == ir.DataType.INT32
    ):  # a - Mod(a, b) leaves its range near the limits; a double holds each quotient apart
        wide = [op.Cast(x, to=ir.DataType.DOUBLE) for x in (a, b)]
        return op.Cast(op.Floor(op.Div(*wide)), to=ir.DataType.INT32)
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
    """ATAN2(y, x) => Atan(|y / x|), from pi down on the left, with the sign of y; negative zeros count.

    Source: atan2.cc.
    """
    if x.dtype != ir.DataType.FLOAT:  # ONNX Runtime has no Atan of double
        return op.Cast(atan2(op, node, op.Cast(y, to=ir.DataType.FLOAT), op.Cast(x, to=ir.DataType.FLOAT)), to=x.dtype)
    zero, one = number(0, x), number(1, x)
    left, below = (op.Or(op.Less(v, zero), op.Less(op.Div(one, v), zero)) for v in (x, y))
    across, up = op.Abs(x), op.Abs(y)
    both_infinite = op.And(op.IsInf(x), op.IsInf(y))
    ratio = op.Where(both_infinite, one, op.Div(up, across))
    angle = op.Atan(op.Where(op.Equal(op.Add(up, across), zero), zero, ratio))
    angle = op.Where(left, op.Sub(number(np.pi, x), angle), angle)
    return op.Where(below, op.Neg(angle), angle)
