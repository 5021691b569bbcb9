"""Complex numbers, which are pairs in a last axis.

Ops: FlexAngle, FlexComplex, FlexConj, FlexConjugateTranspose.
"""

from __future__ import annotations

import numpy as np
import onnx_ir as ir

from tfonnx_lab.errors import Unsupported
from tfonnx_lab.graph import OpBuilder
from tfonnx_lab.handlers.lowering.numeric import is_complex, number
from tfonnx_lab.handlers.lowering.shape import ints
from tfonnx_lab.handlers.lowering.spectrum import Complex
from tfonnx_lab.rules import handler


@handler("FlexComplex")
def complex_(op: OpBuilder, node: ir.Node, real: ir.Value, imaginary: ir.Value) -> ir.Value:
    """FlexComplex(a, b) => Concat(a, b) along a new last axis; a and b broadcast."""
    zero = number(0, real)
    a, b = op.Add(real, op.Mul(imaginary, zero)), op.Add(imaginary, op.Mul(real, zero))
    if real.shape is not None and imaginary.shape is not None and list(real.shape) == list(imaginary.shape):
        a, b = real, imaginary
    return Complex(a, b).pairs(op)


@handler("FlexConj")
def conj(op: OpBuilder, node: ir.Node, x: ir.Value) -> ir.Value:
    """FlexConj(x) => x times (1, -1); real numbers are their own."""
    return op.Mul(x, op.const(np.array([1, -1], number(0, x).dtype))) if is_complex(x) else op.Identity(x)


@handler("FlexAngle")
def angle(op: OpBuilder, node: ir.Node, x: ir.Value) -> ir.Value:
    """FlexAngle(x) => ATAN2(imaginary, real)."""
    if not is_complex(x):
        pi, zero = number(np.pi, x), number(0, x)
        return op.Where(op.Less(x, zero), pi, zero)
    parts = Complex.of(op, x)
    return op.tfl.ATAN2(parts.imaginary, parts.real)


@handler("FlexConjugateTranspose")
def conjugate_transpose(op: OpBuilder, node: ir.Node, x: ir.Value, perm: ir.Value) -> ir.Value:
    """FlexConjugateTranspose(x, perm) => Transpose, the pairs staying last, times (1, -1)."""
    order = ints(perm)
    if order is None:
        raise Unsupported("its permutation is computed; ONNX needs it to be constant")
    if not is_complex(x):
        return op.Transpose(x, perm=order)
    turned = op.Transpose(x, perm=[*order, len(order)])
    return op.Mul(turned, op.const(np.array([1, -1], number(0, x).dtype)))
