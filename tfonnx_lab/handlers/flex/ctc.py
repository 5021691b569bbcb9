"""Sequences of classes read out of their scores: FlexCTCGreedyDecoder."""

from __future__ import annotations

import numpy as np
import onnx_ir as ir

from tfonnx_lab.graph import OpBuilder
from tfonnx_lab.handlers.lowering.numeric import cast
from tfonnx_lab.handlers.lowering.reduction import reduce
from tfonnx_lab.handlers.lowering.shape import int64
from tfonnx_lab.handlers.lowering.sparse import listed
from tfonnx_lab.readers.nodedef import NodeDef
from tfonnx_lab.rules import handler

_D = ir.DataType


@handler("FlexCTCGreedyDecoder")
def ctc_greedy_decoder(op: OpBuilder, node: ir.Node, scores: ir.Value, lengths: ir.Value) -> list[ir.Value]:
    """FlexCTCGreedyDecoder(scores [time, batch, class], lengths) => ArgMax, without blanks and repetitions, as a sparse
    tensor; and the sums of the best scores, negated.

    Source: ctc_decoder_ops.cc.
    """
    definition = NodeDef(node)
    blank, merge = int(definition.get("blank_index", -1)), bool(definition.get("merge_repeated", False))
    best = op.Transpose(op.ArgMax(scores, axis=2, keepdims=0), perm=[1, 0])  # [batch, time]
    value = op.Transpose(reduce(op, "ReduceMax", scores, [2], keepdims=False), perm=[1, 0])
    turns = op.Range(op.const(0), op.Gather(op.Shape(scores), op.const(0), axis=0), op.const(1))
    inside = op.Less(turns, op.Unsqueeze(int64(op, lengths), op.const([1])))
    nothing = op.const(blank)
    if blank < 0:
        nothing = op.Add(op.Gather(op.Shape(scores), op.const(2), axis=0), nothing)
    kept = op.And(inside, op.Not(op.Equal(best, nothing)))
    if merge:
        before = op.Pad(best, op.const([0, 1, 0, 0]), np.int64(-1))
        before = op.Slice(before, op.const([0]), op.const([-1]), op.const([1]))
        kept = op.And(kept, op.Not(op.Equal(best, before)))
    total = op.ReduceSum(op.Mul(value, cast(op, inside, scores.dtype)), op.const([1]), keepdims=1)
    return [*listed(op, best, kept), op.Neg(total)]
