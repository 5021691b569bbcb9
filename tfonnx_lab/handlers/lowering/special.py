"""Special functions that ONNX does not have, as polynomials and series."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import onnx_ir as ir

from tfonnx_lab.graph import OpBuilder
from tfonnx_lab.handlers.lowering.numeric import cast

_D = ir.DataType
_CENTRAL = [2.81022636e-08, 3.43273939e-07, -3.5233877e-06, -4.39150654e-06, 0.00021858087, -0.00125372503,
            -0.00417768164, 0.246640727, 1.50140941]  # fmt: skip
_TAIL = [-0.000200214257, 0.000100950558, 0.00134934322, -0.00367342844, 0.00573950773, -0.0076224613, 0.00943887047,
         1.00167406, 2.83297682]  # fmt: skip
_BERNOULLI = [1 / 12, -1 / 120, 1 / 252, -1 / 240, 1 / 132]
_SHIFTS = 8


def polynomial(op: OpBuilder, x: ir.Value, coefficients: Sequence[float]) -> ir.Value:
    """The polynomial with these coefficients, that of the highest power first, by Horner's rule."""
    kind = np.float64 if x.dtype == _D.DOUBLE else np.float32
    made = op.const(kind(coefficients[0]))
    for c in coefficients[1:]:
        made = op.Add(op.Mul(made, x), kind(c))
    return made


def erfinv(op: OpBuilder, x: ir.Value) -> ir.Value:
    """The inverse error function of float32 numbers.

    Source: M. Giles, "Approximating the erfinv function" (2010), single precision.
    """
    one = np.float32(1)
    w = op.Neg(op.Log(op.Mul(op.Sub(one, x), op.Add(one, x))))
    central = polynomial(op, op.Sub(w, np.float32(2.5)), _CENTRAL)
    tail = polynomial(op, op.Sub(op.Sqrt(op.Max(w, np.float32(5))), np.float32(3)), _TAIL)
    found = op.Mul(op.Where(op.Less(w, np.float32(5)), central, tail), x)
    return op.Where(op.Equal(op.Abs(x), one), op.Mul(x, np.float32(np.inf)), found)


def digamma(op: OpBuilder, given: ir.Value) -> ir.Value:
    """The logarithmic derivative of gamma, in float64: its series beyond 8, the recurrence below, mirrored below
    1/2."""
    x = cast(op, given, _D.DOUBLE)
    low = op.Less(x, np.float64(0.5))
    z = op.Where(low, op.Sub(np.float64(1), x), x)
    passed = op.Reciprocal(z)
    for k in range(1, _SHIFTS):
        passed = op.Add(passed, op.Reciprocal(op.Add(z, np.float64(k))))
    y = op.Add(z, np.float64(_SHIFTS))
    square = op.Reciprocal(op.Mul(y, y))
    series = op.Mul(polynomial(op, square, _BERNOULLI[::-1]), square)
    psi = op.Sub(op.Sub(op.Sub(op.Log(y), op.Div(np.float64(0.5), y)), series), passed)
    turn = op.Mul(op.Sub(x, op.Floor(x)), np.float64(np.pi))
    mirrored = op.Sub(psi, op.Div(op.Mul(op.Cos(turn), np.float64(np.pi)), op.Sin(turn)))
    pole = op.And(op.LessOrEqual(x, np.float64(0)), op.Equal(x, op.Floor(x)))
    return cast(op, op.Where(pole, np.float64(np.nan), op.Where(low, mirrored, psi)), given.dtype)
