"""SKIP_GRAM: words of a string joined to n-grams."""

from __future__ import annotations

import itertools

import numpy as np
import onnx_ir as ir

from tfonnx_lab.errors import Unsupported
from tfonnx_lab.graph import OpBuilder
from tfonnx_lab.rules import handler

_SPACES = ("\t", "\n", "\v", "\f", "\r", " ")


@handler("SKIP_GRAM")
def skip_gram(
    op: OpBuilder, node: ir.Node, text: ir.Value, *, ngram_size: int, max_skip_size: int = 0,
    include_all_ngrams: bool = False
) -> ir.Value:  # fmt: skip
    """SKIP_GRAM{ngram_size, max_skip_size} => StringSplit, then StringConcat of the words at every choice of offsets.

    A text that begins with exactly one space is the exception: LiteRT loses its first word. Source: skip_gram.cc.
    """
    if op.opset < 20:
        raise Unsupported("it splits a string into words, which ONNX does from opset 20 on")
    size = ngram_size
    offsets = [o for o in _choices([0], size, max_skip_size) if include_all_ngrams or len(o) == size]
    table = np.array([o + [-1] * (size - len(o)) for o in offsets], np.int64)
    first = op.Reshape(op.Slice(op.Reshape(text, op.const([-1])), op.const([0]), op.const([1])), op.const([1]))
    words = first
    for space in _SPACES:  # ONNX Runtime's own whitespace is the blank alone
        words = _split(op, words, space)
    words = op.Compress(words, op.Not(op.Equal(words, op.const(""))), axis=0)
    count = op.Shape(words)
    starts = op.Unsqueeze(
        op.Range(op.const(0), op.Reshape(count, op.const(np.zeros(0, np.int64))), op.const(1)), op.const([1])
    )
    fits = op.And(op.Less(op.Add(starts, op.const(table.max(axis=1))), count), op.GreaterOrEqual(count, op.const(size)))
    grams = None
    for place in range(size):
        chosen = table[:, place]
        index = op.Where(op.const(chosen < 0), count, op.Add(starts, op.const(chosen)))
        kept = op.Compress(
            op.Reshape(op.Expand(index, op.Shape(fits)), op.const([-1])), op.Reshape(fits, op.const([-1]))
        )
        ahead = op.StringConcat(op.const(["" if place == 0 else " "]), words)
        part = op.Gather(op.Concat(ahead, op.const([""]), axis=0), kept, axis=0)
        grams = part if grams is None else op.StringConcat(grams, part)
    assert grams is not None
    grams.type = ir.TensorType(ir.DataType.STRING)
    return grams


def _split(op: OpBuilder, texts: ir.Value, space: str) -> ir.Value:
    parts, counts = op.node("StringSplit", [texts], {"delimiter": space}, outputs=2).outputs
    parts.type, counts.type = ir.TensorType(ir.DataType.STRING), ir.TensorType(ir.DataType.INT64)
    return op.Reshape(parts, op.const([-1]))


def _choices(start: list[int], size: int, skip: int) -> list[list[int]]:
    """Offsets of words from the first one, longer choices ahead of the shorter one that they begin with."""
    if len(start) == size:
        return [start]
    steps = (_choices([*start, start[-1] + step], size, skip) for step in range(1, skip + 2))
    return [*itertools.chain.from_iterable(steps), start]
