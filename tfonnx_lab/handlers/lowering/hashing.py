"""FarmHash and FingerprintCat64 of TensorFlow, in integers of 64 bits that wrap around.

Source: tsl/platform/fingerprint.h, farmhash.h (namespace farmhashna, up to 32 bytes). Values are int64, whose products
and sums wrap as C's unsigned ones do; shifts go through uint64, since ONNX shifts unsigned integers only.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import onnx_ir as ir

from tfonnx_lab.errors import Unsupported
from tfonnx_lab.graph import OpBuilder
from tfonnx_lab.handlers.lowering.bits import regroup

_D = ir.DataType
_K0, _K1, _K2 = 0xC3A5C85C97CB3127, 0xB492B66FBE98F273, 0x9AE16A3B2F90404F
_CAT = 0xC6A4A7935BD1E995
LONGEST = 20
"""Characters of the longest decimal of an int64."""
_SINCE = 18


def require_bits(op: OpBuilder) -> None:
    """Raises Unsupported where ONNX has no ops for the bits of integers."""
    if op.opset < _SINCE:
        raise Unsupported(f"hashes need BitwiseXor, which ONNX has from opset {_SINCE} on; convert with that or newer")


def constant(value: int) -> np.ndarray:
    """A scalar of 64 bits, as int64."""
    return np.asarray(np.uint64(value % 2**64).astype(np.int64))


def fingerprint_cat(op: OpBuilder, first: ir.Value, second: ir.Value) -> ir.Value:
    """FingerprintCat64 of two fingerprints."""
    by = constant(_CAT)
    mixed = op.Mul(_shift_mix(op, op.Mul(second, by)), by)
    result = op.Mul(op.BitwiseXor(op.BitwiseXor(first, by), mixed), by)
    return _shift_mix(op, op.Mul(_shift_mix(op, result), by))


def bucket(op: OpBuilder, value: ir.Value, count: int) -> ir.Value:
    """The rest of a division by `count`, of the bits as an unsigned number."""
    return op.Cast(op.Mod(op.Cast(value, to=_D.UINT64), op.const(np.uint64(count))), to=_D.INT64)


def farmhash_of_decimals(op: OpBuilder, x: ir.Value) -> ir.Value:
    """FarmHash's Fingerprint64 of the decimal texts of int64 numbers, in their shape."""
    size, text = _decimals(op, x)
    at = _Bytes(op, text)
    return op.Where(
        op.Less(size, op.const(4)),
        _up_to_3(op, at, size),
        op.Where(
            op.Less(size, op.const(8)),
            _from_4(op, at, size),
            op.Where(op.Less(size, op.const(17)), _from_8(op, at, size), _from_17(op, at, size)),
        ),
    )


def _decimals(op: OpBuilder, x: ir.Value) -> tuple[ir.Value, ir.Value]:
    """How many characters the decimal of each number has, and their codes along a new last axis, zeros behind them."""
    wide = op.Unsqueeze(x, op.const([-1]))
    powers = np.array([10**k for k in range(LONGEST - 1)], np.int64)
    quotients = op.Div(wide, op.const(powers))  # towards zero, so that the digits of negative ones are negative
    behind = op.Concat(
        op.Slice(quotients, op.const([1]), op.const([LONGEST]), op.const([-1])), op.Sub(wide, wide), axis=-1
    )
    digits = op.Abs(op.Sub(quotients, op.Mul(behind, op.const(10))))
    there = op.Cast(op.Not(op.Equal(quotients, op.const(0))), to=_D.INT64)
    count = op.Max(op.ReduceSum(there, op.const([-1]), keepdims=1), op.const(1))
    sign = op.Cast(op.Less(wide, op.const(0)), to=_D.INT64)
    place = op.Sub(op.const(np.arange(LONGEST)), sign)  # of the first digit: 0
    index = op.Sub(op.Sub(count, op.const(1)), place)
    known = op.Max(op.Min(index, op.const(LONGEST - 2)), op.const(0))
    codes = op.Add(op.GatherElements(digits, known, axis=-1), op.const(ord("0")))
    codes = op.Where(op.Less(place, op.const(0)), op.const(ord("-")), codes)
    size = op.Add(count, sign)
    return op.Squeeze(size, op.const([-1])), op.Where(op.Less(index, op.const(0)), op.const(0), codes)


class _Bytes:
    """Texts as codes [..., LONGEST], read as little-endian integers from a place on."""

    def __init__(self, op: OpBuilder, codes: ir.Value) -> None:
        self.op, self.codes = op, codes

    def read(self, start: ir.Value, count: int) -> ir.Value:
        """The integer of `count` bytes from each start on; what lies outside of the text is never used."""
        op = self.op
        places = op.Add(op.Unsqueeze(start, op.const([-1])), op.const(np.arange(count)))
        inside = op.Max(op.Min(places, op.const(LONGEST - 1)), op.const(0))
        found = op.GatherElements(self.codes, inside, axis=-1)
        return regroup(op, found, 8, 8 * count) if count > 1 else op.Squeeze(found, op.const([-1]))


def _up_to_3(op: OpBuilder, at: _Bytes, size: ir.Value) -> ir.Value:
    """HashLen0to16 of 1 to 3 bytes."""
    last = op.Sub(size, op.const(1))
    half = op.Div(size, op.const(2))
    y = op.Add(at.read(op.Sub(size, size), 1), op.Mul(at.read(half, 1), op.const(256)))
    z = op.Add(size, op.Mul(at.read(last, 1), op.const(4)))
    mixed = op.BitwiseXor(op.Mul(y, constant(_K2)), op.Mul(z, constant(_K0)))
    return op.Mul(_shift_mix(op, mixed), constant(_K2))


def _from_4(op: OpBuilder, at: _Bytes, size: ir.Value) -> ir.Value:
    """HashLen0to16 of 4 to 7 bytes."""
    first = at.read(op.Sub(size, size), 4)
    last = at.read(op.Sub(size, op.const(4)), 4)
    return _of_two(op, op.Add(size, op.Mul(first, op.const(8))), last, _multiplier(op, size))


def _from_8(op: OpBuilder, at: _Bytes, size: ir.Value) -> ir.Value:
    """HashLen0to16 of 8 to 16 bytes."""
    by = _multiplier(op, size)
    a = op.Add(at.read(op.Sub(size, size), 8), constant(_K2))
    b = at.read(op.Sub(size, op.const(8)), 8)
    c = op.Add(op.Mul(_rotated(op, b, 37), by), a)
    d = op.Mul(op.Add(_rotated(op, a, 25), b), by)
    return _of_two(op, c, d, by)


def _from_17(op: OpBuilder, at: _Bytes, size: ir.Value) -> ir.Value:
    """HashLen17to32."""
    by, start = _multiplier(op, size), op.Sub(size, size)
    a = op.Mul(at.read(start, 8), constant(_K1))
    b = at.read(op.Add(start, op.const(8)), 8)
    c = op.Mul(at.read(op.Sub(size, op.const(8)), 8), by)
    d = op.Mul(at.read(op.Sub(size, op.const(16)), 8), constant(_K2))
    u = op.Add(op.Add(_rotated(op, op.Add(a, b), 43), _rotated(op, c, 30)), d)
    v = op.Add(op.Add(a, _rotated(op, op.Add(b, constant(_K2)), 18)), c)
    return _of_two(op, u, v, by)


def _multiplier(op: OpBuilder, size: ir.Value) -> ir.Value:
    return op.Add(op.Mul(size, op.const(2)), constant(_K2))


def _of_two(op: OpBuilder, u: ir.Value, v: ir.Value, by: ir.Value) -> ir.Value:
    """HashLen16."""
    a = _shift_mix(op, op.Mul(op.BitwiseXor(u, v), by))
    return op.Mul(_shift_mix(op, op.Mul(op.BitwiseXor(v, a), by)), by)


def _shift_mix(op: OpBuilder, x: ir.Value) -> ir.Value:
    """x ^ (x >> 47)."""
    return op.BitwiseXor(x, _unsigned(op, x, lambda bits: _shifted(op, bits, 47, "RIGHT")))


def _rotated(op: OpBuilder, x: ir.Value, by: int) -> ir.Value:
    """The bits rotated to the right by so many places."""
    return _unsigned(
        op, x, lambda bits: op.BitwiseOr(_shifted(op, bits, by, "RIGHT"), _shifted(op, bits, 64 - by, "LEFT"))
    )


def _unsigned(op: OpBuilder, x: ir.Value, compute: Callable[[ir.Value], ir.Value]) -> ir.Value:
    return op.Cast(compute(op.Cast(x, to=_D.UINT64)), to=_D.INT64)


def _shifted(op: OpBuilder, bits: ir.Value, by: int, direction: str) -> ir.Value:
    return op.BitShift(bits, op.const(np.uint64(by)), direction=direction)
