"""Random integers of TensorFlow's own op."""

from __future__ import annotations

import numpy as np
import pytest

from . import Model, check
from .against import given_reference, newest_opset
from .flex_models import definition_of, ints, packed


@pytest.mark.parametrize("opset", [13, 18, 21, newest_opset()])
def test_random_integers(opset: int) -> None:
    """Inside of their bounds; TensorFlow's own numbers are others."""
    m = Model()
    inputs = [m.const(ints(30, 40)), m.const(np.int32(-3)), m.const(np.int32(5))]
    definition = definition_of("RandomUniformInt", shape=[30, 40], minval=-3, maxval=5, seed=1)
    y = m.op(
        "FlexRandomUniformInt", inputs, [m.tensor("int32", [30, 40])], custom=packed("RandomUniformInt", definition)
    )
    m.outputs(m.op("ADD", [y, m.input([1], "int32", values=[0])], [m.tensor("int32", [30, 40])]))
    outcome = check(m, opset=opset, values=False, ref=given_reference(m, [np.zeros((30, 40), np.int32)]))
    assert set(np.unique(outcome.got[0])) == set(range(-3, 5))
