"""Unary ops, element by element."""

from __future__ import annotations

from typing import Any

from . import Model, case, cases

SHAPES = [[2, 3, 4], [], [0, 3], [1, 2, 3, 4, 5]]


def unary(op: str, dtype: str, shape: list[int], quant: Any = None, out: Any = None, **how: Any) -> Model:
    """A model of one unary op."""
    m = Model()
    x = m.input(shape, dtype, quant, **how)
    return m.outputs(m.op(op, [x], [m.tensor(dtype, quant=out or quant)]))


@cases(op=["ABS", "NEG", "EXP", "SQUARE", "FLOOR", "CEIL", "ROUND", "SIGN", "SIN", "COS", "RELU", "RELU6",
           "RELU_N1_TO_1", "RELU_0_TO_1", "ELU", "TANH", "LOGISTIC", "HARD_SWISH", "ZEROS_LIKE"], shape=SHAPES)  # fmt: skip
def test_float32(op: str, shape: list[int]) -> Model:
    return unary(op, "float32", shape, low=-6, high=6)


@cases(case(op="ABS", dtype="int8"), *[case(op=o, dtype=d) for o in ["RELU", "RELU6"] for d in ["int8", "uint8"]])
def test_quantized(op: str, dtype: str) -> Model:
    zero = 0 if dtype == "int8" else 128
    return unary(op, dtype, [2, 5, 7], (0.05, zero - 3), (0.04, zero))
