"""An RNN, an SVDF or a basic LSTM whose tensors do not fit each other is refused (`handlers/recurrent/shapes.py`), as
LiteRT refuses it: ONNX would broadcast a bias or a state that is too short."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest

import tfonnx_lab as lab
from conformance.against import reference
from conformance.models import Model, Tensor

Shapes = Sequence[list[int]]
CELL: Shapes = ([4, 5], [4, 4], [4], [2, 4])
OPS: dict[str, tuple[Shapes, tuple[int, ...], tuple[int, ...], Shapes, dict[str, Any]]] = {
    "RNN": ([[2, 5], *CELL], (0,), (4,), [[2, 4]], {}),
    "UNIDIRECTIONAL_SEQUENCE_RNN": ([[6, 2, 5], *CELL], (0,), (4,), [[6, 2, 4]], {"time_major": True}),
    "BIDIRECTIONAL_SEQUENCE_RNN": (
        [[6, 2, 5], *CELL, *CELL, [6, 2, 3], [4, 3], [4, 3]], (0, 9), (4, 8), 2 * [[6, 2, 4]], {"time_major": True}
    ),
    "SVDF": ([[2, 5], [8, 5], [8, 6], [4], [2, 48]], (0,), (4,), [[2, 4]], {"rank": 2}),
    "LSTM": (
        [[2, 5], [2, 4], [16, 9], [16], [2, 4]], (0, 1, 4), (), [[2, 4], [2, 4], [2, 9], [2, 16]],
        {"kernel_type": "BASIC"},
    ),
}  # fmt: skip
"""Op => shapes of its inputs, which of these are the model's, which are states; shapes of its outputs; options."""

ODD: dict[str, list[tuple[int, list[int], str]]] = {
    "RNN": [
        (0, [2, 6], "weights of the input has the shape [4, 5], which must be [4, 6]"),
        (0, [2, 1, 5], "input has the shape [2, 1, 5], which must be [?, 5]"),
        (1, [3, 5], "weights of the state has the shape [4, 4], which must be [3, 3]"),
        (2, [16], "weights of the state"), (3, [1], "bias has the shape [1], which must be [4]"), (3, [3], "bias"),
        (3, [1, 4], "bias"), (4, [1, 4], "state has the shape [1, 4], which must be [2, 4]"), (4, [8], "state"),
        (1, [], "it has no weights of the input"), (3, [], "it has no bias"), (4, [], "it has no state"),
    ],
    "UNIDIRECTIONAL_SEQUENCE_RNN": [
        (0, [2, 5], "input has the shape [2, 5], which must be [?, ?, 5]"), (1, [4, 6], "weights of the input"),
        (2, [4, 3], "weights of the state"), (3, [1], "bias"), (4, [1, 4], "state"), (3, [], "it has no bias"),
    ],
    "BIDIRECTIONAL_SEQUENCE_RNN": [
        (1, [3, 5], "forward weights of the state"), (5, [4, 6], "backward weights of the input"),
        (7, [1], "backward bias"), (8, [1, 4], "backward state"), (10, [], "one of its cells has weights"),
        (6, [4, 3], "backward weights of the state"),
    ],
    "SVDF": [
        (0, [2, 6], "input has the shape [2, 6], which must be [?, 5]"), (0, [3, 5], "state"),
        (1, [7, 5], "rank is 2, which must divide its 7 filters"), (1, [40], "feature weights"),
        (2, [7, 6], "time weights"), (2, [48], "time weights"),
        (3, [1], "bias has the shape [1], which must be [4]"), (3, [8], "bias"),
        (4, [96], "state has the shape [96], which must be [2, 48]"), (4, [2, 8, 6], "state"), (4, [1, 48], "state"),
        (4, [], "it has no state"), (2, [], "it has no time weights"),
    ],
    "LSTM": [
        (0, [2, 6], "weights has the shape [16, 9], which must be [16, 10]"), (0, [10], "input"),
        (1, [1, 4], "hidden state has the shape [1, 4], which must be [2, ?]"), (2, [15, 9], "weights"),
        (2, [144], "weights"), (3, [1], "bias"), (3, [1, 16], "bias"),
        (4, [1, 4], "cell state has the shape [1, 4], which must be [2, 4]"), (4, [4], "cell state"),
        (3, [], "it has no bias"), (4, [], "it has no cell state"),
    ],
}  # fmt: skip
"""Op => the place of an input, the shape that it gets (none: it is left out), and what is said."""


def built(name: str, odd: tuple[int, list[int]] | None = None, **more: Any) -> Model:
    """The op alone, with another shape of one of its inputs."""
    shapes, given, states, outputs, options = OPS[name]
    m = Model()
    inputs: list[Tensor | None] = []
    for place, usual in enumerate(shapes):
        shape = odd[1] if odd is not None and odd[0] == place else usual
        if not shape:
            inputs.append(None)
        elif place in given:
            inputs.append(m.input(shape))
        elif place in states:
            inputs.append(m.tensor("float32", shape, variable=True))
        else:
            inputs.append(m.const(np.linspace(-1, 1, int(np.prod(shape)), dtype=np.float32).reshape(shape)))
    outs = [m.tensor(shape=shape) for shape in outputs]
    m.op(name, inputs, outs, fused_activation_function="TANH", **{**options, **more})
    return m.outputs(*outs)


@pytest.mark.parametrize(
    ("name", "place", "shape", "told"),
    [pytest.param(name, *odd, id=f"{name}-{odd[0]}-{odd[1]}") for name, some in ODD.items() for odd in some],
)
def test_tensors_that_do_not_fit(name: str, place: int, shape: list[int], told: str) -> None:
    model = built(name, (place, shape))
    with pytest.raises((RuntimeError, ValueError)):
        reference(model.bytes(), model.feeds())
    _refused(model, told)


@pytest.mark.parametrize("rank", [0, 3, 16])
def test_rank_that_divides_no_filters(rank: int) -> None:
    model = built("SVDF", rank=rank)
    with pytest.raises((RuntimeError, ValueError)):
        reference(model.bytes(), model.feeds())
    _refused(model, f"its rank is {rank}, which must divide its 8 filters")


@pytest.mark.parametrize(
    ("name", "place", "shape", "told"),
    [
        (
            "BIDIRECTIONAL_SEQUENCE_RNN",
            9,
            [5, 2, 3],
            "auxiliary input has the shape [5, 2, 3], which must be [6, 2",
        ),
        ("BIDIRECTIONAL_SEQUENCE_RNN", 9, [], "it has no auxiliary input"),
        ("BIDIRECTIONAL_SEQUENCE_RNN", 11, [4, 2], "backward weights of the auxiliary input"),
        ("BIDIRECTIONAL_SEQUENCE_RNN", 2, [4, 3], "forward weights of the state"),
    ],
)
def test_what_litert_ends_over(name: str, place: int, shape: list[int], told: str) -> None:
    """Its check of these aborts the process, or is not made, and it reads what is not there."""
    _refused(built(name, (place, shape)), told)


@pytest.mark.parametrize("name", OPS)
def test_tensors_that_fit(name: str) -> None:
    model = built(name)
    reference(model.bytes(), model.feeds())
    lab.convert(model.bytes())


def _refused(model: Model, told: str) -> None:
    with pytest.raises(lab.ConversionError) as caught:
        lab.convert(model.bytes())
    assert told in caught.value.failures[0].reason
