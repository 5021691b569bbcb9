"""Random numbers (`handlers/flex/random.py`): other ones than TensorFlow's, of the same distribution."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from . import check
from .against import given_reference
from .flex_cases import OPSETS, computed, model_of
from .flex_models import ints

SHAPE = ("shape=", ints(30, 40))
SEED = ("seed=", ints(3, 5))
KEY: list[Any] = [
    ("key=", np.zeros(1, np.uint64)),
    ("counter=", np.zeros(2, np.uint64)),
    ("alg=", np.array(1, np.int32)),
]
BOUNDS: list[Any] = [("minval=", np.array(-3, np.int32)), ("maxval=", np.array(5, np.int32))]
CASES: dict[str, list[Any]] = {
    "StatelessRandomUniform": [SHAPE, SEED], "StatelessRandomUniformV2": [SHAPE, *KEY],
    "StatelessRandomNormal": [SHAPE, SEED], "StatelessRandomNormalV2": [SHAPE, *KEY],
    "StatelessTruncatedNormal": [SHAPE, SEED], "StatelessTruncatedNormalV2": [SHAPE, *KEY],
    "StatelessRandomUniformInt": [SHAPE, SEED, *BOUNDS], "StatelessRandomUniformIntV2": [SHAPE, *KEY, *BOUNDS],
    "TruncatedNormal": [SHAPE],
}  # fmt: skip


@pytest.mark.parametrize("op", CASES)
def test_distribution(op: str) -> None:
    """The same mean, deviation and bounds."""
    outputs, definition = computed(op, CASES[op], {"dtype": "float32"} if op == "TruncatedNormal" else {})
    want = outputs[0].astype(np.float64)
    model = model_of(op, CASES[op], outputs, definition)
    for opset in OPSETS:
        got = check(model, opset=opset, values=False, ref=given_reference(model, outputs, "TensorFlow")).got[0]
        got = got.astype(np.float64)
        assert abs(got.mean() - want.mean()) < 0.12 * want.std() and abs(got.std() / want.std() - 1) < 0.12
        if "Normal" not in op or "Truncated" in op:
            assert (
                want.min() - 0.1 <= got.min() <= want.min() + 0.1 and want.max() - 0.1 <= got.max() <= want.max() + 0.1
            )


def test_all_integers() -> None:
    given = [SHAPE, SEED]
    for dtype in ("int32", "uint32", "int64"):
        outputs, definition = computed("StatelessRandomUniformFullInt", given, {"dtype": dtype})
        model = model_of("StatelessRandomUniformFullInt", given, outputs, definition)
        for opset in OPSETS:
            got = check(model, opset=opset, values=False, ref=given_reference(model, outputs, "TensorFlow")).got[0]
            bounds = np.iinfo(got.dtype)
            reach = float(bounds.max) - float(bounds.min)
            assert float(got.max()) - float(got.min()) > 0.95 * reach and len(np.unique(got & 255)) > 200


def test_shuffle() -> None:
    rows = np.arange(60, dtype=np.float32).reshape(20, 3)
    outputs, definition = computed("RandomShuffle", [("value", rows)], {})
    for unknown in (False, True):
        model = model_of("RandomShuffle", [("value", rows)], outputs, definition, unknown=unknown)
        for opset in OPSETS:
            got = check(model, opset=opset, values=False, ref=given_reference(model, outputs, "TensorFlow")).got[0]
            assert (
                (np.sort(got[:, 0]) == rows[:, 0]).all() and (got[:, 1] == got[:, 0] + 1).all() and (got != rows).any()
            )


def test_keys_and_counters() -> None:
    outputs, definition = computed("StatelessRandomGetKeyCounter", [SEED], {})
    model = model_of("StatelessRandomGetKeyCounter", [SEED], outputs, definition)
    check(model, opset=18, values=False, ref=given_reference(model, outputs, "TensorFlow"))


def test_the_ways_to_say_a_key() -> None:
    """What nothing but other random ops reads has the shapes of TensorFlow's."""
    for op, given in (("StatelessRandomGetKeyCounterAlg", [SEED]), ("StatelessRandomGetAlg", [])):
        outputs, definition = computed(op, given, {})
        x = [("x", np.zeros(2, np.float32))]
        model = model_of(op, given or x, outputs, definition)
        check(model, opset=18, values=False, ref=given_reference(model, outputs, "TensorFlow"))


def test_all_integers_by_a_key() -> None:
    outputs, definition = computed("StatelessRandomUniformFullIntV2", [SHAPE, *KEY], {"dtype": "int32"})
    model = model_of("StatelessRandomUniformFullIntV2", [SHAPE, *KEY], outputs, definition)
    for opset in OPSETS:
        got = check(model, opset=opset, values=False, ref=given_reference(model, outputs, "TensorFlow")).got[0]
        assert float(got.max()) - float(got.min()) > 0.95 * 2**32


def test_a_shuffle_by_a_key() -> None:
    rows = np.arange(60, dtype=np.float32).reshape(20, 3)
    inputs = [("value", rows), *KEY]
    outputs, definition = computed("StatelessShuffle", inputs, {})
    model = model_of("StatelessShuffle", inputs, outputs, definition)
    for opset in OPSETS:
        got = check(model, opset=opset, values=False, ref=given_reference(model, outputs, "TensorFlow")).got[0]
        assert (np.sort(got[:, 0]) == rows[:, 0]).all() and (got != rows).any()


def test_classes_are_drawn_by_their_logits() -> None:
    inputs = [
        ("logits", np.log(np.array([[0.1, 0.6, 0.3]], np.float32))),
        ("num_samples=", np.array(4000, np.int32)),
        SEED,
    ]
    outputs, definition = computed("StatelessMultinomial", inputs, {"output_dtype": "int64"})
    model = model_of("StatelessMultinomial", inputs, outputs, definition)
    for opset in OPSETS:
        got = check(model, opset=opset, values=False, ref=given_reference(model, outputs, "TensorFlow")).got[0]
        assert np.allclose(np.bincount(got.ravel(), minlength=3) / 4000, [0.1, 0.6, 0.3], atol=0.05)
