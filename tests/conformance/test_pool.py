"""Pooling windows."""

from __future__ import annotations

from typing import Any

import numpy as np

from . import Model, case, cases
from .against import check
from .simple import given, one, out, steps

POOLS = ["AVERAGE_POOL_2D", "MAX_POOL_2D", "L2_POOL_2D"]
WINDOWS = [
    case(filter_height=2, filter_width=2, stride_h=2, stride_w=2, padding="VALID"),
    case(filter_height=3, filter_width=2, stride_h=1, stride_w=2, padding="SAME"),
    case(filter_height=3, filter_width=3, stride_h=2, stride_w=2, padding="SAME"),
    case(filter_height=3, filter_width=3, stride_h=3, stride_w=1, padding="VALID"),
    case(filter_height=8, filter_width=9, padding="VALID"),
    case(filter_height=1, filter_width=1, stride_h=2, stride_w=2, padding="SAME"),
]


@cases(*WINDOWS, op=POOLS)
def test_float32(op: str, **options: Any) -> Model:
    low = 0 if op == "L2_POOL_2D" else -2
    return one(op, given([2, 8, 9, 3], low=low), **options)


@cases(op=POOLS, activation=["RELU", "RELU6", "RELU_N1_TO_1", "TANH", "SIGN_BIT"])
def test_activation(op: str, activation: str) -> Model:
    return one(op, given([1, 6, 6, 2], low=-9, high=9), filter_height=2, filter_width=2, stride_h=2, stride_w=2,
               fused_activation_function=activation)  # fmt: skip


@cases(*WINDOWS, op=POOLS[:2], dtype=["int8", "uint8", "int16"])
def test_quantized(op: str, dtype: str, **options: Any) -> Model:
    q = steps(dtype, 0.05, 4)
    return one(op, given([2, 8, 9, 3], dtype, q), out=out(dtype, q), **options)


@cases(op=POOLS[:2], dtype=["int8", "uint8", "int16"], activation=["RELU", "RELU6", "RELU_N1_TO_1"])
def test_quantized_activation(op: str, dtype: str, activation: str) -> Model:
    q = steps(dtype, 0.05, 4)
    return one(op, given([1, 6, 6, 2], dtype, q), out=out(dtype, q), filter_height=2, filter_width=2, stride_h=2,
               stride_w=2, fused_activation_function=activation)  # fmt: skip


@cases(op=POOLS[:2], dtype=["int8", "uint8", "int16"])
def test_plain_integers(op: str, dtype: str) -> Model:
    """Without a scale; halves away from zero."""
    return one(
        op, given([1, 5, 6, 2], dtype), out=out(dtype), filter_height=2, filter_width=3, stride_h=2, padding="SAME"
    )


@cases(op=POOLS)
def test_dynamic(op: str) -> Model:
    x = given([1, 4, 4, 2], signature=[-1, -1, -1, 2], feed=[3, 7, 5, 2], low=0)
    return one(op, x, filter_height=2, filter_width=3, stride_h=2, stride_w=1, padding="SAME")


@cases(op=["MAX_POOL_2D", "AVERAGE_POOL_2D"], convert={"exact": True})
def test_special(op: str) -> Model:
    return one(op, given([1, 4, 20, 1], special=True), filter_height=2, filter_width=2, stride_h=2, stride_w=2)


@cases(op=["MAX_POOL_2D", "AVERAGE_POOL_2D", "L2_POOL_2D"], size=[(7, 8), (9, 4)], window=[2, 3])
def test_unknown_size(op: str, size: tuple[int, int], window: int) -> Model:
    x = given([1, 1, 1, 3], signature=[1, -1, -1, 3], feed=[1, *size, 3])
    return one(op, x, padding="SAME", stride_h=2, stride_w=2, filter_height=window, filter_width=window)


@cases(op=["MAX_POOL_2D", "AVERAGE_POOL_2D", "L2_POOL_2D"],
       unsupported="SAME padding of windows smaller than the stride needs the input's size")  # fmt: skip
def test_unknown_size_of_small_windows(op: str) -> Model:
    x = given([1, 1, 1, 3], signature=[1, -1, -1, 3], feed=[1, 8, 9, 3])
    return one(op, x, padding="SAME", stride_h=3, stride_w=3, filter_height=2, filter_width=2)


def test_squares_that_overflow() -> None:
    """L2_POOL_2D gives the largest number in all of LiteRT's kernel sets."""
    m = Model()
    x = m.input([1, 2, 2, 1], low=2e38, high=3e38)
    options = {"padding": "VALID", "filter_width": 2, "filter_height": 2, "stride_w": 1, "stride_h": 1}
    outcome = check(m.outputs(m.op("L2_POOL_2D", [x], [m.tensor(shape=[1, 1, 1, 1])], **options)))  # type: ignore[arg-type]
    assert np.isfinite(outcome.got[0]).all()
