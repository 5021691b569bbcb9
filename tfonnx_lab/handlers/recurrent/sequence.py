"""SEQUENCE_LSTM, SEQUENCE_GRU and SEQUENCE_RNN: intermediate ops, what the loops of Keras's recurrent layers become.

Inputs: x [time, batch, input], w and r with all gates below each other in ONNX's order, b (of the input, then of the
state), and the states [batch, units]. Outputs: the states of all times [time, batch, units], and the last ones.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import onnx_ir as ir

from tfonnx_lab.graph import OpBuilder, use_count
from tfonnx_lab.handlers.lowering.own_range import rounded_rows
from tfonnx_lab.handlers.lowering.shape import known_size
from tfonnx_lab.handlers.recurrent.integer_state import StateWeights, lstm_over_time, rows, sized
from tfonnx_lab.handlers.recurrent.over_time import Rounding, cut, exact, over_all, parts, real, run_over
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
) -> list[ir.Value | None]:  # fmt: skip
    """SEQUENCE_LSTM => LSTM (GRU, RNN); with integer weights => Scan, whose steps round the state to 8 bits as LiteRT
    does."""
    w, r, b, *states = rest
    kind = node.op_type.removeprefix("SEQUENCE_")
    round_x, round_h = _roundings(op, rounded, asymmetric)
    names = list(activations)
    options: dict[str, object] = {}
    if names != _DEFAULTS[kind]:
        options = {"activations": names, "activation_alpha": alpha or None, "activation_beta": beta or None}
    if round_h is not exact:
        cell = _Cell(kind, _functions(activations, alpha, beta), round_h, bool(reset_after))
        codes = StateWeights.of(op, [r], states) if asymmetric[1] else None
        collected = bool(use_count(node.outputs[0])) or node.outputs[0].is_graph_output()
        return _scanned(op, cell, round_x(op, x), (w, codes or r, b), states, options, collected)
    lead = op.const([0])
    inputs = [round_x(op, x), *(op.Unsqueeze(real(op, v), lead) for v in (w, r, b)), None]
    inputs += [op.Unsqueeze(s, lead) for s in states]
    options |= {"hidden_size": known_size(r, 1), "linear_before_reset": reset_after}
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
    op: OpBuilder,
    cell: _Cell,
    x: ir.Value,
    weights: tuple[ir.Value, ir.Value | StateWeights, ir.Value],
    states: Sequence[ir.Value],
    options: dict[str, object],
    collected: bool,
) -> list[ir.Value | None]:
    """The products of all times at once, with each bias that may join them, then a Scan of what the state decides.

    options: the activations, where ONNX Runtime has an op for the step.
    collected: whether anything reads the states of all times.
    """
    w, r, b = weights
    of_x, of_h = parts(op, b, 2, 0)
    units = known_size(states[0], -1)
    apart = cell.kind == "GRU" and cell.after  # the reset gate scales the state's bias as well
    sums = over_all(op, x, real(op, w), of_x if apart else op.Add(of_x, of_h))
    one_row = isinstance(r, StateWeights) and r.one_row
    if one_row and isinstance(r, StateWeights) and cell.kind == "LSTM":
        ys, last = lstm_over_time(op, r, sums, states[0], states[1], options, collected)
        return [ys, *last]
    fed = [sums]
    if cell.kind == "GRU":
        gates, new = cut(op, sums, 2 * units, units)
        if cell.after:  # the sum of the new state comes behind the reset gate
            gates = op.Add(op.Pad(gates, op.const([0, 0, 0, 0, 0, units])), of_h)
        fed = [sized(gates, sums, 3 * units if cell.after else 2 * units), sized(new, sums, units)]
    if one_row:
        fed = [rows(op, value) for value in fed]
    ends = [0, 2 * units, 3 * units] if cell.kind == "GRU" and not cell.after else [0]
    products = [_product(op, cell, r, *cuts) for cuts in zip(ends, ends[1:], strict=False)] or [_product(op, cell, r)]
    step = {"LSTM": _lstm, "GRU": _gru, "RNN": _rnn}[cell.kind]

    def one(inner: OpBuilder, *values: ir.Value) -> Sequence[ir.Value]:
        return step(inner, _Turn(values[: len(fed)], values[len(fed) :], products, units, cell))

    found = run_over(op, one, fed, states, collected)
    return [found.pop() if collected else None, *found]


Product = Callable[[OpBuilder, ir.Value, ir.Value], ir.Value]
"""The products of a state and weights, with what is added to them."""


def _product(op: OpBuilder, cell: _Cell, r: ir.Value | StateWeights, *rows: int) -> Product:
    """With weights [sums, units], or some of their rows: the state is rounded, and multiplied."""
    if isinstance(r, StateWeights):
        return (r.cut(*rows) if rows else r).product
    matrix = real(op, r)
    if rows:
        start, stop = (op.const([row]) for row in rows)
        matrix = op.Slice(matrix, start, stop, op.const([0]))
    return lambda inner, h, added: inner.Gemm(cell.rounding(inner, h), matrix, added, transB=1)


@dataclass(frozen=True)
class _Turn:
    """What a step has: what the inputs give, the old states, the products of the state."""

    fed: Sequence[ir.Value]
    old: Sequence[ir.Value]
    products: Sequence[Product]
    units: int
    cell: _Cell


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
    f, g, h = turn.cell.functions
    old_h, old_c = turn.old
    total = turn.products[0](op, old_h, turn.fed[0])
    gates, new = cut(op, total, 3 * turn.units, turn.units)
    enter, out, forget = parts(op, f(op, gates), 3)
    c = op.Add(op.Mul(forget, old_c), op.Mul(enter, g(op, new)))
    return [op.Mul(out, h(op, c)), c]


def _gru(op: OpBuilder, turn: _Turn) -> Sequence[ir.Value]:
    """z * old + (1 - z) * new, as new + z * (old - new)."""
    f, g = turn.cell.functions
    (old,) = turn.old
    gates, new_x = turn.fed
    if turn.cell.after:
        z, reset, state = parts(op, turn.products[0](op, old, gates), 3)
        z, reset = f(op, z), f(op, reset)
        new = g(op, op.Add(new_x, op.Mul(reset, state)))
    else:
        z, reset = parts(op, f(op, turn.products[0](op, old, gates)), 2)
        new = g(op, turn.products[1](op, op.like(op.Mul(reset, old), old), new_x))
    return [op.Add(new, op.Mul(z, op.Sub(old, new)))]


def _rnn(op: OpBuilder, turn: _Turn) -> Sequence[ir.Value]:
    return [turn.cell.functions[0](op, turn.products[0](op, turn.old[0], turn.fed[0]))]
