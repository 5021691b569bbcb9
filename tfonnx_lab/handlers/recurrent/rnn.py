"""RNN, UNIDIRECTIONAL_SEQUENCE_RNN, BIDIRECTIONAL_SEQUENCE_RNN and SVDF."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import onnx_ir as ir

from tfonnx_lab.errors import Unsupported
from tfonnx_lab.graph import OpBuilder, constant_array, is_quantized, static_shape
from tfonnx_lab.handlers.lowering import integer
from tfonnx_lab.handlers.lowering.integer import scale_of
from tfonnx_lab.handlers.lowering.shape import dims
from tfonnx_lab.handlers.lowering.state import update_state
from tfonnx_lab.handlers.recurrent.over_time import (
    Rounding,
    activated,
    coded,
    real,
    reversed_in_time,
    rounding,
    scan,
    time_first,
)
from tfonnx_lab.handlers.recurrent.shapes import check_rnn, check_svdf, size_of
from tfonnx_lab.rules import handler


@handler("RNN")
def rnn(
    op: OpBuilder, node: ir.Node, x: ir.Value, w: ir.Value, r: ir.Value, b: ir.Value, h: ir.Value, *,
    fused_activation_function: str = "NONE", asymmetric_quantize_inputs: bool = False,
) -> ir.Value:  # fmt: skip
    """RNN(x, w, r, b, h) => activation(x w + h r + b), kept as the next h. Source: basic_rnn.cc."""
    check_rnn(x, 2, (w, r, b, h), size_of(x, 0))
    rounded = rounding(op, node, (w, r), asymmetric_quantize_inputs)
    y = _step(op, fused_activation_function, rounded(op, x), h, [real(op, v) for v in (w, r, b)], rounded)
    update_state(op, h, y)
    return y


def _step(
    op: OpBuilder, name: str, x: ir.Value, h: ir.Value, weights: Sequence[ir.Value], rounded: Rounding
) -> ir.Value:
    """The next state of an x that is rounded already."""
    w, r, b = weights
    return activated(op, op.Add(op.Gemm(x, w, b, transB=1), op.Gemm(rounded(op, h), r, transB=1)), name)


@handler("UNIDIRECTIONAL_SEQUENCE_RNN")
def unidirectional_sequence_rnn(
    op: OpBuilder, node: ir.Node, x: ir.Value, w: ir.Value, r: ir.Value, b: ir.Value, h: ir.Value, *,
    time_major: bool = False, fused_activation_function: str = "NONE", asymmetric_quantize_inputs: bool = False,
) -> ir.Value:  # fmt: skip
    """UNIDIRECTIONAL_SEQUENCE_RNN => Scan of the cell. Source: unidirectional_sequence_rnn.cc."""
    check_rnn(x, 3, (w, r, b, h), size_of(x, int(time_major)))
    weights = [real(op, v) for v in (w, r, b)]
    rounded = rounding(op, node, (w, r), asymmetric_quantize_inputs)
    y, last = _over_time(op, fused_activation_function, rounded(op, time_first(op, x, time_major)), h, weights, rounded)
    update_state(op, h, last)
    return time_first(op, y, time_major)


@handler("BIDIRECTIONAL_SEQUENCE_RNN")
def bidirectional_sequence_rnn(
    op: OpBuilder, node: ir.Node, *inputs: ir.Value | None, time_major: bool = False,
    fused_activation_function: str = "NONE", merge_outputs: bool = False, asymmetric_quantize_inputs: bool = False,
) -> list[ir.Value]:  # fmt: skip
    """BIDIRECTIONAL_SEQUENCE_RNN => two Scans, one of the sequence reversed. Source: bidirectional_sequence_rnn.cc.

    A second input without weights is what the backward cell reads; LiteRT forgets it where the batch comes first. With
    integer weights and the time first, LiteRT goes through the sequence as often as it is long, and keeps the last
    outputs.
    """
    xs = [*inputs, *([None] * (12 - len(inputs)))]
    for first, extra, of in ((1, 10, "forward "), (5, 11, "backward ")):
        check_rnn(xs[0], 3, xs[first : first + 4], size_of(xs[0], int(time_major)), (xs[9], xs[extra]), of)
    if (xs[10] is None) != (xs[11] is None):
        raise Unsupported("one of its cells has weights of the auxiliary input, and one has none")
    x = time_first(op, real(op, xs[0]), time_major)
    aux = time_first(op, real(op, xs[9]), time_major) if xs[9] is not None else None
    results = []
    for first, extra, backwards in ((1, 10, False), (5, 11, True)):
        w, r, b, h = xs[first : first + 4]
        weights = [real(op, v) for v in (w, r, b)]
        rounded = rounding(op, node, (w, r), asymmetric_quantize_inputs)
        source = rounded(op, x)
        if aux is not None and xs[extra] is not None:
            source = op.Concat(source, rounded(op, aux), axis=2)
            weights[0] = op.Concat(weights[0], real(op, xs[extra]), axis=1)
        elif aux is not None and backwards and time_major:
            source = rounded(op, aux)
        assert h is not None
        ordered = reversed_in_time(op, source) if backwards else source
        length = dims(op, ordered, [0])
        again = w is not None and is_quantized(w) and time_major
        if again:
            ordered = op.Tile(ordered, op.Concat(length, op.const([1, 1]), axis=0))
        y, last = _over_time(op, fused_activation_function, ordered, h, weights, rounded)
        if again:
            y = op.Slice(y, op.Neg(length), op.const([2**31 - 1]), op.const([0]))
        update_state(op, h, last)
        results.append(time_first(op, reversed_in_time(op, y) if backwards else y, time_major))
    return [op.Concat(*results, axis=2)] if merge_outputs else results


def _over_time(
    op: OpBuilder, name: str, x: ir.Value, h: ir.Value, weights: Sequence[ir.Value], rounded: Rounding
) -> tuple[ir.Value, ir.Value]:
    """All states and the last one.

    name: of the activation.
    """
    y, states = scan(op, lambda inner, xt, ht: [_step(inner, name, xt, ht, weights, rounded)], [x], [h])
    return y, states[0]


@handler("SVDF")
def svdf(
    op: OpBuilder, node: ir.Node, x: ir.Value, feature: ir.Value, time: ir.Value, bias: ir.Value | None,
    state: ir.Value,
    *, rank: int, fused_activation_function: str = "NONE", asymmetric_quantize_inputs: bool = False,
) -> ir.Value:  # fmt: skip
    """SVDF => the features join a memory of the last ones, whose products with the time weights are summed by rank.

    Source: svdf.h.
    """
    check_svdf(x, feature, time, bias, state, rank)
    shape, filters = static_shape(time), static_shape(feature)
    if shape is None or filters is None:
        raise ValueError("the shape of its weights is not known")
    memory, count = shape[1], filters[0]
    if constant_array(feature) is not None and constant_array(time) is not None and x.dtype == ir.DataType.INT8:
        return _integer_svdf(op, node, x, feature, time, bias, state, rank)
    seen = rounding(op, node, (feature, time), asymmetric_quantize_inputs)(op, real(op, x))
    now = op.MatMul(seen, op.Transpose(real(op, feature), perm=[1, 0]))
    held = op.Reshape(real(op, state), op.const([-1, count, memory]))
    held = op.Concat(
        op.Slice(held, op.const([1]), op.const([memory]), op.const([2])), op.Unsqueeze(now, op.const([2])), axis=2
    )
    update_state(op, state, coded(op, op.Reshape(held, op.const([-1, count * memory])), state))
    products = op.ReduceSum(op.Mul(held, real(op, time)), op.const([2]), keepdims=0)
    y = op.ReduceSum(op.Reshape(products, op.const([-1, count // rank, rank])), op.const([2]), keepdims=0)
    if bias is not None:
        y = op.Add(y, real(op, bias))
    return coded(op, activated(op, y, fused_activation_function), node.outputs[0])


def _integer_svdf(
    op: OpBuilder, node: ir.Node, x: ir.Value, feature: ir.Value, time: ir.Value, bias: ir.Value | None,
    state: ir.Value,
    rank: int,
) -> ir.Value:  # fmt: skip
    """int8 features and int16 memory, rescaled where LiteRT does; it applies no activation. Source: EvalIntegerSVDF.

    Memory of 8 bits, which LiteRT for microcontrollers has, saturates at 8 bits and has a zero point. Source: its
    svdf_common.cc.
    """
    (xs, xz), (fs, _), (ts, _), (ss, sz), (ys, yz) = (scale_of(v) for v in (x, feature, time, state, node.outputs[0]))
    features, times = constant_array(feature), constant_array(time)
    assert features is not None and times is not None and state.dtype is not None
    count, memory = times.shape
    kept_as = state.dtype
    sums = integer.matmul(op, x, features, None, xz)
    most = integer.most_of(features, None)
    if kept_as == ir.DataType.INT16:
        now = integer.multiply(op, sums, [xs * fs / ss], most=most, limit=2**16)
        now = op.Cast(integer.clip(op, now, *integer.INT16), to=kept_as)
    else:
        now = integer.quantize(op, sums, xs * fs / ss, sz, most=most, dtype=kept_as)
    held = op.Reshape(state, op.const([-1, count, memory]))
    kept = op.Slice(held, op.const([1]), op.const([memory]), op.const([2]))
    held = op.Concat(kept, op.Reshape(now, op.const([-1, count, 1])), axis=2)
    update_state(op, state, op.Reshape(held, op.const([-1, count * memory])))
    joined = integer.wide(op, op.Reshape(held, op.const([-1, count // rank, rank * memory])))
    steps = times.astype(np.float64).reshape(count // rank, rank * memory)
    y = op.ReduceSum(op.Mul(joined, steps), op.const([2]), keepdims=0)
    return integer.quantize(op, _offset(op, y, bias, sz * steps.sum(1)), ss * ts / ys, yz)


def _offset(op: OpBuilder, sums: ir.Value, bias: ir.Value | None, zero: np.ndarray) -> ir.Value:
    """Sums plus bias, less what the zero point of the memory adds to them."""
    known = np.zeros(1) if bias is None else constant_array(bias)
    if known is None:
        assert bias is not None
        whole = op.Add(sums, integer.wide(op, bias))
        return op.Sub(whole, zero) if zero.any() else whole
    total = known.astype(np.float64) - zero
    return op.Add(sums, total) if total.any() else sums
