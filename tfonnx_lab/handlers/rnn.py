"""RNN, UNIDIRECTIONAL_SEQUENCE_RNN, BIDIRECTIONAL_SEQUENCE_RNN and SVDF."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import onnx_ir as ir

from tfonnx_lab.graph import OpBuilder, attr, is_quantized, quantization, static_shape
from tfonnx_lab.handlers._recurrent import activated, coded, is_hybrid, real, reversed_in_time, scan
from tfonnx_lab.handlers._state import update_state
from tfonnx_lab.handlers.hybrid import symmetric
from tfonnx_lab.rules import handler


@handler("RNN")
def rnn(op: OpBuilder, node: ir.Node, x: ir.Value, w: ir.Value, r: ir.Value, b: ir.Value, h: ir.Value) -> ir.Value:
    """RNN(x, w, r, b, h) => activation(x w + h r + b), kept as the next h. Source: basic_rnn.cc."""
    name = str(attr(node, "fused_activation_function", "NONE"))
    y = _step(op, name, x, h, [real(op, v) for v in (w, r, b)], is_hybrid(op, node, (w, r)))
    update_state(op, h, y)
    return y


def _step(op: OpBuilder, name: str, x: ir.Value, h: ir.Value, weights: Sequence[ir.Value], hybrid: bool) -> ir.Value:
    w, r, b = weights
    if hybrid:
        x, h = symmetric(op, x, [1]), symmetric(op, h, [1])
    return activated(op, op.Add(op.Gemm(x, w, b, transB=1), op.Gemm(h, r, transB=1)), name)


@handler("UNIDIRECTIONAL_SEQUENCE_RNN")
def unidirectional_sequence_rnn(
    op: OpBuilder, node: ir.Node, x: ir.Value, w: ir.Value, r: ir.Value, b: ir.Value, h: ir.Value
) -> ir.Value:
    """UNIDIRECTIONAL_SEQUENCE_RNN => Scan of the cell. Source: unidirectional_sequence_rnn.cc."""
    weights = [real(op, v) for v in (w, r, b)]
    y, last = _over_time(op, node, _time_first(op, node, x), h, weights, is_hybrid(op, node, (w, r)))
    update_state(op, h, last)
    return _time_first(op, node, y)


@handler("BIDIRECTIONAL_SEQUENCE_RNN")
def bidirectional_sequence_rnn(op: OpBuilder, node: ir.Node, *inputs: ir.Value | None) -> list[ir.Value]:
    """BIDIRECTIONAL_SEQUENCE_RNN => two Scans, one of the sequence reversed. Source: bidirectional_sequence_rnn.cc."""
    xs = [*inputs, *([None] * (12 - len(inputs)))]
    x = _time_first(op, node, real(op, xs[0]))
    aux = _time_first(op, node, real(op, xs[9])) if xs[9] is not None else None
    results = []
    for first, extra, backwards in ((1, 10, False), (5, 11, True)):
        w, r, b, h = xs[first : first + 4]
        weights = [real(op, v) for v in (w, r, b)]
        source = x
        if aux is not None and xs[extra] is not None:
            source = op.Concat(x, aux, axis=2)
            weights[0] = op.Concat(weights[0], real(op, xs[extra]), axis=1)
        elif aux is not None and backwards:
            source = aux
        assert h is not None
        ordered = reversed_in_time(op, source) if backwards else source
        y, last = _over_time(op, node, ordered, h, weights, is_hybrid(op, node, (w, r)))
        update_state(op, h, last)
        results.append(_time_first(op, node, reversed_in_time(op, y) if backwards else y))
    return [op.Concat(*results, axis=2)] if attr(node, "merge_outputs", False) else results


def _over_time(
    op: OpBuilder, node: ir.Node, x: ir.Value, h: ir.Value, weights: Sequence[ir.Value], hybrid: bool
) -> tuple[ir.Value, ir.Value]:
    name = str(attr(node, "fused_activation_function", "NONE"))
    y, states = scan(op, lambda inner, xt, ht: [_step(inner, name, xt, ht, weights, hybrid)], x, [h])
    return y, states[0]


def _time_first(op: OpBuilder, node: ir.Node, x: ir.Value) -> ir.Value:
    """Time and batch exchanged, where the op has the batch first; its own inverse."""
    return x if attr(node, "time_major", False) else op.Transpose(x, perm=[1, 0, 2])


@handler("SVDF")
def svdf(
    op: OpBuilder, node: ir.Node, x: ir.Value, feature: ir.Value, time: ir.Value, bias: ir.Value | None, state: ir.Value
) -> ir.Value:
    """SVDF => the features join a memory of the last ones, whose products with the time weights are summed by rank.

    Quantized, the memory holds int16 codes: the features are rounded to them, as LiteRT does. Source: svdf.h.
    """
    shape, filters = static_shape(time), static_shape(feature)
    if shape is None or filters is None:
        raise ValueError("the shape of its weights is not known")
    memory, count = shape[1], filters[0]
    rank = int(attr(node, "rank", 1))
    seen = real(op, x)
    if is_hybrid(op, node, (feature, time)):
        seen = symmetric(op, seen, [1])
    now = op.MatMul(seen, op.Transpose(real(op, feature), perm=[1, 0]))
    held = op.Reshape(real(op, state), op.const([-1, count, memory]))
    if is_quantized(state):
        quant = quantization(state)
        assert quant is not None
        scale = quant.scale.reshape(())
        rounded = op.Round(op.Div(now, op.const(scale)))
        now = op.Mul(op.Clip(rounded, np.float32(-32768), np.float32(32767)), op.const(scale))
    held = op.Concat(
        op.Slice(held, op.const([1]), op.const([memory]), op.const([2])), op.Unsqueeze(now, op.const([2])), axis=2
    )
    update_state(op, state, coded(op, op.Reshape(held, op.const([-1, count * memory])), state))
    products = op.ReduceSum(op.Mul(held, real(op, time)), op.const([2]), keepdims=0)
    y = op.ReduceSum(op.Reshape(products, op.const([-1, count // rank, rank])), op.const([2]), keepdims=0)
    if bias is not None:
        y = op.Add(y, real(op, bias))
    return coded(op, activated(op, y, str(attr(node, "fused_activation_function", "NONE"))), node.outputs[0])
