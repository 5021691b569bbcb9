"""Normalizations and softmaxes."""

from __future__ import annotations

from . import Model, cases
from .simple import given, one, out, steps


@cases(beta=[0.5, 2.0])
def test_softmax_half(beta: float) -> Model:
    return one("SOFTMAX", given([3, 7], "float16"), out=out("float16"), beta=beta)


@cases(shape=[[5], [2, 5], [2, 3, 5], [2, 3, 2, 5], [1, 1]], beta=[1.0, 0.5, 3.0])
def test_softmax(shape: list[int], beta: float) -> Model:
    return one("SOFTMAX", given(shape, low=-5, high=5), beta=beta)


@cases(shape=[[2, 6], [2, 2, 6]], low=[-1e4, 1e4])
def test_softmax_large(shape: list[int], low: float) -> Model:
    return one("SOFTMAX", given(shape, low=low, high=low + 10))


@cases(dtype=["int8", "uint8", "int16"], beta=[1.0, 0.5], shape=[[3, 10], [2, 3, 10]])
def test_softmax_quantized(dtype: str, beta: float, shape: list[int]) -> Model:
    result = {"int8": (1 / 256, -128), "uint8": (1 / 256, 0), "int16": (1 / 32768, 0)}[dtype]
    return one("SOFTMAX", given(shape, dtype, steps(dtype, 0.1, 4)), out=out(dtype, result), beta=beta)


@cases()
def test_softmax_int8_to_int16() -> Model:
    return one("SOFTMAX", given([3, 10], "int8", (0.1, 4)), out=out("int16", (1 / 65536, -32768)))


@cases()
def test_softmax_dynamic() -> Model:
    return one("SOFTMAX", given([1, 6], signature=[-1, 6], feed=[4, 6]))


@cases(shape=[[5], [2, 5], [2, 3, 5], [2, 3, 2, 5]], low=[-5, -200])
def test_log_softmax(shape: list[int], low: float) -> Model:
    return one("LOG_SOFTMAX", given(shape, low=low, high=5))


@cases(dtype=["int8", "uint8"])
def test_log_softmax_quantized(dtype: str) -> Model:
    zero = 127 if dtype == "int8" else 255
    return one("LOG_SOFTMAX", given([3, 10], dtype, steps(dtype, 0.1, 4)), out=out(dtype, (16 / 256, zero)))


@cases(shape=[[2, 6], [2, 3, 4, 5], [7]])
def test_l2_normalization(shape: list[int]) -> Model:
    return one("L2_NORMALIZATION", given(shape))


@cases()
def test_l2_normalization_zeros() -> Model:
    return one("L2_NORMALIZATION", given([3, 4], values=[0.0, 0.0, 0.0, 0.0, 1e-4, 0.0, 1e-5, 0.0, 1.0, 2.0, 3.0, 4.0]))


@cases(dtype=["int8", "uint8"])
def test_l2_normalization_quantized(dtype: str) -> Model:
    return one(
        "L2_NORMALIZATION", given([2, 3, 2, 6], dtype, steps(dtype, 0.05, 4)), out=out(dtype, steps(dtype, 1 / 128))
    )


@cases(radius=[1, 2, 5], bias=[1.0, 9.0], alpha=[1.0, 4.0], beta=[0.5, 0.75])
def test_local_response_normalization(radius: int, bias: float, alpha: float, beta: float) -> Model:
    return one("LOCAL_RESPONSE_NORMALIZATION", given([1, 2, 3, 7]), radius=radius, bias=bias, alpha=alpha, beta=beta)
