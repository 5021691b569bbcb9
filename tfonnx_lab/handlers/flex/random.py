"""Random numbers: TensorFlow's distributions, with other numbers.

Ops: FlexRandomShuffle, FlexStatelessMultinomial, FlexStatelessRandomGetAlg,
FlexStatelessRandomGetKeyCounter, FlexStatelessRandomGetKeyCounterAlg, FlexStatelessRandomNormal,
FlexStatelessRandomNormalV2, FlexStatelessRandomUniform, FlexStatelessRandomUniformFullInt,
FlexStatelessRandomUniformFullIntV2, FlexStatelessRandomUniformInt, FlexStatelessRandomUniformIntV2,
FlexStatelessRandomUniformV2, FlexStatelessShuffle, FlexStatelessTruncatedNormal, FlexStatelessTruncatedNormalV2,
FlexTruncatedNormal.

Source: TensorFlow's op definitions (random_ops.cc, stateless_random_ops.cc, stateless_random_ops_v2.cc).
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import onnx_ir as ir

from tfonnx_lab.graph import OpBuilder
from tfonnx_lab.handlers.lowering.numeric import cast
from tfonnx_lab.handlers.lowering.shape import ints
from tfonnx_lab.handlers.lowering.special import erfinv
from tfonnx_lab.readers.nodedef import NodeDef
from tfonnx_lab.rules import handler

_D = ir.DataType
_WITHIN = math.erf(2 / math.sqrt(2))
"""How much of the normal distribution is within two standard deviations."""


def _seeds(node: ir.Node) -> dict[str, Any]:
    """The seeds of a builtin op: the op's own, or the constant ones that it is given."""
    definition = NodeDef(node)
    given = ints(node.inputs[1]) if len(node.inputs) > 1 and "Stateless" in node.op_type else None
    first, second = [*(given or []), 0, 0][:2] if given else (definition.get("seed", 0), definition.get("seed2", 0))
    return {"seed": int(first) % 2**31, "seed2": int(second) % 2**15}


def _made(op: OpBuilder, kind: str, node: ir.Node, *inputs: ir.Value) -> ir.Value:
    found: ir.Value = op.tfl.node(kind, inputs, _seeds(node)).outputs[0]
    found.type = ir.TensorType(_D.FLOAT)
    return found


@handler("FlexRandomShuffle", "FlexStatelessShuffle")
def random_shuffle(op: OpBuilder, node: ir.Node, x: ir.Value, *rest: ir.Value) -> ir.Value:
    """FlexRandomShuffle(x) => Gather of the rows in the order of random numbers."""
    count = op.Slice(op.Shape(x), op.const([0]), op.const([1]))
    numbers = _made(op, "RANDOM_UNIFORM", node, count)
    numbers.shape = ir.Shape([None])
    top = op.node("TopK", [numbers, count], {"axis": 0}, outputs=2)
    top.outputs[1].type, top.outputs[1].shape = ir.TensorType(_D.INT64), ir.Shape([None])
    return op.Gather(x, top.outputs[1], axis=0)


@handler("FlexStatelessRandomUniform", "FlexStatelessRandomUniformV2")
def stateless_uniform(op: OpBuilder, node: ir.Node, shape: ir.Value, *rest: ir.Value) -> ir.Value:
    """FlexStatelessRandomUniform(shape, seed) => RANDOM_UNIFORM(shape)."""
    op.note("other numbers than TensorFlow's, of the same distribution")
    return cast(op, _made(op, "RANDOM_UNIFORM", node, shape), node.outputs[0].dtype)


@handler("FlexStatelessRandomNormal", "FlexStatelessRandomNormalV2")
def stateless_normal(op: OpBuilder, node: ir.Node, shape: ir.Value, *rest: ir.Value) -> ir.Value:
    """FlexStatelessRandomNormal(shape, seed) => RANDOM_STANDARD_NORMAL(shape)."""
    op.note("other numbers than TensorFlow's, of the same distribution")
    return cast(op, _made(op, "RANDOM_STANDARD_NORMAL", node, shape), node.outputs[0].dtype)


def _between(op: OpBuilder, node: ir.Node, shape: ir.Value, low: ir.Value, high: ir.Value) -> ir.Value:
    """Whole numbers from low to below high."""
    share = op.Cast(_made(op, "RANDOM_UNIFORM", node, shape), to=_D.DOUBLE)
    least, most = (op.Cast(v, to=_D.DOUBLE) for v in (low, high))
    return cast(op, op.Floor(op.Add(op.Mul(share, op.Sub(most, least)), least)), node.outputs[0].dtype)


@handler("FlexStatelessRandomUniformInt", "FlexStatelessRandomUniformIntV2")
def stateless_integers(op: OpBuilder, node: ir.Node, shape: ir.Value, *rest: ir.Value) -> ir.Value:
    """FlexStatelessRandomUniformInt(shape, seed, low, high) => Floor(low + RANDOM_UNIFORM (high - low))."""
    op.note("other numbers than TensorFlow's, of the same distribution")
    return _between(op, node, shape, rest[-2], rest[-1])


@handler("FlexStatelessRandomUniformFullInt", "FlexStatelessRandomUniformFullIntV2")
def stateless_all_integers(op: OpBuilder, node: ir.Node, shape: ir.Value, *rest: ir.Value) -> ir.Value:
    """FlexStatelessRandomUniformFullInt(shape, seed) => each 16 bits of the numbers by themselves."""
    dtype = node.outputs[0].dtype or _D.INT32
    whole: ir.Value | None = None
    for _ in range(int(dtype.itemsize) // 2):
        share = op.Mul(_made(op, "RANDOM_UNIFORM", node, shape), np.float32(2**16))
        part = op.Cast(op.Floor(share), to=_D.INT64)
        whole = op.Sub(part, op.const(2**15)) if whole is None else op.Add(op.Mul(whole, op.const(2**16)), part)
    assert whole is not None
    if dtype == _D.UINT32:
        whole = op.Add(whole, op.const(2**31))
    return cast(op, whole, dtype)


def _truncated(op: OpBuilder, node: ir.Node, shape: ir.Value) -> ir.Value:
    """The normal distribution within two standard deviations: its inverse of uniform numbers."""
    centred = op.Sub(op.Mul(_made(op, "RANDOM_UNIFORM", node, shape), np.float32(2)), np.float32(1))
    return op.Mul(erfinv(op, op.Mul(centred, np.float32(_WITHIN))), np.float32(math.sqrt(2)))


@handler("FlexTruncatedNormal", "FlexStatelessTruncatedNormal", "FlexStatelessTruncatedNormalV2")
def truncated_normal(op: OpBuilder, node: ir.Node, shape: ir.Value, *rest: ir.Value) -> ir.Value:
    """FlexTruncatedNormal(shape) => the inverse error function of uniform numbers."""
    op.note("other numbers than TensorFlow's, of the same distribution")
    return cast(op, _truncated(op, node, shape), node.outputs[0].dtype)


@handler("FlexStatelessMultinomial")
def stateless_multinomial(op: OpBuilder, node: ir.Node, logits: ir.Value, count: ir.Value, seed: ir.Value) -> ir.Value:
    """FlexStatelessMultinomial(logits, count, seed) => MULTINOMIAL(logits, count)."""
    made = op.tfl.node("MULTINOMIAL", [cast(op, logits, _D.FLOAT), count], {}).outputs[0]
    return op.like(made, node.outputs[0])


@handler("FlexStatelessRandomGetKeyCounter", "FlexStatelessRandomGetKeyCounterAlg", "FlexStatelessRandomGetAlg")
def key_and_counter(op: OpBuilder, node: ir.Node, *seed: ir.Value) -> list[ir.Value]:
    """FlexStatelessRandomGetKeyCounter(seed) => zeros: nothing but random ops reads them, whose numbers are others."""
    alone: list[list[int]] = [[]]
    every: list[list[int]] = [[1], [2], []]
    sizes = alone if node.op_type == "FlexStatelessRandomGetAlg" else every[: len(node.outputs)]
    return [op.const(np.zeros(s, (v.dtype or _D.INT32).numpy())) for s, v in zip(sizes, node.outputs, strict=True)]
