"""Unary ops, element by element."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from . import Model, case, cases
from .simple import fixed, given, made, one, out, steps

SHAPES = [[2, 3, 4], [], [0, 3], [1, 2, 3, 4, 5]]
FLOAT = ["ABS", "NEG", "EXP", "SQUARE", "FLOOR", "CEIL", "ROUND", "SIN", "COS", "RELU", "RELU6", "RELU_N1_TO_1",
         "RELU_0_TO_1", "ELU", "TANH", "LOGISTIC", "HARD_SWISH", "ZEROS_LIKE", "SIGN"]  # fmt: skip


@cases(op=FLOAT, shape=SHAPES)
def test_float32(op: str, shape: list[int]) -> Model:
    return one(op, given(shape, low=-7, high=7))


@cases(op=FLOAT)
def test_float32_special(op: str) -> Model:
    return one(op, given([40], low=-20, high=20, special=True))


@cases(op=["LOG", "SQRT", "RSQRT"], special=[True, False])
def test_positive(op: str, special: bool) -> Model:
    return one(op, given([3, 11], low=0.01, high=9, special=special))


@cases(op=FLOAT)
def test_dynamic_batch(op: str) -> Model:
    return one(op, given([1, 6], signature=[-1, 6], feed=[3, 6], low=-7, high=7))


@cases(
    *[case(op=o, dtype="float16") for o in ["NEG", "FLOOR", "ROUND", "COS", "SIN"]],
    *[case(op=o, dtype="int32") for o in ["ABS", "NEG", "SIGN", "ZEROS_LIKE"]],
    *[case(op=o, dtype="int64") for o in ["NEG", "ZEROS_LIKE"]],
    case(op="NEG", dtype="int8"),
    case(op="SIGN", dtype="float64"),
    case(op="ABS", dtype="int16"),
)
def test_dtypes(op: str, dtype: str) -> Model:
    return one(op, given([3, 4], dtype, low=0.1 if op in ("LOG", "SQRT", "RSQRT") else -9, high=9), out=out(dtype))


@cases(op=["ABS", "NEG", "SIGN"])
def test_int32_extremes(op: str) -> Model:
    return one(op, given([9], "int32", values=[0, 1, -1, 2**31 - 1, -(2**31) + 1, 7, -7, 100, -100]), out=out("int32"))


QUANTIZED = [("RELU", 0.05), ("RELU6", 0.05), ("RELU_N1_TO_1", 0.05), ("RELU_0_TO_1", 0.05), ("HARD_SWISH", 0.05),
             ("LOGISTIC", 1 / 256), ("TANH", 1 / 128), ("ELU", 0.05), ("LEAKY_RELU", 0.05)]  # fmt: skip


@cases(
    *[case(op=o, scale=s, dtype=d) for o, s in QUANTIZED for d in ("int8", "uint8") if (o, d) != ("ELU", "uint8")],
    same=[True, False],
)
def test_quantized(op: str, scale: float, dtype: str, same: bool) -> Model:
    """Input and output of the same scale, and not."""
    low = {"LOGISTIC": -128, "TANH": 0}.get(op)
    zero = low if low is not None else -5 if same else 11
    alpha = {"alpha": 0.3} if op == "LEAKY_RELU" else {}
    into = steps(dtype, 0.05 if same else 0.09, -5)
    result = steps(dtype, scale if low is not None or same else scale * 0.7, zero)
    return one(op, given([2, 5, 26], dtype, into), out=out(dtype, result), **alpha)


@cases(*[case(op=o) for o in ["LOG", "SQRT", "RSQRT", "EXP", "ABS"]], same=[True, False])
def test_int8_table(op: str, same: bool) -> Model:
    zero = -128 if op in ("LOG", "SQRT", "RSQRT") else 3
    low = {"low": -127} if op in ("LOG", "RSQRT") else {}
    into = (0.02, zero)
    return one(op, given([4, 33], "int8", into, **low), out=out("int8", into if same and op == "ABS" else (0.04, -20)))


@cases(op=["RELU", "RELU6", "LOGISTIC", "TANH", "LEAKY_RELU", "ABS", "RSQRT", "EXP"])
def test_int16(op: str) -> Model:
    result = {"LOGISTIC": 1 / 32768, "TANH": 1 / 32768}.get(op, 8 / 32768)
    low: Any = {"low": 1} if op == "RSQRT" else {}
    alpha = {"alpha": 0.1} if op == "LEAKY_RELU" else {}
    return one(op, given([3, 50], "int16", (8 / 32768, 0), **low), out=out("int16", (result, 0)), **alpha)


@cases(approximate=[True, False], scale=[8 / 32768, 0.01])
def test_gelu_int16(approximate: bool, scale: float) -> Model:
    return one("GELU", given([3, 50], "int16", (scale, 0)), out=out("int16", (scale / 3, 0)), approximate=approximate)


@cases(*[case(op=o, dtype="int32") for o in ("ABS", "NEG", "SIGN")], case(op="NEG", dtype="int16"))
def test_scale_ignored(op: str, dtype: str) -> Model:
    """Kernels that compute with the integers themselves, whatever the scales say."""
    return one(op, given([3, 9], dtype, (0.1, 0)), out=out(dtype, (0.04, 0)))


@cases(op=["RELU", "TANH", "GELU", "LEAKY_RELU", "HARD_SWISH"], dtype=["int8", "uint8"], unsupported="no scale")
def test_scale_missing(op: str, dtype: str) -> Model:
    return one(op, given([3, 4], dtype), out=out(dtype))


@cases(alpha=[0.0, 0.2, 1.0, -0.5, 2.0])
def test_leaky_relu(alpha: float) -> Model:
    return one("LEAKY_RELU", given([3, 7], low=-5, high=5), alpha=alpha)


@cases(dtype=["float32", "float16", "int8", "uint8"], approximate=[True, False])
def test_gelu(dtype: str, approximate: bool) -> Model:
    q = steps(dtype, 0.05, 2)
    return one("GELU", given([3, 50], dtype, q, low=-4, high=4) if q is None else given([3, 50], dtype, q),
               out=out(dtype, q), approximate=approximate)  # fmt: skip


@cases(shape=[[2, 3, 4, 5], [4, 5]], alpha=[[5], [1, 5], [4, 5], [1]])
def test_prelu(shape: list[int], alpha: list[int]) -> Model:
    return one("PRELU", given(shape, low=-3, high=3), fixed(made(alpha)))


@cases(dtype=["int8", "uint8"])
def test_prelu_quantized(dtype: str) -> Model:
    slope = fixed(made([1, 1, 5], dtype), dtype, steps(dtype, 0.01))
    return one(
        "PRELU", given([2, 3, 4, 5], dtype, steps(dtype, 0.03, 9)), slope, out=out(dtype, steps(dtype, 0.02, -3))
    )


@cases(op=["LOGICAL_NOT"], shape=SHAPES)
def test_logical_not(op: str, shape: list[int]) -> Model:
    return one(op, given(shape, "bool"), out=out("bool"))


CASTS = ["float32", "float16", "float64", "int8", "uint8", "int16", "uint16", "int32", "int64", "uint32", "bool"]


@cases(source=CASTS, target=CASTS)
def test_cast(source: str, target: str) -> Model:
    unsigned = source.startswith("u") or target.startswith("u")
    low = {} if source == "bool" else {"low": 0 if unsigned else -5, "high": 5}
    return one("CAST", given([3, 5], source, **low), out=out(target), in_data_type=source, out_data_type=target)


@cases(target=["int32", "int64", "int8", "uint8", "int16", "bool"])
def test_cast_rounds_to_zero(target: str) -> Model:
    values = [0.0, -0.0, 0.5, 1.5, 2.5, 0.99, 100.7] + ([] if target == "uint8" else [-0.5, -1.5, -0.99, -100.2])
    x = given([len(values)], values=values)
    return one("CAST", x, out=out(target), in_data_type="float32", out_data_type=target)


@cases(target=["int8", "uint8", "int16", "int32"])
def test_cast_wraps(target: str) -> Model:
    x = given([8], "int64", values=[300, -300, 255, 256, 40000, -40000, 2**33 + 5, -1])
    return one("CAST", x, out=out(target), in_data_type="int64", out_data_type=target)


@cases(source=["complex64"], target=["float32", "complex64"])
def test_cast_complex(source: str, target: str) -> Model:
    m = Model()
    x = m.op("CAST", [m.input([3, 4])], [m.tensor("complex64")], in_data_type="float32", out_data_type="complex64")
    y = m.op("CAST", [x], [m.tensor(target)], in_data_type=source, out_data_type=target)
    return m.outputs(y if target == "float32" else m.op("REAL", [y], [m.tensor()]))


@cases(dtype=["bfloat16", "int4"])
def test_cast_constant(dtype: str) -> Model:
    m = Model()
    values = made([3, 4], "float32" if dtype == "bfloat16" else dtype)
    w = m.op("CAST", [m.const(values, dtype)], [m.tensor(shape=[3, 4])], in_data_type=dtype, out_data_type="float32")
    return m.outputs(m.op("ADD", [m.input([3, 4]), w], [m.tensor()]))


BITCASTS = [("float32", "int32"), ("int32", "float32"), ("int32", "uint8"), ("uint8", "int32"), ("int64", "float32"),
            ("int16", "int8"), ("float32", "uint32"), ("float16", "int16"), ("uint8", "int8"), ("float64", "int64"),
            ("int64", "float64"), ("uint16", "float64"), ("float64", "uint8"), ("bfloat16", "uint16"), ("bool",
            "uint8"),
            ("int8", "bool"), ("complex64", "int16"), ("int8", "complex64"), ("complex64", "float64"), ("uint64",
            "complex64"),
            ("complex64", "int32"), ("int32", "complex64")]  # fmt: skip


@cases(*[case(source=s, target=t) for s, t in BITCASTS])
def test_bitcast(source: str, target: str) -> Model:
    """Wider elements take the last dimension away, narrower ones add one."""
    width = {"complex64": 8, "bool": 1, "bfloat16": 2}
    old, new = (width.get(d) or np.dtype(d).itemsize for d in (source, target))
    return one("BITCAST", given([2, 3, *([new // old] if new > old else [])], source), out=out(target))


def test_special_values_are_there() -> None:
    """The special inputs hold what they are called after."""
    feed = one("ABS", given([40], special=True)).feeds()[0]
    assert str(feed.tolist()).count("nan") == 1
    assert feed.tolist().count(float("inf")) == 1
    assert pytest.approx(float("-inf")) in feed.tolist()
