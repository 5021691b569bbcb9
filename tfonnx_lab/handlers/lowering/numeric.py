"""Arithmetic in dtypes for which ONNX Runtime has no kernel: computed in a wider dtype, and back."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import onnx_ir as ir

from tfonnx_lab.graph import EIGHT_BIT, OpBuilder, is_quantized, quantization
from tfonnx_lab.graph.meta import KIND
from tfonnx_lab.handlers.lowering import integer

_D = ir.DataType
WIDER = {
    _D.BOOL: _D.INT32,
    _D.INT8: _D.INT32,
    _D.UINT8: _D.INT32,
    _D.INT16: _D.INT32,
    _D.UINT16: _D.INT32,
    _D.UINT32: _D.INT64,
    _D.UINT64: _D.INT64,
    _D.FLOAT16: _D.FLOAT,
    _D.BFLOAT16: _D.FLOAT,
}
"""dtype => one that every arithmetic kernel takes. Casting back wraps around, as C does."""


def cast(op: OpBuilder, x: ir.Value, dtype: ir.DataType | None) -> ir.Value:
    """The value in this dtype; itself where it has it already."""
    return x if dtype is None or x.dtype == dtype else op.Cast(x, to=dtype)


def widened(op: OpBuilder, compute: Callable[..., ir.Value], *xs: ir.Value) -> ir.Value:
    """compute(*xs) in a dtype that kernels have, the result in the dtype of the first operand."""
    dtype = xs[0].dtype
    wide = WIDER.get(dtype) if dtype is not None else None
    if wide is None:
        return compute(*xs)
    return op.Cast(compute(*(cast(op, x, wide) for x in xs)), to=dtype)


def compared(
    op: OpBuilder, compute: Callable[..., ir.Value], *xs: ir.Value, scaled: Sequence[ir.DataType] = EIGHT_BIT
) -> ir.Value:
    """As `widened`, for a result that is bool. Codes are compared as LiteRT does: as 256 times their real values,
    rounded; those of dtypes not in `scaled` as they are.

    Source: ComparisonQuantized in comparisons.cc.
    """
    if all(is_quantized(x) and x.dtype in scaled for x in xs):
        return compute(*(_real_in_256ths(op, x) for x in xs))
    wide = WIDER.get(xs[0].dtype) if xs[0].dtype is not None else None
    return compute(*(cast(op, x, wide) for x in xs))


def _real_in_256ths(op: OpBuilder, x: ir.Value) -> ir.Value:
    quant = quantization(x)
    assert quant is not None
    codes = op.Sub(integer.wide(op, x), integer.number(float(quant.zero_point.flat[0])))
    return integer.multiply(op, op.Mul(codes, integer.number(256)), [float(quant.scale.flat[0])], most=2**25)


def number(value: Any, like: ir.Value) -> np.ndarray:
    """A scalar constant in the dtype of `like`."""
    assert like.dtype is not None
    return np.asarray(value, like.dtype.numpy())


def is_float(x: ir.Value) -> bool:
    """Whether the value holds floating-point numbers."""
    return x.dtype in (_D.FLOAT, _D.DOUBLE, _D.FLOAT16, _D.BFLOAT16)


def is_complex(x: ir.Value) -> bool:
    """Whether the value holds complex numbers, as pairs in its last dimension."""
    return str(x.meta.get(KIND, "")).startswith("COMPLEX")


def unwrap(x: ir.Value, op: OpBuilder, index: int) -> ir.Value:
    """The real (0) or imaginary (1) parts of complex numbers."""
    return op.Gather(x, op.const(index), axis=-1)
