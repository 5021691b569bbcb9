"""Codes of 4 and 2 bits in opsets whose tensors have no such types: packed into bytes, and unpacked by the graph.

ONNX Runtime computes ops on constants once, as it loads, so a run costs nothing.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import onnx_ir as ir

from tfonnx_lab.graph import OpBuilder, tensor_of

BITS = {ir.DataType.INT4: 4, ir.DataType.UINT4: 4, ir.DataType.INT2: 2}
"""The types of fewer than 8 bits => how many."""

_FEW = 4096
"""Fewer codes than this are stored in bytes, which takes less than the nodes that unpack them."""


def unpacked(op: OpBuilder, codes: np.ndarray, shape: Sequence[int], dtype: ir.DataType) -> ir.Value:
    """Constant codes of 4 or 2 bits, in this shape, as numbers: stored as small as the opset allows.

    codes: of an array type of so few bits (those of ml_dtypes).
    dtype: float32 or int8.
    """
    kind = ir.DataType.from_numpy(codes.dtype)
    if op.opset >= 21 and kind == ir.DataType.INT4:
        return op.Cast(op.const(tensor_of(codes.reshape(shape), kind)), to=dtype)
    if codes.size < _FEW:
        stored = op.const(codes.astype(np.int8).reshape(shape))
        return stored if dtype == ir.DataType.INT8 else op.Cast(stored, to=dtype)
    return _packed_codes(op, codes, BITS[kind], shape, dtype)


def halved(op: OpBuilder, scales: np.ndarray) -> ir.Value:
    """Constant float32 numbers, stored as float16 where they are many and all are such, as blockwise scales are."""
    with np.errstate(over="ignore"):
        half = scales.astype(np.float16)
    return (
        op.Cast(op.const(half), to=ir.DataType.FLOAT)
        if half.size > 256 and (half == scales).all()
        else op.const(scales)
    )


def _packed_codes(op: OpBuilder, codes: np.ndarray, bits: int, shape: Sequence[int], dtype: ir.DataType) -> ir.Value:
    """The codes read out of bytes that hold 8 // bits of them each.

    Byte i holds codes i, i + n, i + 2 n ... from its lowest bits up, n being the number of bytes, so that putting the
    parts together needs no other order.
    """
    parts = 8 // bits
    flat = codes.astype(np.int64).ravel()
    least = 0 if not flat.size or flat.min() >= 0 else -(1 << (bits - 1))
    count = -(-flat.size // parts)
    above = np.zeros(count * parts, np.uint8)
    above[: flat.size] = flat - least
    packed = np.zeros(count, np.uint8)
    for part in range(parts):
        packed |= above[part * count : (part + 1) * count] << np.uint8(bits * part)
    stored = op.const(packed)
    joined = op.Concat(*(_part(op, stored, bits, part) for part in range(parts)), axis=0)
    if count * parts > flat.size:
        joined = op.Slice(joined, op.const([0]), op.const([flat.size]), op.const([0]))
    wide = op.Cast(
        op.Reshape(joined, op.const(list(shape))), to=dtype if dtype == ir.DataType.FLOAT else ir.DataType.INT32
    )
    assert wide.dtype is not None
    if least:
        wide = op.Sub(wide, np.array(-least, wide.dtype.numpy()))
    return wide if wide.dtype == dtype else op.Cast(wide, to=dtype)


def _part(op: OpBuilder, x: ir.Value, bits: int, part: int) -> ir.Value:
    """The bits of the bytes from `bits` times `part` on: shifted up to the top, then down."""
    up, down = 8 - bits * (part + 1), 8 - bits
    if up:
        x = op.BitShift(x, np.uint8(up), direction="LEFT")
    return op.BitShift(x, np.uint8(down), direction="RIGHT")
