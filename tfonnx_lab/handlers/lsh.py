"""LSH_PROJECTION: signs of weighed hashes, the hash being FarmHash's Fingerprint64 in int64 arithmetic, which wraps
around."""

from __future__ import annotations

import numpy as np
import onnx_ir as ir

from tfonnx_lab.errors import Unsupported
from tfonnx_lab.graph import OpBuilder, static_shape
from tfonnx_lab.handlers.lowering.bits import bitwise, floor_over, regroup, to_bits, width
from tfonnx_lab.handlers.lowering.shape import rank_of
from tfonnx_lab.rules import handler

_D = ir.DataType
_K1, _K2 = 0xB492B66FBE98F273, 0x9AE16A3B2F90404F


@handler("LSH_PROJECTION")
def lsh_projection(
    op: OpBuilder,
    node: ir.Node,
    seeds: ir.Value,
    x: ir.Value,
    weight: ir.Value | None,
    *,
    type: str,  # noqa: A002
) -> ir.Value:
    """LSH_PROJECTION(seeds, x, weights) => the sign of each seed's sum of weighed hashes; SPARSE joins bits to a
    number.

    Source: lsh_projection.cc, farmhash.
    """
    shape = static_shape(seeds)
    if shape is None:
        raise Unsupported("the shape of its hash functions is not known")
    bits = op.Unsqueeze(op.Reshape(to_bits(op, seeds), op.const([-1])), op.const([1]))
    hashes = op.Cast(_fingerprint(op, [bits, *_words(op, x)]), to=_D.DOUBLE)
    if weight is not None:
        hashes = op.Mul(hashes, op.Cast(weight, to=_D.DOUBLE))
    signs = op.Cast(op.Greater(op.ReduceSum(hashes, op.const([1]), keepdims=0), np.float64(0)), to=_D.INT32)
    if type == "DENSE":
        return signs
    count, length = shape
    worth = op.const(np.array([1 << i for i in range(length)][::-1], np.int64))
    found = op.ReduceSum(
        op.Mul(op.Cast(op.Reshape(signs, op.const(shape)), to=_D.INT64), worth), op.const([1]), keepdims=0
    )
    return op.Cast(op.Add(found, op.const(np.arange(count, dtype=np.int64) << length)), to=_D.INT32)


def _words(op: OpBuilder, x: ir.Value) -> list[ir.Value]:
    """The 32-bit words of each item of x, each a row [1, items]."""
    shape = static_shape(x)
    if shape is None or x.dtype is None or width(x.dtype) < 32:
        raise Unsupported("it hashes items of a known number of 32- or 64-bit elements only")
    parts = regroup(op, to_bits(op, x), width(x.dtype), 32)
    count = int(np.prod(shape[1:])) * width(x.dtype) // 32
    if count > 7:
        raise Unsupported("it hashes items of up to 28 bytes only; compute the projection before the model")
    rows = op.Reshape(parts, op.const([shape[0], count]))
    assert rank_of(x) > 0
    return [op.Unsqueeze(op.Gather(rows, op.const(i), axis=1), op.const([0])) for i in range(count)]


def _fingerprint(op: OpBuilder, words: list[ir.Value]) -> ir.Value:
    """The hash of the words one behind the other: 8 to 16 bytes, or 17 to 32. Source: farmhashna in farmhash.cc."""
    size = 4 * len(words)
    mul = _constant(op, _K2 + 2 * size)

    def fetch(at: int) -> ir.Value:
        first = at // 4
        return op.Add(words[first], op.Mul(words[first + 1], op.const(1 << 32)))

    def plus(x: ir.Value, constant: int) -> ir.Value:
        return op.Add(x, _constant(op, constant))

    if size <= 16:
        a, b = plus(fetch(0), _K2), fetch(size - 8)
        c = op.Add(op.Mul(_rotated(op, b, 37), mul), a)
        return _mixed(op, c, op.Mul(op.Add(_rotated(op, a, 25), b), mul), mul)
    a, b = op.Mul(fetch(0), _constant(op, _K1)), fetch(8)
    c, d = op.Mul(fetch(size - 8), mul), op.Mul(fetch(size - 16), _constant(op, _K2))
    first = op.Add(op.Add(_rotated(op, op.Add(a, b), 43), _rotated(op, c, 30)), d)
    return _mixed(op, first, op.Add(op.Add(a, _rotated(op, plus(b, _K2), 18)), c), mul)


def _mixed(op: OpBuilder, u: ir.Value, v: ir.Value, mul: ir.Value) -> ir.Value:
    a = _folded(op, op.Mul(bitwise(op, "Xor", u, v), mul))
    return op.Mul(_folded(op, op.Mul(bitwise(op, "Xor", v, a), mul)), mul)


def _folded(op: OpBuilder, x: ir.Value) -> ir.Value:
    return bitwise(op, "Xor", x, _shifted(op, x, 47))


def _shifted(op: OpBuilder, x: ir.Value, by: int) -> ir.Value:
    """x without its `by` lowest bits, zeros coming in from above."""
    return op.Mod(floor_over(op, x, op.const(1 << by)), op.const(1 << (64 - by)))


def _rotated(op: OpBuilder, x: ir.Value, by: int) -> ir.Value:
    return op.Add(_shifted(op, x, by), op.Mul(x, op.const(1 << (64 - by))))


def _constant(op: OpBuilder, value: int) -> ir.Value:
    return op.const(np.array(value % (1 << 64), np.uint64).astype(np.int64))
