"""The shapes that the tensors of an LSTM, an RNN or an SVDF have to each other.

Source: CheckInputTensorDimensions in lstm.cc, Prepare in lstm.cc (of the basic kernel), basic_rnn.cc,
unidirectional_sequence_rnn.cc, bidirectional_sequence_rnn.cc and svdf.cc.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import onnx_ir as ir

from tfonnx_lab.errors import Unsupported
from tfonnx_lab.graph import rank

_GATES = ("input", "forget", "cell", "output")
_FORGET = 1
Expected = tuple[str, ir.Value | None, list[int | None]]
"""What the tensor is, the tensor, its dimensions (None: not known)."""


def check_lstm(
    x: ir.Value | None,
    weights: Sequence[ir.Value | None],
    norms: Sequence[ir.Value | None],
    states: Sequence[ir.Value | None],
    batch: int | None,
    aux: Sequence[ir.Value | None] = (),
) -> None:
    """Refuse an LSTM whose tensors do not fit each other: ONNX Runtime would not load it, or would broadcast them.

    x: the input, its features last.
    weights: as `Cell.of` takes them: of the input, of the state, peepholes, biases, projection and its bias.
    norms: the coefficients of the gates' normalization; states: hidden and cell.
    batch: how many sequences there are, where that is known.
    aux: weights of auxiliary inputs, where there are any.
    Raises Unsupported, which names the tensor, its shape and the one that it needs.
    """
    for gate, w, r in zip(_GATES, weights[:4], weights[4:8], strict=True):
        if (w is None) != (r is None) or (w is None and gate != _GATES[0]):
            missing = "input" if w is None else "state"
            raise Unsupported(f"its {gate} gate has no weights of the {missing}; export the model again")
    for expected in _of_lstm(x, weights, norms, states, batch, aux):
        _fitting(*expected)


def check_rnn(
    x: ir.Value | None,
    dims: int,
    tensors: Sequence[ir.Value | None],
    batch: int | None,
    aux: tuple[ir.Value | None, ir.Value | None] = (None, None),
    of: str = "",
) -> None:
    """Refuse an RNN whose tensors do not fit each other: ONNX would broadcast a bias or a state that is too short.

    x: the input, its features last.
    dims: how many dimensions the input has.
    tensors: weights of the input, weights of the state, bias, state.
    batch: how many sequences there are.
    aux: a second input and its weights, where it has some.
    of: of which cell, where there are two.
    """
    names = ("weights of the input", "weights of the state", "bias", "state")
    cells, features = size_of(tensors[0], 0), size_of(x, -1)
    _fitting("input", x, [*[None] * (dims - 1), features], needed=True)
    shapes: list[list[int | None]] = [[cells, features], [cells, cells], [cells], [batch, cells]]
    for name, value, wanted in zip(names, tensors, shapes, strict=True):
        _fitting(of + name, value, wanted, needed=True)
    extra, weights = aux
    if weights is not None:
        _fitting("auxiliary input", extra, [size_of(x, 0), size_of(x, 1), None], needed=True)
        _fitting(of + "weights of the auxiliary input", weights, [cells, size_of(extra, -1)])


def check_svdf(
    x: ir.Value | None,
    feature: ir.Value | None,
    time: ir.Value | None,
    bias: ir.Value | None,
    state: ir.Value | None,
    units_rank: int,
) -> None:
    """Refuse an SVDF whose tensors do not fit each other, or whose rank does not divide its filters.

    x: the input [batch, features]; feature, time: the weights.
    bias: one number a unit, where there is one; state: what it remembers.
    units_rank: how many filters a unit has.
    """
    filters, memory = size_of(feature, 0), size_of(time, 1)
    if units_rank < 1 or (filters is not None and filters % units_rank):
        raise Unsupported(f"its rank is {units_rank}, which must divide its {filters} filters; export the model again")
    _fitting("input", x, [None, size_of(feature, 1)], needed=True)
    _fitting("feature weights", feature, [None, None], needed=True)
    _fitting("time weights", time, [filters, None], needed=True)
    _fitting("bias", bias, [None if filters is None else filters // units_rank])
    whole = None if filters is None or memory is None else filters * memory
    _fitting("state", state, [size_of(x, 0), whole], needed=True)


def check_basic_lstm(
    x: ir.Value | None, h: ir.Value | None, w: ir.Value | None, b: ir.Value | None, c: ir.Value | None
) -> None:
    """Refuse a basic LSTM, whose four gates share one matrix, where its tensors do not fit each other.

    x: the input [batch, features]; h: the output before; w, b: weights and bias; c: the cell before.
    """
    cells, features, batch = size_of(h, 1), size_of(x, 1), size_of(x, 0)
    gates = None if cells is None else 4 * cells
    _fitting("input", x, [None, None], needed=True)
    _fitting("hidden state", h, [batch, None], needed=True)
    _fitting("weights", w, [gates, None if cells is None or features is None else cells + features], needed=True)
    _fitting("bias", b, [gates], needed=True)
    _fitting("cell state", c, [batch, cells], needed=True)


def _fitting(name: str, value: ir.Value | None, wanted: Sequence[int | None], needed: bool = False) -> None:
    """Refuse a tensor of another shape, and one that is missing where it is needed."""
    if value is None and needed:
        raise Unsupported(f"it has no {name}; export the model again")
    shape = None if value is None or value.shape is None else list(value.shape)
    if shape is None or (len(shape) == len(wanted) and all(map(_fits, shape, wanted))):
        return
    told = ", ".join("?" if size is None else str(size) for size in wanted)
    raise Unsupported(
        f"its {name} has the shape [{', '.join(map(str, shape))}], which must be [{told}] to fit its other "
        "weights; export the model again"
    )


def _of_lstm(
    x: ir.Value | None,
    weights: Sequence[ir.Value | None],
    norms: Sequence[ir.Value | None],
    states: Sequence[ir.Value | None],
    batch: int | None,
    aux: Sequence[ir.Value | None],
) -> Iterator[Expected]:
    cells, outputs = _sizes(weights)
    features = size_of(weights[_FORGET], 1) if x is None or size_of(x, -1) is None else size_of(x, -1)
    for k, gate in enumerate(_GATES):
        yield f"{gate} gate's weights of the input", weights[k], [cells, features]
        state = weights[4 + k]
        yield f"{gate} gate's weights of the state", state, [cells] if rank(state) == 1 else [cells, outputs]
        yield f"{gate} gate's bias", weights[11 + k], [cells]
        yield f"{gate} gate's normalization", norms[k], [cells]
        if aux:
            yield f"{gate} gate's weights of the auxiliary input", aux[k], [cells, size_of(aux[_FORGET], 1)]
    for gate, peephole in zip(("input", "forget", "output"), weights[8:11], strict=True):
        yield f"{gate} gate's peephole", peephole, [cells]
    yield "projection", weights[15], [outputs, cells]
    yield "projection's bias", weights[16], [outputs]
    yield "hidden state", states[0], [batch, outputs]
    yield "cell state", states[1], [batch, cells]


def _sizes(weights: Sequence[ir.Value | None]) -> tuple[int | None, int | None]:
    """How many cells and how many outputs there are; a list of weights of the state is a diagonal."""
    cells, state = size_of(weights[_FORGET], 0), weights[4 + _FORGET]
    return cells, cells if rank(state) == 1 else size_of(state, 1)


def size_of(value: ir.Value | None, axis: int) -> int | None:
    """A dimension, None where it is not known."""
    shape = None if value is None or value.shape is None else list(value.shape)
    size = shape[axis] if shape is not None and -len(shape) <= axis < len(shape) else None
    return size if isinstance(size, int) else None


def _fits(size: object, wanted: int | None) -> bool:
    return wanted is None or not isinstance(size, int) or size == wanted
