"""Flex (select TensorFlow) ops, element by element. Those that TFLite has too, a rewriter turns into them.

Ops: FlexAcos, FlexAcosh, FlexApproximateEqual, FlexAsin, FlexAsinh, FlexAssert, FlexAtan, FlexAtanh, FlexBitwiseAnd,
FlexBitwiseOr, FlexBucketize, FlexCheckNumerics, FlexClipByValue, FlexCosh, FlexDivNoNan, FlexEnsureShape, FlexErf,
FlexErfc, FlexExpm1, FlexIdentity, FlexIdentityN, FlexInv, FlexInvert, FlexIsFinite, FlexIsInf, FlexIsNan, FlexL2Loss,
FlexLeftShift, FlexLgamma, FlexLog1p, FlexMatrixDeterminant, FlexMod, FlexMulNoNan, FlexNoOp, FlexPreventGradient,
FlexPrintV2, FlexReciprocal, FlexRint, FlexSelu, FlexSinh, FlexSnapshot, FlexSoftplus, FlexSoftsign, FlexStopGradient,
FlexTan, FlexTruncateDiv, FlexTruncateMod, FlexXdivy, FlexXlog1py, FlexXlogy.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import onnx_ir as ir

from tfonnx_lab.graph import OpBuilder
from tfonnx_lab.handlers.lowering.bits import bitwise
from tfonnx_lab.handlers.lowering.numeric import cast, number
from tfonnx_lab.readers.nodedef import NodeDef
from tfonnx_lab.rules import handler

_D = ir.DataType
Lowering = Callable[..., Any]


def _expm1(op: OpBuilder, x: ir.Value) -> ir.Value:
    """tanh(x / 2) (exp(x) + 1), which keeps the digits of small x."""
    return op.Mul(op.Tanh(op.Mul(x, number(0.5, x))), op.Add(op.Exp(x), number(1, x)))


def _log1p(op: OpBuilder, x: ir.Value) -> ir.Value:
    """log(u) x / (u - 1) where u = 1 + x, which takes back the rounding of u; x itself where u is 1."""
    one = number(1, x)
    u = op.Add(x, one)
    kept = op.Mul(op.Log(u), op.Div(x, op.Sub(u, one)))
    large = op.Or(op.IsInf(x), op.LessOrEqual(u, number(0, x)))
    return op.Where(op.Equal(u, one), x, op.Where(large, op.Log(u), kept))


_LANCZOS = [676.5203681218851, -1259.1392167224028, 771.32342877765313, -176.61502916214059, 12.507343278686905,
            -0.13857109526572012, 9.9843695780195716e-6, 1.5056327351493116e-7]  # fmt: skip


def _lgamma(op: OpBuilder, given: ir.Value) -> ir.Value:
    """log |gamma(x)| by Lanczos's series for g = 7, mirrored below 1/2, in float64."""
    x = cast(op, given, _D.DOUBLE)
    low = op.Less(x, np.float64(0.5))
    z = op.Sub(op.Where(low, op.Sub(np.float64(1), x), x), np.float64(1))
    total: Any = np.float64(0.99999999999980993)
    for i, c in enumerate(_LANCZOS):
        total = op.Add(op.Div(np.float64(c), op.Add(z, np.float64(i + 1))), total)
    t = op.Add(z, np.float64(7.5))
    powers = op.Mul(op.Add(z, np.float64(0.5)), op.Log(t))
    plain = op.Add(op.Sub(op.Add(powers, np.float64(0.5 * np.log(2 * np.pi))), t), op.Log(total))
    sine = op.Abs(op.Sin(op.Mul(np.float64(np.pi), op.Sub(x, op.Floor(x)))))
    result = op.Where(low, op.Sub(op.Log(op.Div(np.float64(np.pi), sine)), plain), plain)
    endless = op.Or(
        op.IsInf(cast(op, given, _D.FLOAT)), op.And(op.LessOrEqual(x, np.float64(0)), op.Equal(x, op.Floor(x)))
    )
    return cast(op, op.Where(endless, np.float64(np.inf), result), given.dtype)


UNARY: dict[str, Lowering] = {
    "Softplus": lambda op, x: op.Softplus(x),
    "Softsign": lambda op, x: op.Softsign(x),
    "Selu": lambda op, x: op.Selu(x),
    "Erf": lambda op, x: op.Erf(x),
    "Erfc": lambda op, x: op.Sub(number(1, x), op.Erf(x)),
    "Tan": lambda op, x: op.Tan(x),
    "Asin": lambda op, x: op.Asin(x),
    "Acos": lambda op, x: op.Acos(x),
    "Atan": lambda op, x: op.Atan(x),
    "Sinh": lambda op, x: op.Sinh(x),
    "Cosh": lambda op, x: op.Cosh(x),
    "Asinh": lambda op, x: op.Asinh(x),
    "Acosh": lambda op, x: op.Acosh(x),
    "Atanh": lambda op, x: op.Atanh(x),
    "Expm1": _expm1,
    "Log1p": _log1p,
    "Reciprocal": lambda op, x: op.Reciprocal(x),
    "Inv": lambda op, x: op.Reciprocal(x),
    "IsNan": lambda op, x: op.IsNaN(x),
    "IsInf": lambda op, x: op.IsInf(x),
    "IsFinite": lambda op, x: op.Not(op.Or(op.IsNaN(x), op.IsInf(x))),
    "Rint": lambda op, x: op.Round(x),
    "L2Loss": lambda op, x: op.Mul(op.ReduceSum(op.Mul(x, x), keepdims=0), number(0.5, x)),
    "MatrixDeterminant": lambda op, x: op.Det(x),
}
"""TensorFlow op of one floating-point operand => ONNX."""

_AS_DOUBLE = {"Lgamma": _lgamma}
_AS_FLOAT = frozenset(
    ("Softplus", "Erf", "Erfc", "Selu", "Softsign", "Tan", "Asin", "Acos", "Atan", "Sinh", "Cosh", "Asinh", "Acosh",
    "Atanh", "IsInf", "IsFinite", "Log1p")
)  # fmt: skip
"""Ops for which ONNX Runtime has no kernel of float64."""


@handler(*(f"Flex{name}" for name in (*UNARY, *_AS_DOUBLE)))
def flex_unary(op: OpBuilder, node: ir.Node, x: ir.Value) -> ir.Value:
    """FlexSoftplus(x) => Softplus(x), and so on. Source: TensorFlow's op definitions."""
    name = node.op_type.removeprefix("Flex")
    if name in _AS_DOUBLE:
        return _AS_DOUBLE[name](op, x)
    narrow = x.dtype in (_D.FLOAT16, _D.BFLOAT16) or (x.dtype == _D.DOUBLE and name in _AS_FLOAT)
    y: ir.Value = UNARY[name](op, cast(op, x, _D.FLOAT) if narrow else x)
    return cast(op, y, node.outputs[0].dtype)


def _unless_zero(which: int, compute: Lowering) -> Lowering:
    """compute(a, b), and 0 where the operand of this number is 0, whatever the other is."""

    def lowered(op: OpBuilder, *xs: ir.Value) -> ir.Value:
        zero = number(0, xs[0])
        return op.Where(op.Equal(xs[which], zero), zero, compute(op, *xs))

    return lowered


BINARY: dict[str, Lowering] = {
    "Xdivy": _unless_zero(0, lambda op, a, b: op.Div(a, b)),
    "Xlogy": _unless_zero(0, lambda op, a, b: op.Mul(a, op.Log(b))),
    "Xlog1py": _unless_zero(0, lambda op, a, b: op.Mul(a, _log1p(op, b))),
    "DivNoNan": _unless_zero(1, lambda op, a, b: op.Div(a, b)),
    "MulNoNan": _unless_zero(1, lambda op, a, b: op.Mul(a, b)),
    "TruncateDiv": lambda op, a, b: op.Div(a, b),
    "Mod": lambda op, a, b: op.Mod(a, b, fmod=1),  # as C's remainder, the sign of the first
    "TruncateMod": lambda op, a, b: op.Mod(a, b, fmod=1),
    "BitwiseAnd": lambda op, a, b: bitwise(op, "And", a, b),
    "BitwiseOr": lambda op, a, b: bitwise(op, "Or", a, b),
}
"""TensorFlow op of two operands => ONNX."""


@handler(*(f"Flex{name}" for name in BINARY))
def flex_binary(op: OpBuilder, node: ir.Node, a: ir.Value, b: ir.Value) -> ir.Value:
    """FlexDivNoNan(a, b) => Where(b == 0, 0, Div(a, b)), and so on. Source: TensorFlow's op definitions."""
    y: ir.Value = BINARY[node.op_type.removeprefix("Flex")](op, a, b)
    return y


@handler("FlexApproximateEqual")
def approximate_equal(op: OpBuilder, node: ir.Node, a: ir.Value, b: ir.Value) -> ir.Value:
    """FlexApproximateEqual{tolerance}(a, b) => Abs(a - b) < tolerance."""
    return op.Less(op.Abs(op.Sub(a, b)), number(NodeDef(node).get("tolerance", 1e-5), a))


@handler("FlexInvert")
def invert(op: OpBuilder, node: ir.Node, x: ir.Value) -> ir.Value:
    """FlexInvert(x) => -1 - x, which has all bits the other way; of unsigned numbers, the largest less x."""
    assert x.dtype is not None
    kind = x.dtype.numpy()
    wide = cast(op, x, _D.INT64)
    return cast(op, op.Sub(op.const(np.array(np.iinfo(kind).max if kind.kind == "u" else -1, np.int64)), wide), x.dtype)


@handler("FlexLeftShift")
def left_shift(op: OpBuilder, node: ir.Node, a: ir.Value, b: ir.Value) -> ir.Value:
    """FlexLeftShift(a, b) => BitShift of the bits as an unsigned number."""
    bits = [cast(op, cast(op, v, _D.INT64), _D.UINT64) for v in (a, b)]
    shifted = op.BitShift(*bits, direction="LEFT")
    return cast(op, cast(op, shifted, _D.INT64), a.dtype)


@handler("FlexClipByValue")
def clip_by_value(op: OpBuilder, node: ir.Node, x: ir.Value, low: ir.Value, high: ir.Value) -> ir.Value:
    """FlexClipByValue(x, low, high) => Min(Max(x, low), high)."""
    return op.Min(op.Max(x, low), high)


@handler("FlexBucketize")
def bucketize(op: OpBuilder, node: ir.Node, x: ir.Value) -> ir.Value:
    """FlexBucketize{boundaries}(x) => how many of the boundaries are not larger than x."""
    bounds = np.array(NodeDef(node).get("boundaries", []), np.float32)
    column = op.Unsqueeze(cast(op, x, _D.FLOAT), op.const([-1]))
    inside = op.Cast(op.GreaterOrEqual(column, op.const(bounds)), to=_D.INT32)
    return op.ReduceSum(inside, op.const([-1]), keepdims=0)


_SAME = ("Identity", "StopGradient", "PreventGradient", "CheckNumerics", "EnsureShape", "Snapshot")


@handler(*(f"Flex{name}" for name in _SAME))
def flex_identity(op: OpBuilder, node: ir.Node, x: ir.Value, *rest: ir.Value) -> ir.Value:
    """FlexStopGradient(x) => Identity(x); so for the ops that only check or watch what passes."""
    return op.Identity(x)


@handler("FlexIdentityN")
def flex_identity_n(op: OpBuilder, node: ir.Node, *xs: ir.Value) -> list[ir.Value]:
    """FlexIdentityN(a, b) => Identity(a), Identity(b)."""
    return [op.Identity(x) for x in xs]


@handler("FlexAssert", "FlexPrintV2", "FlexNoOp")
def flex_nothing(op: OpBuilder, node: ir.Node, *xs: ir.Value) -> list[ir.Value]:
    """FlexAssert => nothing: a converted model neither checks nor prints."""
    return []
