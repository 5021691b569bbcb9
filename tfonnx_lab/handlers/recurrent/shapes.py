"""The shapes that the tensors of an LSTM have to each other. Source: CheckInputTensorDimensions in lstm.cc."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import onnx_ir as ir

from tfonnx_lab.errors import Unsupported
from tfonnx_lab.graph import rank

_GATES = ("input", "forget", "cell", "output")
_FORGET = 1
Expected = tuple[str, ir.Value | None, list[int | None]]
"""What the tensor is, the tensor, its dimensions (None: not known)."""


def check_shapes(
    x: ir.Value | None,
    weights: Sequence[ir.Value | None],
    norms: Sequence[ir.Value | None],
    states: Sequence[ir.Value | None],
    aux: Sequence[ir.Value | None] = (),
) -> None:
    """Refuse an LSTM whose tensors do not fit each other: ONNX Runtime would not load it, or would broadcast them.

    x: the input, its features last.
    weights: as `Cell.of` takes them: of the input, of the state, peepholes, biases, projection and its bias.
    norms: the coefficients of the gates' normalization; states: hidden and cell.
    aux: weights of auxiliary inputs, where there are any.
    Raises Unsupported, which names the tensor, its shape and the one that it needs.
    """
    for gate, w, r in zip(_GATES, weights[:4], weights[4:8], strict=True):
        if (w is None) != (r is None) or (w is None and gate != _GATES[0]):
            missing = "input" if w is None else "state"
            raise Unsupported(f"its {gate} gate has no weights of the {missing}; export the model again")
    for name, value, wanted in _expected(x, weights, norms, states, aux):
        shape = None if value is None or value.shape is None else list(value.shape)
        if shape is None or (len(shape) == len(wanted) and all(map(_fits, shape, wanted))):
            continue
        needed = ", ".join("?" if size is None else str(size) for size in wanted)
        raise Unsupported(
            f"its {name} has the shape [{', '.join(map(str, shape))}], which must be [{needed}] to fit its other "
            "weights; export the model again"
        )


def _expected(
    x: ir.Value | None,
    weights: Sequence[ir.Value | None],
    norms: Sequence[ir.Value | None],
    states: Sequence[ir.Value | None],
    aux: Sequence[ir.Value | None],
) -> Iterator[Expected]:
    cells, outputs = _sizes(weights)
    features = _size(weights[_FORGET], 1) if x is None or _size(x, -1) is None else _size(x, -1)
    for k, gate in enumerate(_GATES):
        yield f"{gate} gate's weights of the input", weights[k], [cells, features]
        state = weights[4 + k]
        yield f"{gate} gate's weights of the state", state, [cells] if rank(state) == 1 else [cells, outputs]
        yield f"{gate} gate's bias", weights[11 + k], [cells]
        yield f"{gate} gate's normalization", norms[k], [cells]
        if aux:
            yield f"{gate} gate's weights of the auxiliary input", aux[k], [cells, _size(aux[_FORGET], 1)]
    for gate, peephole in zip(("input", "forget", "output"), weights[8:11], strict=True):
        yield f"{gate} gate's peephole", peephole, [cells]
    yield "projection", weights[15], [outputs, cells]
    yield "projection's bias", weights[16], [outputs]
    yield "hidden state", states[0], [None, outputs]
    yield "cell state", states[1], [None, cells]


def _sizes(weights: Sequence[ir.Value | None]) -> tuple[int | None, int | None]:
    """How many cells and how many outputs there are; a list of weights of the state is a diagonal."""
    cells, state = _size(weights[_FORGET], 0), weights[4 + _FORGET]
    return cells, cells if rank(state) == 1 else _size(state, 1)


def _size(value: ir.Value | None, axis: int) -> int | None:
    shape = None if value is None or value.shape is None else list(value.shape)
    size = shape[axis] if shape is not None and -len(shape) <= axis < len(shape) else None
    return size if isinstance(size, int) else None


def _fits(size: object, wanted: int | None) -> bool:
    return wanted is None or not isinstance(size, int) or size == wanted
