"""A handler of a user's that hands over or returns what is no value: one sentence that says what to write."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import tfonnx_lab as lab
from conformance import Model

MODEL = Model()
MODEL.outputs(MODEL.op("ADD", [MODEL.input([2]), MODEL.input([2])], [MODEL.tensor(shape=[2])]))

RETURNS: list[tuple[Callable[..., Any], str]] = [
    (lambda op, node, x, y: op.Neg(node), r"op.Neg was given the node \S+ \(ADD\) as its input 0, where a value"),
    (lambda op, node, x, y: op.Neg(op.Neg(x).producer()), r"give its output, node.outputs\[0\]"),
    (lambda op, node, x, y: op.Concat([x, y], axis=0), r"a list of 2 as its input 0.*op.Concat\(a, b\)"),
    (lambda op, node, x, y: op.Add(x, op.Split(x, num_outputs=2, _outputs=2)), "a tuple of 2 as its input 1"),
    (lambda op, node, x, y: op.Add(x, {}), "an object of type dict as its input 1"),
    (lambda op, node, x, y: op.Add(x, [[1, 2], [3]]), "a list of 2 as its input 1"),
    (lambda op, node, x, y: op.Add(x, op.Add), "an object of type function as its input 1"),
    (lambda op, node, x, y: op.Concat(x, y), "Concat needs the attribute 'axis'"),
    (lambda op, node, x, y: op.Cast(x), "Cast needs the attribute 'to'"),
    (lambda op, node, x, y: node, "returned the node ADD for an output of ADD; return a value"),
    (lambda op, node, x, y: np.zeros(2), "returned an object of type ndarray"),
    (lambda op, node, x, y: [op.Add(x, y)] * 2, "returned 2 values for 1 output of ADD"),
    (lambda op, node, x, y: op.Less(x, y), "<lambda> returned bool for .*, which is float32; cast it"),
    (lambda op, node, x, y: x.shape[7], "IndexError: "),
]


@pytest.mark.usefixtures("handlers")
@pytest.mark.parametrize(("wrong", "why"), RETURNS)
def test_what_is_no_value(wrong: Callable[..., Any], why: str) -> None:
    lab.handler("ADD")(wrong)
    with pytest.raises(lab.ConversionError, match=why):
        lab.convert(MODEL.bytes())
