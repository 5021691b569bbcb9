"""Sums of products of codes, exact at any size: ConvInteger and MatMulInteger on bytes.

Bytes are unsigned on both sides: with signed weights, ONNX Runtime's kernels for x86 without VNNI add pairs of products
in 16 bits, which saturate. Codes of 16 bits are two bytes, whose sums are put together.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import onnx_ir as ir

from tfonnx_lab.graph import EIGHT_BIT, OpBuilder, constant_array
from tfonnx_lab.handlers.lowering import integer

_D = ir.DataType
_WIDE = (_D.INT16,)


@dataclass(frozen=True)
class Part:
    """Bytes of codes: a code less its zero point is the sum of `factor * (value - zero)` over its parts."""

    value: ir.Value
    zero: int
    factor: int = 1


def parts_of(op: OpBuilder, x: ir.Value, perm: Sequence[int] | None = None) -> list[Part]:
    """The bytes of a tensor's codes of 8 or 16 bits, or fewer where they are a constant; transposed by `perm`."""
    zero = integer.scale_of(x)[1]
    known = constant_array(x)
    if known is not None:
        codes = known.astype(np.int64) if perm is None else known.astype(np.int64).transpose(perm)
        return _parts_of_constant(op, np.ascontiguousarray(codes), zero, x.dtype)
    moved = x if perm is None else op.Transpose(x, perm=list(perm))
    if x.dtype == _D.UINT8:
        return [Part(moved, zero)]
    if x.dtype == _D.INT8:
        return [Part(_bytes(op, op.Add(op.Cast(moved, to=_D.INT32), np.int32(128))), zero + 128)]
    raised = op.Add(op.Cast(moved, to=_D.INT32), np.int32(2**15 - zero))
    high = op.Div(raised, np.int32(256))
    low = op.Sub(raised, op.Mul(high, np.int32(256)))
    return [Part(_bytes(op, high), 128, 256), Part(_bytes(op, low), 0)]


def _parts_of_constant(op: OpBuilder, codes: np.ndarray, zero: int, dtype: ir.DataType | None) -> list[Part]:
    if dtype == _D.UINT8:
        return [Part(op.const(codes.astype(np.uint8)), zero)]
    if dtype not in _WIDE:
        return [Part(op.const((codes + 128).astype(np.uint8)), zero + 128)]
    high, low = np.divmod(codes + 2**15 - zero, 256)
    return [Part(op.const(high.astype(np.uint8)), 128, 256), Part(op.const(low.astype(np.uint8)), 0)]


def sums(op: OpBuilder, kind: str, x: Sequence[Part], w: Sequence[Part], attributes: dict[str, Any]) -> ir.Value:
    """The sums of ConvInteger or MatMulInteger over all pairs of parts, as float64."""
    total: ir.Value | None = None
    for a in x:
        for b in w:
            zeros = [op.const(np.array(p.zero, np.uint8)) for p in (a, b)]
            made = op.node(kind, [a.value, b.value, *zeros], attributes).outputs[0]
            made = integer.wide(op, integer.as_type(made, _D.INT32))
            factor = a.factor * b.factor
            made = made if factor == 1 else op.Mul(made, np.float64(factor))
            total = made if total is None else op.Add(total, made)
    assert total is not None
    return total


def fits(x: ir.Value | None) -> bool:
    """Whether the tensor's codes are made of bytes: of 8 or 16 bits, or fewer of a constant."""
    if x is None or x.dtype is None:
        return False
    return x.dtype in (*EIGHT_BIT, *_WIDE) or (x.dtype in (_D.INT4, _D.INT2) and constant_array(x) is not None)


def _bytes(op: OpBuilder, x: ir.Value) -> ir.Value:
    return op.Cast(x, to=_D.UINT8)
