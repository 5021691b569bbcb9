"""Codes of 4 and 2 bits in opsets whose tensors have no such types: packed into bytes, and unpacked by the graph.

ONNX Runtime computes ops on constants once, as it loads, so a run costs nothing.
"""

from __future__ import annotations

import numpy as np
import onnx_ir as ir

from tfonnx_lab.graph import OpBuilder


def packed_codes(op: OpBuilder, codes: np.ndarray, bits: int, shape: list[int]) -> ir.Value:
    """Constant codes of this many bits as float32 numbers of this shape, read out of bytes that hold 8 // bits of them.

    codes: integers that `bits` bits hold, all of them with or all of them without a sign. Byte i holds codes i, i + n, i + 2 n ...
    from its lowest bits up, n being the number of bytes, so that putting the parts together needs no other order.
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
    unpacked = op.Concat(*(_part(op, stored, bits, part) for part in range(parts)), axis=0)
    if count * parts > flat.size:
        unpacked = op.Slice(unpacked, op.const([0]), op.const([flat.size]), op.const([0]))
    real = op.Cast(op.Reshape(unpacked, op.const(shape)), to=ir.DataType.FLOAT)
    return op.Sub(real, np.float32(-least)) if least else real


def _part(op: OpBuilder, x: ir.Value, bits: int, part: int) -> ir.Value:
    """The bits of the bytes from `bits` times `part` on: shifted up to the top, then down."""
    up, down = 8 - bits * (part + 1), 8 - bits
    if up:
        x = op.BitShift(x, np.uint8(up), direction="LEFT")
    return op.BitShift(x, np.uint8(down), direction="RIGHT")
