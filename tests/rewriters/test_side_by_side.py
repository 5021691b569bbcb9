"""Products of one input with several integer weights become one."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import tfonnx_lab as lab
from conformance.against import check
from conformance.models import Model
from conformance.simple import made

SCALES: Any = (np.array([0.01, 0.02, 0.005, 0.03], np.float32), [0] * 4, 0)


def products(rows: int, quants: list[Any], biases: list[bool], asymmetric: list[bool]) -> Model:
    """FULLY_CONNECTED ops of one input of 12, with 4 outputs each, behind each a NEG."""
    m = Model()
    x = m.input([rows, 12])
    found = []
    for quant, bias, one in zip(quants, biases, asymmetric, strict=True):
        w = m.const(made([4, 12], "int8"), "int8", quant)
        inputs = [x, w, m.const(made([4]))] if bias else [x, w, None]
        y = m.op("FULLY_CONNECTED", inputs, [m.tensor()], asymmetric_quantize_inputs=one)
        found.append(m.op("NEG", [y], [m.tensor()]))
    return m.outputs(*found)


def count(model: Model) -> int:
    """The products of its conversion."""
    return sum(n.op_type == "MatMulIntegerToFloat" for n in lab.convert(model.bytes()).ir_model.graph)


@pytest.mark.parametrize("rows", [1, 3])
@pytest.mark.parametrize("biases", [[True, True], [True, False], [False, False]])
def test_products_are_joined(rows: int, biases: list[bool]) -> None:
    m = products(rows, [SCALES, (0.01, 0)], biases, [True, True])
    assert count(m) == 1
    for opset in (13, 18):
        check(m, opset=opset)
    check(m, target="portable")


def test_products_that_round_differently_stay_apart() -> None:
    m = products(1, [SCALES, SCALES], [True, True], [True, False])
    assert count(m) == 2
    check(m)
