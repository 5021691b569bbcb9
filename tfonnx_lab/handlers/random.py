"""RANDOM_UNIFORM RANDOM_STANDARD_NORMAL MULTINOMIAL: the distributions of LiteRT, with other numbers."""

from __future__ import annotations

import numpy as np
import onnx_ir as ir

from tfonnx_lab.errors import Unsupported
from tfonnx_lab.graph import OpBuilder
from tfonnx_lab.handlers.lowering.numeric import cast
from tfonnx_lab.handlers.lowering.shape import ints, vector
from tfonnx_lab.rules import handler

_D = ir.DataType
_BITS = 23
"""Random bits of a number, as many as LiteRT takes."""


@handler("RANDOM_UNIFORM")
def random_uniform(op: OpBuilder, node: ir.Node, shape: ir.Value, *, seed: int = 0, seed2: int = 0) -> ir.Value:
    """RANDOM_UNIFORM => RandomUniformLike, or from opset 22 on bits by Dropout. Source: random_ops.cc."""
    return _uniform(op, vector(op, shape), seed, seed2)


_LEAST = 1e-7
"""What a logarithm is taken of at least. Source: BoxMullerFloat in random_distributions_utils.h."""


@handler("RANDOM_STANDARD_NORMAL")
def random_standard_normal(op: OpBuilder, node: ir.Node, shape: ir.Value, *, seed: int = 0, seed2: int = 0) -> ir.Value:
    """RANDOM_STANDARD_NORMAL => two uniform numbers each, by Box and Muller, as LiteRT makes them.

    Source: random_ops.cc.
    """
    pairs = _uniform(op, op.Concat(op.const([2]), vector(op, shape), axis=0), seed, seed2)
    size, angle = (op.Gather(pairs, op.const(i), axis=0) for i in (0, 1))
    radius = op.Sqrt(op.Mul(op.Log(op.Max(size, np.float32(_LEAST))), np.float32(-2)))
    return op.Mul(radius, op.Sin(op.Mul(angle, np.float32(2 * np.pi))))


@handler("MULTINOMIAL")
def multinomial(
    op: OpBuilder, node: ir.Node, logits: ir.Value, count: ir.Value, *, seed: int = 0, seed2: int = 0
) -> ir.Value:
    """MULTINOMIAL => ArgMax of logits with Gumbel noise. Source: random_ops.cc."""
    if min(ints(count) or [0]) < 0:
        raise Unsupported("it draws less than no samples")
    rows, columns = (op.Slice(op.Shape(logits), op.const([i]), op.const([i + 1])) for i in (0, 1))
    uniform = _uniform(op, op.Concat(rows, vector(op, count), columns, axis=0), seed, seed2)
    noise = op.Neg(op.Log(op.Neg(op.Log(op.Max(uniform, np.float32(_LEAST))))))
    spread = op.Add(op.Unsqueeze(logits, op.const([1])), noise)
    return cast(op, op.ArgMax(spread, axis=2, keepdims=0), node.outputs[0].dtype)


def _uniform(op: OpBuilder, shape: ir.Value, seed: int, seed2: int) -> ir.Value:
    """Numbers from 0 to 1. ONNX Runtime has no kernel for random ops from opset 22 on, but Dropout drops at random."""
    seed += 2**16 * seed2
    if op.opset < 22:
        zeros = op.ConstantOfShape(shape, value=ir.tensor(np.zeros(1, np.float32)))
        return op.RandomUniformLike(zeros, dtype=_D.FLOAT, seed=float(seed) if seed else None)
    ones = op.ConstantOfShape(op.Concat(shape, op.const([_BITS]), axis=0), value=ir.tensor(np.ones(1, np.float32)))
    _, kept = op.Dropout(ones, np.float32(0.5), np.array(True), seed=seed or None, _outputs=2)
    kept.type = ir.TensorType(_D.BOOL)
    worth = np.float32(0.5) ** np.arange(1, _BITS + 1, dtype=np.float32)
    return op.ReduceSum(op.Mul(op.Cast(kept, to=_D.FLOAT), worth), op.const([-1]), keepdims=0)
