"""FLOOR_DIV of positions and sizes is one Div; of numbers that may be negative it is what it was."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import tfonnx_lab as lab
from conformance.against import run_litert
from conformance.models import Model
from optimizers.rewrite import optimized
from tfonnx_lab.runtime import OnnxRuntime

FLOOR = "w = Cast <to = 11> (i)\nd = Div(w, b)\nf = Floor(d)\ny = Cast <to = 6> (f)"


def text(made: str, tail: str, constants: str, out: str) -> str:
    return f"g (float[4, 9] x, int32[4] n) => ({out} y) <{constants}> {{\n{made}\n{tail} }}"


POSITION = "p = ArgMax <axis = 1, keepdims = 0> (x)\ni = Cast <to = 6> (p)"


def test_a_position_is_divided_as_it_is() -> None:
    whole = text(POSITION, FLOOR, "double b = {3.0}", "int32[4]")
    assert optimized(whole) == {"ArgMax": 1, "Cast": 1, "Div": 1}


def test_moved_and_joined_positions_are_positions() -> None:
    made = (
        "p = ArgMax <axis = 1, keepdims = 0> (x)\nq = ArgMin <axis = 1, keepdims = 0> (x)\n"
        "c = Concat <axis = 0> (p, q)\ni = Cast <to = 6> (c)"
    )
    assert "Floor" not in optimized(text(made, FLOOR, "double[8] b = {1.0,2.0,3.0,4.0,5.0,6.0,7.0,8.0}", "int32[8]"))


@pytest.mark.parametrize(
    ("made", "constants"),
    [
        ("i = Neg(n)", "double b = {3.0}"),  # anything
        (POSITION, "double b = {-3.0}"),  # rounds the other way
        (POSITION, "double b = {2.5}"),  # no integer
        (POSITION, "double[4] b = {1.0, 0.0, 2.0, 3.0}"),  # a Div of integers by zero ends the process
    ],
)
def test_the_rest_stays(made: str, constants: str) -> None:
    assert optimized(text(made, FLOOR, constants, "int32[4]"))["Floor"] == 1


@pytest.mark.parametrize("target", ["portable", "nnapi"])
def test_a_row_and_a_column_of_a_heat_map(target: Any) -> None:
    """The quotient and the rest of a position, as a pose model finds them."""
    m = Model()
    where = m.op("ARG_MAX", [m.input([5, 48]), m.const(np.int32(1))], [m.tensor("int32", [5])], output_type="int32")
    width = m.const([7])
    row = m.op("FLOOR_DIV", [where, width], [m.tensor("int32", [5])])
    column = m.op("FLOOR_MOD", [where, width], [m.tensor("int32", [5])])
    data = m.outputs(row, column)
    converted = lab.convert(data.bytes(), target=target).model
    assert "Floor" not in {n.op_type for n in converted.graph.node}
    for got, want in zip(OnnxRuntime(converted).run(data.feeds()), run_litert(data.bytes(), data.feeds()), strict=True):
        np.testing.assert_array_equal(got, want)
