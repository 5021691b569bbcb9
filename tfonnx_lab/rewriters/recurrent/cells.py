"""Which cell of ONNX's LSTM, GRU or RNN the expressions of a loop's body are."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from tfonnx_lab.rewriters.recurrent.expressions import Call, Constant, Expression, Leaf, Linear, Weights
from tfonnx_lab.rules import Miss

Activation = tuple[str, float | None, float | None]
"""ONNX's name of it, alpha and beta where it has them."""


@dataclass(frozen=True)
class Cell:
    """A cell in ONNX's order of gates.

    kind: LSTM, GRU or RNN.

    x: the sequence's leaf.
    inputs, states: each gate's weights.
    biases: each gate's bias, of the inputs and of the states.
    """

    kind: str
    x: Leaf
    inputs: list[Weights]
    states: list[Weights]
    biases: tuple[list[np.ndarray], list[np.ndarray]]
    activations: list[Activation]
    reset_after: bool = False


def lstm(h: Expression, c: Expression, old_h: Leaf, old_c: Leaf) -> Cell:
    """h = o * act(c), c = f * old_c + i * g. Raises Miss for anything else."""
    for o, squashed in _swapped(h, "Mul"):
        hidden = _of(squashed, c)
        if hidden is None:
            continue
        for kept, new in _swapped(c, "Add"):
            forget = next((f for f, state in _swapped(kept, "Mul") if state is old_c), None)
            for enter, candidate in _swapped(new, "Mul") if forget is not None else ():
                cell = _lstm(o, forget, enter, candidate, hidden, old_h)
                if cell is not None:
                    return cell
    raise Miss("its two states are not those of an LSTM")


def _lstm(
    o: Expression, f: Expression | None, i: Expression, g: Expression, hidden: Activation, h: Leaf
) -> Cell | None:
    gates = [_gate(x) for x in (i, o, f, g) if x is not None]
    if len(gates) != 4 or any(gate is None for gate in gates):
        return None
    found = [gate for gate in gates if gate is not None]
    names = [name for name, _ in found]
    if not (names[0] == names[1] == names[2]):
        return None
    x, inputs, states, biases = _weighed([total for _, total in found], h)
    none = [np.zeros_like(b) for b in biases]
    return Cell("LSTM", x, inputs, states, (biases, none), [names[0], names[3], hidden])


def gru(h: Expression, old: Leaf) -> Cell:
    """h = z * old + (1 - z) * g, with the reset gate before or after the product of the state.

    Raises Miss for anything else.
    """
    for kept, new in _swapped(h, "Add"):
        z = next((z for z, state in _swapped(kept, "Mul") if state is old), None)
        for rest, candidate in _swapped(new, "Mul") if z is not None else ():
            if not _is_rest(rest, z):
                continue
            cell = _gru(z, candidate, old)
            if cell is not None:
                return cell
    raise Miss("its state is not that of a GRU")


def _is_rest(x: Expression, z: Expression | None) -> bool:
    """Whether x is 1 - z."""
    if not isinstance(x, Call) or x.function != "Sub" or x.args[1] is not z:
        return False
    return isinstance(x.args[0], Constant) and bool((x.args[0].array == 1).all())


def _gru(z: Expression | None, candidate: Expression, old: Leaf) -> Cell | None:
    update = _gate(z) if z is not None else None
    for name, inner in _activations(candidate):
        for split in (_after(inner, old), _before(inner, old)):
            if split is None or update is None:
                continue
            reset, (g_x, w), (g_h, r), after = split
            opened = _gate(reset)
            if opened is None or opened[0] != update[0]:
                continue
            x, inputs, states, biases = _weighed([update[1], opened[1]], old)
            if x is not w[0]:
                continue
            zeros = [np.zeros_like(b) for b in biases]
            return Cell(
                "GRU", x, [*inputs, w[1]], [*states, r], ([*biases, g_x], [*zeros, g_h]), [update[0], name], after
            )
    return None


Split = tuple[Expression, tuple[np.ndarray, tuple[Expression, Weights]], tuple[np.ndarray, Weights], bool]
"""The reset gate; bias and product of the input; bias and weights of the state; whether the reset comes after."""


def _after(total: Expression, old: Leaf) -> Split | None:
    """w x + b + reset * (r old + c)."""
    for plain, scaled in _swapped(total, "Add"):
        if not isinstance(plain, Linear) or len(plain.products) != 1:
            continue
        for reset, inner in _swapped(scaled, "Mul"):
            if isinstance(inner, Linear) and len(inner.products) == 1 and inner.products[0][0] is old:
                wide = _wide(plain), _wide(inner)
                return reset, (wide[0], plain.products[0]), (wide[1], inner.products[0][1]), True
    return None


def _before(total: Expression, old: Leaf) -> Split | None:
    """w x + b + r (reset * old)."""
    if not isinstance(total, Linear) or len(total.products) != 2:
        return None
    for a, b in (total.products, total.products[::-1]):
        for reset, state in _swapped(b[0], "Mul"):
            if state is old:
                bias = _wide(total)
                return reset, (bias, a), (np.zeros_like(bias), b[1]), False
    return None


def rnn(h: Expression, old: Leaf) -> Cell:
    """h = act(w x + r old + b). Raises Miss for anything else."""
    found = _gate(h)
    if found is None:
        raise Miss("its state is not that of an RNN")
    x, inputs, states, biases = _weighed([found[1]], old)
    return Cell("RNN", x, inputs, states, (biases, [np.zeros_like(biases[0])]), [found[0]])


def _weighed(gates: list[Linear], old: Leaf) -> tuple[Leaf, list[Weights], list[Weights], list[np.ndarray]]:
    """The weights of the gates by what they meet.

    Raises Miss where a gate reads anything but the input and the state.
    """
    inputs, states, sources = [], [], set()
    for gate in gates:
        parts = {id(source): (source, w) for source, w in gate.products}
        state = parts.pop(id(old), None)
        if state is None or len(parts) != 1 or len(gate.products) != 2:
            raise Miss("a gate does not read the sequence and the state once each")
        ((x, w),) = parts.values()
        if not isinstance(x, Leaf) or not x.sequence:
            raise Miss("a gate reads something else than the sequence")
        sources.add(x)
        inputs.append(w)
        states.append(state[1])
    if len(sources) != 1:
        raise Miss("its gates read several sequences")
    return sources.pop(), inputs, states, [_wide(gate) for gate in gates]


def _wide(total: Linear) -> np.ndarray:
    return np.broadcast_to(total.bias.astype(np.float32), total.size).copy()


def _gate(x: Expression) -> tuple[Activation, Linear] | None:
    return next(((name, inner) for name, inner in _activations(x) if isinstance(inner, Linear)), None)


def _of(x: Expression, inner: Expression) -> Activation | None:
    """The activation whose result x is, of this expression."""
    return next((name for name, found in _activations(x) if found is inner), None)


def _activations(x: Expression) -> Iterator[tuple[Activation, Expression]]:
    """The readings of an expression as an activation of another."""
    yield ("Affine", 1.0, 0.0), x
    if not isinstance(x, Call):
        return
    if x.function in ("Sigmoid", "Tanh", "Relu"):
        yield (x.function, None, None), x.args[0]
    elif x.function == "Elu":
        yield ("Elu", 1.0, None), x.args[0]
    for inner, factor in _swapped(x, "Mul"):
        if isinstance(inner, Call) and inner.function == "Relu6" and abs(_number(factor) * 6 - 1) < 1e-6:
            yield ("HardSigmoid", 1 / 6, 0.0), inner.args[0]
    inside = _within_one(x)
    for scaled, shift in _swapped(inside, "Add") if inside is not None else ():
        for inner, factor in _swapped(scaled, "Mul"):
            if not np.isnan(_number(factor)) and not np.isnan(_number(shift)):
                yield ("HardSigmoid", _number(factor), _number(shift)), inner


def _within_one(x: Call) -> Expression | None:
    """What is clipped to 0 and 1; `tf.clip_by_value` becomes RELU(MINIMUM(x, 1))."""
    if x.function == "Relu01":
        return x.args[0]
    for value, limit in _swapped(x.args[0], "Min") if x.function == "Relu" else ():
        if _number(limit) == 1:
            return value
    for first, second, low, high in (("Max", "Min", 0, 1), ("Min", "Max", 1, 0)):
        for inner, outer_limit in _swapped(x, first):
            for value, inner_limit in _swapped(inner, second):
                if _number(outer_limit) == low and _number(inner_limit) == high:
                    return value
    for inner, limit in _swapped(x, "Min"):
        if isinstance(inner, Call) and inner.function == "Relu" and _number(limit) == 1:
            return inner.args[0]
    return None


def _number(x: Expression) -> float:
    """A constant's one number, else NaN."""
    return float(x.array.ravel()[0]) if isinstance(x, Constant) and x.array.size == 1 else float("nan")


def _swapped(x: Expression | None, function: str) -> list[tuple[Expression, Expression]]:
    """The two arguments of a call, in both orders; nothing for anything else."""
    if not isinstance(x, Call) or x.function != function or len(x.args) != 2:
        return []
    return [(x.args[0], x.args[1]), (x.args[1], x.args[0])]
