"""STABLEHLO_RNG_BIT_GENERATOR: Philox4x32 and Threefry2x32 on int64 tensors that hold 32-bit words."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import onnx_ir as ir

from tfonnx_lab.errors import Unsupported
from tfonnx_lab.graph import OpBuilder, static_shape
from tfonnx_lab.graph.budget import room
from tfonnx_lab.handlers.lowering.bits import bitwise, regroup, width
from tfonnx_lab.handlers.lowering.numeric import cast
from tfonnx_lab.rules import handler

_D = ir.DataType
_WORD = 1 << 32
_PHILOX = (0xD2511F53, 0xCD9E8D57), (0x9E3779B9, 0xBB67AE85)
"""Multipliers, and what is added to the two halves of the key after every round."""

_PARITY = 0x1BD11BDA
_ROTATIONS = (13, 15, 26, 6), (17, 29, 16, 24)

Words = Sequence[ir.Value]


@handler("STABLEHLO_RNG_BIT_GENERATOR")
def rng_bit_generator(op: OpBuilder, node: ir.Node, state: ir.Value, *, algorithm: str = "DEFAULT") -> list[ir.Value]:
    """STABLEHLO_RNG_BIT_GENERATOR(state) => the counter's state afterwards, and the same bits as LiteRT's.

    Source: rng_bit_generator.cc, rng_util.cc; Salmon et al., "Parallel random numbers: as easy as 1, 2, 3" (2011).
    """
    key, made = node.outputs
    shape, size = static_shape(made), static_shape(state)
    if shape is None or size is None or made.dtype is None:
        raise Unsupported("the shape of its state or output is not known")
    words = regroup(op, op.Cast(state, to=_D.INT64), 64, 32)
    given = [op.Gather(op.Reshape(words, op.const([-1])), op.const(i), axis=0) for i in range(2 * size[0])]
    threefry = algorithm == "THREEFRY"
    each, wide = 2 if threefry else 4, width(made.dtype) // 32
    count = -(-int(np.prod(shape)) * wide // each)
    room(count, 16, "its counter")
    counter = _counted(op, given[2:4], op.const(np.arange(count)))
    if threefry:
        block = _threefry(op, given[:2], counter)
    else:
        rest = given[4:6] if size[0] == 3 else given[:2]
        block = _philox(op, given[:2], [*counter, *(op.Expand(w, op.const([count])) for w in rest)])
    bits = op.Reshape(op.Concat(*(op.Unsqueeze(w, op.const([1])) for w in block), axis=1), op.const([-1]))
    bits = op.Slice(bits, op.const([0]), op.const([int(np.prod(shape)) * wide]))
    numbers = regroup(op, op.Reshape(bits, op.const([*shape, wide])), 32, 64) if wide == 2 else bits
    return [_state(op, given, count, key), op.Reshape(cast(op, numbers, made.dtype), op.const(shape))]


def _state(op: OpBuilder, given: Words, count: int, key: ir.Value) -> ir.Value:
    after = [*given[:2], *_counted(op, given[2:4], op.const(count)), *given[4:]]
    pairs = [op.Add(low, op.Mul(high, op.const(_WORD))) for low, high in zip(after[::2], after[1::2], strict=True)]
    return cast(op, op.Concat(*(op.Unsqueeze(p, op.const([0])) for p in pairs), axis=0), key.dtype)


def _counted(op: OpBuilder, counter: Words, by: ir.Value) -> list[ir.Value]:
    """The two words of a counter, so much later."""
    low = op.Add(counter[0], by)
    return [_word(op, low), _word(op, op.Add(counter[1], op.Div(low, op.const(_WORD))))]


def _word(op: OpBuilder, x: ir.Value) -> ir.Value:
    return op.Mod(x, op.const(_WORD))


def _xor(op: OpBuilder, first: ir.Value, *others: ir.Value) -> ir.Value:
    for other in others:
        first = bitwise(op, "Xor", first, other)
    return first


def _philox(op: OpBuilder, key: Words, counter: Words) -> list[ir.Value]:
    """Ten rounds: products of 64 bits, their upper words mixed with the key, their lower words kept."""
    (first, second), added = _PHILOX
    k, c = list(key), list(counter)
    for _ in range(10):
        upper, lower = zip(_product(op, first, c[0]), _product(op, second, c[2]), strict=True)
        c = [_xor(op, upper[1], c[1], k[0]), lower[1], _xor(op, upper[0], c[3], k[1]), lower[0]]
        k = [_word(op, op.Add(v, op.const(a))) for v, a in zip(k, added, strict=True)]
    return c


def _product(op: OpBuilder, factor: int, x: ir.Value) -> tuple[ir.Value, ir.Value]:
    """The upper and the lower word of a product of words, by halves of the second one: no sum has over 63 bits."""
    half = op.const(1 << 16)
    upper, lower = (op.Mul(part(x, half), op.const(factor)) for part in (op.Div, op.Mod))
    return op.Div(op.Add(upper, op.Div(lower, half)), half), _word(op, op.Add(op.Mul(_word(op, upper), half), lower))


def _threefry(op: OpBuilder, key: Words, counter: Words) -> list[ir.Value]:
    """Twenty rounds: sums, rotations and exclusive ors; after every fourth the key is added."""
    keys = [*key, _xor(op, key[0], key[1], op.const(_PARITY))]
    x, y = (_word(op, op.Add(c, k)) for c, k in zip(counter, key, strict=True))
    for group in range(5):
        for rotation in _ROTATIONS[group % 2]:
            x = _word(op, op.Add(x, y))
            y = _xor(op, _rotated(op, y, rotation), x)
        x = _word(op, op.Add(x, keys[(group + 1) % 3]))
        y = _word(op, op.Add(y, op.Add(keys[(group + 2) % 3], op.const(group + 1))))
    return [x, y]


def _rotated(op: OpBuilder, x: ir.Value, by: int) -> ir.Value:
    moved = op.Mul(x, op.const(1 << by))
    return op.Add(_word(op, moved), op.Div(moved, op.const(_WORD)))
