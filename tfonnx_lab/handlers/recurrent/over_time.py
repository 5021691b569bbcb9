"""Running recurrent ops over time, and what their cells share: real values, rounding, activations."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import onnx_ir as ir

from tfonnx_lab.arithmetic.activations import BOUNDS
from tfonnx_lab.graph import OpBuilder, is_quantized, quantization, static_shape
from tfonnx_lab.handlers.lowering.own_range import rounded_rows
from tfonnx_lab.handlers.lowering.shape import known_size
from tfonnx_lab.handlers.quantize import dequantize_linear, quantize_linear

_F = ir.TensorType(ir.DataType.FLOAT)


def real(op: OpBuilder, x: ir.Value | None) -> ir.Value:
    """The real values of a tensor; codes are dequantized."""
    assert x is not None
    quant = quantization(x)
    if quant is not None and is_quantized(x):
        return dequantize_linear(op, x, quant)
    return op.Cast(x, to=ir.DataType.FLOAT) if x.dtype in (ir.DataType.FLOAT16, ir.DataType.BFLOAT16) else x


def coded(op: OpBuilder, y: ir.Value, like: ir.Value) -> ir.Value:
    """Real values as codes, where `like` holds codes."""
    quant = quantization(like)
    return quantize_linear(op, y, quant, like.dtype) if quant is not None and is_quantized(like) else y


Rounding = Callable[[OpBuilder, ir.Value], ir.Value]
"""What is done to the rows of float inputs before they meet integer weights."""


def rounding(op: OpBuilder, node: ir.Node, weights: Sequence[ir.Value | None], asymmetric: bool) -> Rounding:
    """Float activations with integer weights are rounded to 8 bits, as LiteRT does; all others stay as they are."""
    integer = any(w is not None and is_quantized(w) for w in weights)
    if not op.options.rounds_inputs or not integer or node.outputs[0].dtype != ir.DataType.FLOAT:
        return exact
    return lambda inner, x: rounded_rows(inner, x, asymmetric)


def exact(op: OpBuilder, x: ir.Value) -> ir.Value:
    """No rounding."""
    return x


def reversed_in_time(op: OpBuilder, x: ir.Value) -> ir.Value:
    """The sequence (first axis) from its end to its start."""
    return op.Slice(x, op.const([-1]), op.const([-(2**31)]), op.const([0]), op.const([-1]))


def activated(op: OpBuilder, x: ir.Value, name: str) -> ir.Value:
    """A fused activation of a recurrent op."""
    if name == "NONE":
        return x
    if name == "TANH":
        return op.Tanh(x)
    if name == "RELU":
        return op.Relu(x)
    if name == "SIGN_BIT":
        return op.Cast(op.Less(x, np.float32(0)), to=ir.DataType.FLOAT)
    return op.Clip(x, *(np.float32(bound) for bound in BOUNDS[name] if bound is not None))


def over_all(op: OpBuilder, x: ir.Value, w: ir.Value, b: ir.Value | None) -> ir.Value:
    """x [time, batch, input] times w [gates, input], plus b, for all times.

    By Gemm: ONNX Runtime makes a MatMul with integer weights one that rounds x again.
    """
    width, size = known_size(w, 0), known_size(w, 1)
    flat = op.Gemm(op.Reshape(x, op.const([-1, size])), w, b, transB=1)
    known = static_shape(x)
    if known is not None:
        return op.Reshape(flat, op.const([*known[:2], width]))
    lead = op.Slice(op.Shape(x), op.const([0]), op.const([2]), op.const([0]))
    sums: ir.Value = op.Reshape(flat, op.Concat(lead, op.const([width]), axis=0))
    sums.type = _F
    sums.shape = None if x.shape is None else ir.Shape([*list(x.shape)[:2], width])
    return sums


Step = Callable[..., Sequence[ir.Value]]


def scan(
    op: OpBuilder, step: Step, xs: Sequence[ir.Value], states: Sequence[ir.Value]
) -> tuple[ir.Value, list[ir.Value]]:
    """Run step(op, *x_t, *states) => new states over the first axis of xs; returns what is collected of all times, and
    the last states.

    What is collected comes behind the new states; where nothing does, it is the first of them.
    """
    *last, ys = run_over(op, step, xs, states, collected=True)
    return ys, last


def run_over(
    op: OpBuilder, step: Step, xs: Sequence[ir.Value], states: Sequence[ir.Value], collected: bool
) -> list[ir.Value]:
    """As `scan`: the last states, then what is collected, if anything reads it: a SimpleRNN of 50 iterations of which
    nothing does 121 => 106 us without."""
    turns = [
        ir.Value(name="x_t" if i == 0 else f"x_t_{i}", type=x.type, shape=_behind_first(x)) for i, x in enumerate(xs)
    ]
    before = [ir.Value(name=f"state_{i}", type=s.type, shape=s.shape) for i, s in enumerate(states)]
    graph = op.editor.subgraph("step", [*before, *turns])
    inner = OpBuilder(op.editor, op.opset, op.options)
    after = list(step(inner, *turns, *before))
    for value, state in zip(after, states, strict=False):  # which ONNX Runtime does not always infer
        value.type, value.shape = state.type, state.shape
    outputs = after[: len(states)]
    if collected:
        outputs = after if len(after) > len(states) else [*after, inner.Identity(after[0])]
    for node in inner.tape:
        op.editor.insert(node, graph=graph)
    op.editor.set_outputs(graph, outputs)
    made = op.node("Scan", [*states, *xs], {"body": graph, "num_scan_inputs": len(xs)}, outputs=len(outputs))
    made.outputs[-1].type = states[0].type
    for value, state in zip(made.outputs, states, strict=False):
        value.type, value.shape = state.type, state.shape
    return list(made.outputs)


def _behind_first(x: ir.Value) -> ir.Shape | None:
    return None if x.shape is None else ir.Shape(list(x.shape)[1:])


def parts(op: OpBuilder, x: ir.Value, count: int, axis: int = -1) -> list[ir.Value]:
    """As many equal parts of an axis."""
    if count == 1:
        return [x]
    return _split(op, [x], count, {"axis": axis, **({"num_outputs": count} if op.opset >= 18 else {})})


def cut(op: OpBuilder, x: ir.Value, *sizes: int) -> list[ir.Value]:
    """Parts of these sizes of the last axis."""
    return _split(op, [x, op.const(list(sizes))], len(sizes), {"axis": -1})


def _split(op: OpBuilder, inputs: list[ir.Value], count: int, options: dict[str, int]) -> list[ir.Value]:
    made = op.node("Split", inputs, options, outputs=count)
    for value in made.outputs:
        value.type = _F
    return list(made.outputs)


def time_first(op: OpBuilder, x: ir.Value, time_major: bool) -> ir.Value:
    """Time and batch exchanged, where the op has the batch first; its own inverse."""
    return x if time_major else op.Transpose(x, perm=[1, 0, 2])
