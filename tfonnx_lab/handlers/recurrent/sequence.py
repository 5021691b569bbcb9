"""SEQUENCE_LSTM, SEQUENCE_GRU and SEQUENCE_RNN: intermediate ops, what the loops of Keras's recurrent layers become.

Inputs: x [time, batch, input], w and r with all gates below each other in ONNX's order, b (of the input, then of the
state), and the states [batch, units]. Outputs: the states of all times [time, batch, units], and the last ones.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import onnx_ir as ir

from tfonnx_lab.graph import OpBuilder
from tfonnx_lab.handlers.dynamic_range import rounded_rows
from tfonnx_lab.handlers.lowering.shape import known_size
from tfonnx_lab.handlers.recurrent.over_time import Rounding, exact, over_all, real, scan
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
    """The products of all times at once, with each bias that may join them, then a Scan of what the state decides."""
    w, r = (real(op, v) for v in weights[:2])
    of_x, of_h = _parts(op, weights[2], 2, 0)
    units = known_size(r, 1)
    apart = cell.kind == "GRU" and cell.after  # the reset gate scales the state's bias as well
    sums = over_all(op, x, w, of_x if apart else op.Add(of_x, of_h))
    if cell.kind == "GRU" and not cell.after:
        cut = [op.const([0]), op.const([2 * units]), op.const([3 * units])]
        matrices = [op.Slice(r, *cut[:2], cut[0]), op.Slice(r, *cut[1:], cut[0])]
    else:
        matrices = [r]
    step = {"LSTM": _lstm, "GRU": _gru, "RNN": _rnn}[cell.kind]

    def one(inner: OpBuilder, total: ir.Value, *old: ir.Value) -> Sequence[ir.Value]:
        return step(inner, _Turn(total, list(old), matrices, of_h, units, cell))

    ys, last = scan(op, one, sums, states)
    return [ys, *last]


class _Turn:
    """What a step has: the input's products, the old states, the state's weights, its biases where they stand apart."""

    def __init__(
        self, total: ir.Value, old: list[ir.Value], matrices: list[ir.Value], bias: ir.Value, units: int, cell: _Cell
    ) -> None:
        self.total, self.old, self.matrices, self.bias, self.units = total, old, matrices, bias, units
        self.rounding, self.functions, self.after = cell.rounding, cell.functions, cell.after

    def product(self, op: OpBuilder, h: ir.Value, r: ir.Value, added: ir.Value) -> ir.Value:
        """The rounded state's products, and what is added to them."""
        return op.Gemm(self.rounding(op, h), r, added, transB=1)


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
    """One product with all gates side by side: those with one activation take it together."""
    f, g, h = turn.functions
    old_h, old_c = turn.old
    total = turn.product(op, old_h, turn.matrices[0], turn.total)
    gates, new = _cut(op, total, 3 * turn.units, turn.units)
    enter, out, forget = _parts(op, f(op, gates), 3)
    c = op.Add(op.Mul(forget, old_c), op.Mul(enter, g(op, new)))
    return [op.Mul(out, h(op, c)), c]


def _gru(op: OpBuilder, turn: _Turn) -> Sequence[ir.Value]:
    """z * old + (1 - z) * new, as new + z * (old - new)."""
    f, g = turn.functions
    (old,) = turn.old
    gates_x, h_x = _cut(op, turn.total, 2 * turn.units, turn.units)
    if turn.after:
        gates_h, h_h = _cut(op, turn.product(op, old, turn.matrices[0], turn.bias), 2 * turn.units, turn.units)
        z, reset = _parts(op, f(op, op.Add(gates_x, gates_h)), 2)
        new = g(op, op.Add(h_x, op.Mul(reset, h_h)))
    else:
        z, reset = _parts(op, f(op, turn.product(op, old, turn.matrices[0], gates_x)), 2)
        new = g(op, turn.product(op, op.Mul(reset, old), turn.matrices[1], h_x))
    return [op.Add(new, op.Mul(z, op.Sub(old, new)))]


def _rnn(op: OpBuilder, turn: _Turn) -> Sequence[ir.Value]:
    return [turn.functions[0](op, turn.product(op, turn.old[0], turn.matrices[0], turn.total))]


def _parts(op: OpBuilder, x: ir.Value, count: int, axis: int = -1) -> list[ir.Value]:
    """As many equal parts of the last axis."""
    if count == 1:
        return [x]
    return _split(op, [x], count, {"axis": axis, **({"num_outputs": count} if op.opset >= 18 else {})})


def _cut(op: OpBuilder, x: ir.Value, *sizes: int) -> list[ir.Value]:
    """Parts of these sizes of the last axis."""
    return _split(op, [x, op.const(list(sizes))], len(sizes), {"axis": -1})


def _split(op: OpBuilder, inputs: list[ir.Value], count: int, options: dict[str, int]) -> list[ir.Value]:
    made = op.node("Split", inputs, options, outputs=count)
    for value in made.outputs:
        value.type = ir.TensorType(ir.DataType.FLOAT)
    return list(made.outputs)
