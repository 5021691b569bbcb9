"""SEQUENCE_LSTM, SEQUENCE_GRU and SEQUENCE_RNN: intermediate ops, what the loops of Keras's recurrent layers become.

Inputs: x [time, batch, input], w and r with all gates below each other in ONNX's order, b (of the input, then of the
state), and the states [batch, units]. Outputs: the states of all times [time, batch, units], and the last ones.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import onnx_ir as ir

from tfonnx_lab.graph import OpBuilder, static_shape
from tfonnx_lab.handlers.dynamic_range import rounded_rows
from tfonnx_lab.handlers.lowering.shape import known_size
from tfonnx_lab.handlers.recurrent.over_time import Rounding, exact, real, scan
from tfonnx_lab.rules import handler

_DEFAULTS = {"LSTM": ["Sigmoid", "Tanh", "Tanh"], "GRU": ["Sigmoid", "Tanh"], "RNN": ["Tanh"]}
Step = Callable[[OpBuilder, ir.Value, Sequence[ir.Value]], Sequence[ir.Value]]
Function = Callable[[OpBuilder, ir.Value], ir.Value]


@dataclass(frozen=True)
class _Cell:
    """The kind ("LSTM", "GRU", "RNN"), its activations in ONNX's order, how the state is rounded before its product,
    and of a GRU whether the reset gate comes behind that."""

    kind: str
    functions: Sequence[Function]
    rounding: Rounding
    after: bool


@handler("SEQUENCE_LSTM", "SEQUENCE_GRU", "SEQUENCE_RNN")
def sequence(
    op: OpBuilder, node: ir.Node, x: ir.Value, *rest: ir.Value, activations: Sequence[str], alpha: Sequence[float] = (),
    beta: Sequence[float] = (), rounded: Sequence[int], asymmetric: Sequence[int], reset_after: int | None = None,
) -> list[ir.Value]:  # fmt: skip
    """SEQUENCE_LSTM => LSTM (GRU, RNN); with integer weights => Scan, whose steps round the state to 8 bits as LiteRT
    does."""
    w, r, b, *states = rest
    kind = node.op_type.removeprefix("SEQUENCE_")
    round_x, round_h = _roundings(op, rounded, asymmetric)
    if round_h is not exact:
        cell = _Cell(kind, _functions(activations, alpha, beta), round_h, bool(reset_after))
        return _scanned(op, cell, round_x(op, x), (w, r, b), states)
    lead = op.const([0])
    inputs = [round_x(op, x), *(op.Unsqueeze(real(op, v), lead) for v in (w, r, b)), None]
    inputs += [op.Unsqueeze(s, lead) for s in states]
    names = list(activations)
    options: dict[str, object] = {"hidden_size": known_size(r, 1), "linear_before_reset": reset_after}
    if names != _DEFAULTS[kind]:
        options |= {"activations": names, "activation_alpha": alpha or None, "activation_beta": beta or None}
    made = op.node(kind, inputs, options, outputs=1 + len(states))
    for value in made.outputs:
        value.type = ir.TensorType(ir.DataType.FLOAT)
    return [op.Squeeze(made.outputs[0], op.const([1])), *(op.Squeeze(v, lead) for v in made.outputs[1:])]


def _roundings(op: OpBuilder, rounded: Sequence[int], asymmetric: Sequence[int]) -> list[Rounding]:
    """How the sequence and the state are rounded before they meet integer weights."""
    found: list[Rounding] = []
    for on, shifted in zip(rounded, asymmetric, strict=True):
        wanted = bool(on) and op.options.rounds_inputs
        found.append(_rounding(bool(shifted)) if wanted else exact)
    return found


def _rounding(asymmetric: bool) -> Rounding:
    return lambda op, x: rounded_rows(op, x, asymmetric)


def _scanned(
    op: OpBuilder, cell: _Cell, x: ir.Value, weights: Sequence[ir.Value], states: Sequence[ir.Value]
) -> list[ir.Value]:
    """The products of all times at once, then a Scan of what depends on the state."""
    w, r = (real(op, v) for v in weights[:2])
    of_x, of_h = _parts(op, weights[2], 2, 0)
    sums = _over_all(op, x, w, of_x)
    step = {"LSTM": _lstm, "GRU": _gru, "RNN": _rnn}[cell.kind]

    def one(inner: OpBuilder, total: ir.Value, *old: ir.Value) -> Sequence[ir.Value]:
        return step(inner, _Turn(total, list(old), r, of_h, cell))

    ys, last = scan(op, one, sums, states)
    return [ys, *last]


def _over_all(op: OpBuilder, x: ir.Value, w: ir.Value, b: ir.Value) -> ir.Value:
    """x w + b for all times. By Gemm: ONNX Runtime makes a MatMul with integer weights one that rounds x again."""
    width, size = (int(d) for d in w.shape or ())  # type: ignore[arg-type]
    flat = op.Gemm(op.Reshape(x, op.const([-1, size])), w, b, transB=1)
    known = static_shape(x)
    if known is not None:
        return op.Reshape(flat, op.const([*known[:2], width]))
    lead = op.Slice(op.Shape(x), op.const([0]), op.const([2]), op.const([0]))
    sums = op.Reshape(flat, op.Concat(lead, op.const([width]), axis=0))
    sums.type = ir.TensorType(ir.DataType.FLOAT)
    sums.shape = None if x.shape is None else ir.Shape([*list(x.shape)[:2], width])
    return sums


class _Turn:
    """What a step has: the input's products, the old states, the state's weights and biases."""

    def __init__(self, total: ir.Value, old: list[ir.Value], r: ir.Value, bias: ir.Value, cell: _Cell) -> None:
        self.total, self.old, self.r, self.bias = total, old, r, bias
        self.rounding, self.functions, self.after = cell.rounding, cell.functions, cell.after

    def product(self, op: OpBuilder, h: ir.Value, r: ir.Value, bias: ir.Value) -> ir.Value:
        """The rounded state's products, and the bias."""
        return op.Gemm(self.rounding(op, h), r, bias, transB=1)


def _functions(names: Sequence[str], alpha: Sequence[float], beta: Sequence[float]) -> list[Function]:
    """The activations, in ONNX's order."""
    alphas, betas = list(alpha), list(beta)
    found: list[Function] = []
    for name in names:
        if name == "Affine":
            alphas.pop(0), betas.pop(0)
            found.append(lambda op, x: x)
        elif name == "HardSigmoid":
            found.append(_named(name, alpha=alphas.pop(0), beta=betas.pop(0)))
        elif name == "Elu":
            found.append(_named(name, alpha=alphas.pop(0)))
        else:
            found.append(_named(name))
    return found


def _named(name: str, **options: float) -> Function:
    return lambda op, x: getattr(op, name)(x, **options)


def _lstm(op: OpBuilder, turn: _Turn) -> Sequence[ir.Value]:
    f, g, h = turn.functions
    old_h, old_c = turn.old
    total = op.Add(turn.total, turn.product(op, old_h, turn.r, turn.bias))
    enter, out, forget, new = _parts(op, total, 4)
    c = op.Add(op.Mul(f(op, forget), old_c), op.Mul(f(op, enter), g(op, new)))
    return [op.Mul(f(op, out), h(op, c)), c]


def _gru(op: OpBuilder, turn: _Turn) -> Sequence[ir.Value]:
    f, g = turn.functions
    (old,) = turn.old
    z_x, r_x, h_x = _parts(op, turn.total, 3)
    if turn.after:
        z_h, r_h, h_h = _parts(op, turn.product(op, old, turn.r, turn.bias), 3)
        reset = f(op, op.Add(r_x, r_h))
        new = g(op, op.Add(h_x, op.Mul(reset, h_h)))
    else:
        r_z, r_r, r_new = _parts(op, turn.r, 3, 0)
        b_z, b_r, b_h = _parts(op, turn.bias, 3, 0)
        z_h = turn.product(op, old, r_z, b_z)
        reset = f(op, op.Add(r_x, turn.product(op, old, r_r, b_r)))
        new = g(op, op.Add(h_x, turn.product(op, op.Mul(reset, old), r_new, b_h)))
    z = f(op, op.Add(z_x, z_h))
    return [op.Add(op.Mul(z, old), op.Mul(op.Sub(np.float32(1), z), new))]


def _rnn(op: OpBuilder, turn: _Turn) -> Sequence[ir.Value]:
    return [turn.functions[0](op, op.Add(turn.total, turn.product(op, turn.old[0], turn.r, turn.bias)))]


def _parts(op: OpBuilder, x: ir.Value, count: int, axis: int = -1) -> list[ir.Value]:
    """As many equal parts of the last axis."""
    if count == 1:
        return [x]
    more = {"num_outputs": count} if op.opset >= 18 else {}
    made = op.node("Split", [x], {"axis": axis, **more}, outputs=count)
    for value in made.outputs:
        value.type = ir.TensorType(ir.DataType.FLOAT)
    return list(made.outputs)
