"""An LSTM whose tensors do not fit each other is refused (`handlers/recurrent/shapes.py`), as LiteRT refuses it."""

from __future__ import annotations

import pytest

import tfonnx_lab as lab
from conformance.against import reference
from conformance.test_recurrent import lstm

ODD = [
    (1, [3, 5], "input gate's weights of the input has the shape [3, 5], which must be [4, 5]"),
    (3, [4, 6], "cell gate's weights of the input"),
    (2, [], "forget gate has no weights of the input"),
    (5, [], "input gate has no weights of the state"),
    (8, [4, 2], "output gate's weights of the state"),
    (10, [3], "forget gate's peephole"),
    (12, [1], "input gate's bias"),
    (16, [3, 3], "projection has the shape [3, 3], which must be [3, 4]"),
    (17, [4], "projection's bias"),
    (18, [2, 4], "hidden state"),
    (18, [1, 3], "hidden state has the shape [1, 3], which must be [2, 3]"),
    (19, [2, 3], "cell state"),
    (19, [1, 4], "cell state"),
    (21, [3], "forget gate's normalization has the shape [3], which must be [4]"),
    (23, [1], "output gate's normalization"),
]
"""The place of an input, the shape that it gets (none: it is left out), and what is said."""


@pytest.mark.parametrize("op", ["LSTM", "UNIDIRECTIONAL_SEQUENCE_LSTM"])
@pytest.mark.parametrize(("place", "shape", "told"), ODD, ids=[text for *_, text in ODD])
def test_tensors_that_do_not_fit(op: str, place: int, shape: list[int], told: str) -> None:
    model = lstm(op, "float32", peephole=True, projection=True, norm=True, odd=(place, shape))
    with pytest.raises((RuntimeError, ValueError)):
        reference(model.bytes(), model.feeds())
    with pytest.raises(lab.ConversionError) as caught:
        lab.convert(model.bytes())
    assert told in caught.value.failures[0].reason
