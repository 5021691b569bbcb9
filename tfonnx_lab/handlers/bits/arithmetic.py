"""Sums, differences, products and magnitudes of codes, bit for bit.

Ops: ABS, ADD, MUL, PRELU, SQUARED_DIFFERENCE, SUB.
"""

from __future__ import annotations

import numpy as np
import onnx_ir as ir

from tfonnx_lab.graph import EIGHT_BIT, OpBuilder
from tfonnx_lab.handlers.lowering import integer
from tfonnx_lab.handlers.lowering.rescale import above_zero, as_codes, reach_of, rescaled
from tfonnx_lab.rules.bits import bits_handler, codes_of, lacking

_D = ir.DataType
F = np.float32
_FAR_BYTE = 512
"""What is clipped to 8 bits may be anything beyond this."""


def _alike(node: ir.Node) -> str:
    """Two inputs and an output of codes of one dtype."""
    values = (*node.inputs[:2], node.outputs[0])
    if why := next((y for v in values if (y := lacking(v, *EIGHT_BIT, _D.INT16))), ""):
        return why
    if len({v.dtype for v in values if v is not None}) > 1:
        return "its inputs and its output have several dtypes"
    return ""


def _by_shifts(*values: ir.Value) -> bool:
    """Whether the scales are all powers of two, for which LiteRT has an older kernel of 16-bit codes."""
    return all(v.dtype == _D.INT16 and np.frexp(integer.scale_of(v)[0])[0] == 0.5 for v in values)


def _of_bytes(node: ir.Node) -> str:
    values = (*node.inputs[:2], node.outputs[0])
    return next((y for v in values if (y := lacking(v, *EIGHT_BIT))), "")


@bits_handler("ADD", "SUB", takes=_alike)
def add_or_sub_on_codes(
    op: OpBuilder, node: ir.Node, a: ir.Value, b: ir.Value, *, pot_scale_int16: bool = True
) -> ir.Value:
    """ADD{on_codes} => both inputs at twice the larger scale, with 20 more bits (of 16: 15); their sum, rescaled.

    Source: AddFunc in integer_ops/add.h, sub.h, and their Prepare.
    """
    left = 15 if a.dtype == _D.INT16 else 20
    out = node.outputs[0]
    if pot_scale_int16 and _by_shifts(a, b, out):
        scaled = [_shifted(op, x, out) for x in (a, b)]
        return as_codes(op, op.Sub(*scaled) if node.op_type == "SUB" else op.Add(*scaled), out)
    first, second, _ = _raised(op, a, b, left)
    total = op.Sub(first, second) if node.op_type == "SUB" else op.Add(first, second)
    twice = 2.0 * float(max(integer.scale_of(v)[0] for v in (a, b)))
    real = twice / float(F(1 << left) * F(integer.scale_of(out)[0]))
    return rescaled(op, total, [real], out, (reach_of(a) + reach_of(b)) * 2.0 ** (left - 1) + 2)


def _shifted(op: OpBuilder, x: ir.Value, out: ir.Value) -> ir.Value:
    """16-bit codes at the output's scale, where both scales are powers of two and the output's is no smaller."""
    by = int(np.log2(integer.scale_of(out)[0])) - int(np.log2(integer.scale_of(x)[0]))
    return integer.rounding_shift(op, integer.wide(op, x), by)


def _raised(op: OpBuilder, a: ir.Value, b: ir.Value, left: int) -> tuple[ir.Value, ir.Value, float]:
    """Both inputs above zero, at twice the larger scale, with that many more bits; and that scale."""
    twice = 2.0 * float(max(integer.scale_of(v)[0] for v in (a, b)))
    found = []
    for x in (a, b):
        shifted = op.Mul(above_zero(op, x), np.float64(1 << left))
        real = float(integer.scale_of(x)[0]) / twice
        found.append(integer.multiply(op, shifted, [real], most=float(reach_of(x) << left)))
    return found[0], found[1], twice


@bits_handler("SQUARED_DIFFERENCE", takes=lambda node: _alike(node) or lacking(node.inputs[0], _D.INT8))
def squared_difference_on_codes(op: OpBuilder, node: ir.Node, a: ir.Value, b: ir.Value) -> ir.Value:
    """SQUARED_DIFFERENCE{on_codes} => the difference with 7 more bits, squared. Source: squared_difference.cc."""
    left, out = 7, node.outputs[0]
    first, second, twice = _raised(op, a, b, left)
    difference = op.Sub(first, second)
    real = twice * twice / float(F(1 << (2 * left)) * F(integer.scale_of(out)[0]))
    most = (float(reach_of(a) + reach_of(b)) * 2.0 ** (left - 1) + 2) ** 2
    return rescaled(op, op.Mul(difference, difference), [real], out, most)


@bits_handler("MUL", takes=_alike)
def mul_on_codes(op: OpBuilder, node: ir.Node, a: ir.Value, b: ir.Value) -> ir.Value:
    """MUL{on_codes} => the product of what is above zero, rescaled. Source: MulElementwise in integer_ops/mul.h."""
    out = node.outputs[0]
    (first, _), (second, _), (target, _) = (integer.scale_of(v) for v in (a, b, out))
    product = op.Mul(above_zero(op, a), above_zero(op, b))
    return rescaled(op, product, [float(F(first) * F(second) / F(target))], out, float(reach_of(a) * reach_of(b)))


@bits_handler("PRELU", takes=_of_bytes)
def prelu_on_codes(op: OpBuilder, node: ir.Node, x: ir.Value, alpha: ir.Value) -> ir.Value:
    """PRELU{on_codes} => x, or below zero x times alpha, each rescaled by its own multiplier. Source: prelu.h."""
    out = node.outputs[0]
    (source, _), (slope, _), (target, _) = (integer.scale_of(v) for v in (x, alpha, out))
    above, slopes = above_zero(op, x), above_zero(op, alpha)
    product = op.Mul(above, slopes)
    kept = integer.multiply(op, above, [float(F(source) / F(target))], most=reach_of(x), limit=_FAR_BYTE)
    most = float(reach_of(x) * reach_of(alpha))
    bent = integer.multiply(op, product, [float(F(source) * F(slope) / F(target))], most=most, limit=_FAR_BYTE)
    return as_codes(op, op.Where(op.GreaterOrEqual(above, np.float64(0)), kept, bent), out)


@bits_handler("ABS", takes=codes_of(_D.INT16))
def abs_on_codes(op: OpBuilder, node: ir.Node, x: ir.Value) -> ir.Value:
    """ABS{on_codes} of 16 bits => the magnitude, rescaled (8 bits are a table). Source: elementwise.cc."""
    out = node.outputs[0]
    (source, _), (target, _) = integer.scale_of(x), integer.scale_of(out)
    return rescaled(op, op.Abs(above_zero(op, x)), [float(F(source) / F(target))], out, float(reach_of(x)))
