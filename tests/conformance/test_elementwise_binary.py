"""Binary arithmetic with broadcasting and fused activations."""

from __future__ import annotations

from typing import Any

import numpy as np

from . import Model, case, cases
from .simple import fixed, given, made, one, out, steps

PAIRS: list[Any] = [
    ([2, 3, 4], [2, 3, 4]), ([2, 3, 4], [4]), ([3, 1], [2, 1, 4]), ([], [2, 3]), ([2, 3], []), ([0, 3], [3]),
    ([1, 2, 3, 4, 2], [2, 1, 4, 1]),
]  # fmt: skip
ACTIVATIONS = ["NONE", "RELU", "RELU_N1_TO_1", "RELU6"]
PLAIN = ["ADD", "SUB", "MUL", "DIV", "MAXIMUM", "MINIMUM", "SQUARED_DIFFERENCE", "FLOOR_DIV", "FLOOR_MOD", "POW"]


@cases(op=PLAIN, shapes=PAIRS)
def test_float32(op: str, shapes: Any) -> Model:
    low = 0.5 if op == "POW" else -4
    return one(op, given(shapes[0], low=low, high=4), given(shapes[1], low=-4, high=4))


@cases(op=["ADD", "SUB", "MUL", "DIV"], activation=[*ACTIVATIONS[1:], "TANH", "SIGN_BIT"])
def test_activation(op: str, activation: str) -> Model:
    return one(op, given([2, 30], low=-4, high=4), given([30], low=-4, high=4), fused_activation_function=activation)


@cases(op=["ADD", "SUB", "MUL", "DIV", "MAXIMUM", "MINIMUM", "FLOOR_MOD"], convert={"exact": True})
def test_special(op: str) -> Model:
    """LiteRT clamps to the largest numbers, which costs time: `exact` asks for it."""
    return one(op, given([17], special=True), given([17, 1], special=True))


@cases(op=["ADD", "SUB", "MUL", "DIV"])
def test_infinite_constant(op: str) -> Model:
    """Where infinity comes easily, results are clamped without being asked."""
    return one(op, given([3, 4], low=-2, high=2), fixed(np.array([np.inf, -np.inf, 0.0, 1.0], np.float32)))


@cases(op=["ADD", "SUB", "MUL", "DIV", "MAXIMUM", "MINIMUM", "POW", "SQUARED_DIFFERENCE", "FLOOR_DIV", "FLOOR_MOD"])
def test_constant(op: str) -> Model:
    return one(op, given([3, 5], low=0.1, high=4), fixed(made([5], low=0.5, high=3)))


@cases(op=["ADD", "SUB", "MUL", "DIV", "MAXIMUM", "MINIMUM"])
def test_constant_first(op: str) -> Model:
    return one(op, fixed(made([5], low=0.5, high=3)), given([3, 5], low=0.1, high=4))


@cases(op=["ADD", "MUL", "MAXIMUM"])
def test_dynamic(op: str) -> Model:
    return one(op, given([1, 5], signature=[-1, 5], feed=[3, 5]), given([1, 5], signature=[-1, -1], feed=[3, 1]))


INTS = {"int32": PLAIN, "int64": ["ADD", "SUB", "MUL", "MAXIMUM", "MINIMUM", "FLOOR_MOD"],
        "int16": ["ADD", "MUL", "MAXIMUM", "MINIMUM", "FLOOR_DIV", "FLOOR_MOD"],
        "int8": ["FLOOR_DIV", "FLOOR_MOD"], "uint32": ["MUL"],
        "float16": ["ADD", "MUL", "MAXIMUM", "MINIMUM"], "bfloat16": ["MAXIMUM", "MINIMUM"],
        "complex64": ["MUL"]}  # fmt: skip


@cases(*[case(op=o, dtype=d) for d, ops in INTS.items() for o in ops if d != "complex64"], shapes=PAIRS[:4])
def test_dtypes(op: str, dtype: str, shapes: Any) -> Model:
    """Rounding on negatives included; the divisor is never 0."""
    low = 0 if dtype.startswith("u") else -12
    divides = op in ("DIV", "FLOOR_DIV", "FLOOR_MOD")
    other = (
        given(shapes[1], dtype, values=[3, -3, 1, -7, 5, 2, -1, 4])
        if divides
        else given(shapes[1], dtype, low=low, high=7)
    )
    if op == "POW":
        low, other = -3, given(shapes[1], dtype, low=0, high=4)
    return one(op, given(shapes[0], dtype, low=low, high=12), other, out=out(dtype))


@cases(op=["ADD", "SUB", "MUL"], activation=ACTIVATIONS[1:])
def test_int32_activation(op: str, activation: str) -> Model:
    return one(op, given([5, 6], "int32"), given([6], "int32"), out=out("int32"), fused_activation_function=activation)


@cases(op=["ADD", "SUB", "MUL"])
def test_int32_wraps(op: str) -> Model:
    big = given([4], "int32", values=[2**31 - 1, -(2**31), 2**30, 65537])
    return one(op, big, given([4], "int32", values=[1, -1, 2, 65537]), out=out("int32"))


@cases(
    *[case(op=o, dtype=d) for o in ["ADD", "SUB", "MUL"] for d in ["int8", "uint8", "int16"]],
    case(op="DIV", dtype="uint8"),
    case(op="SQUARED_DIFFERENCE", dtype="int8"),
    shapes=[PAIRS[0], PAIRS[1], PAIRS[2]],
)
def test_quantized(op: str, dtype: str, shapes: Any) -> Model:
    limits = {"low": 200} if op == "DIV" else {}
    scale = {"MUL": 0.08, "DIV": 0.02, "SQUARED_DIFFERENCE": 0.3}.get(op, 0.1)
    return one(op, given(shapes[0], dtype, steps(dtype, 0.03, 5)), given(shapes[1], dtype, steps(dtype, 0.05, -9),
    **limits),
               out=out(dtype, steps(dtype, scale, -30)))  # fmt: skip


@cases(
    dtype=["int8", "uint8"], scale=[0.01, 0.3, 40.0], shapes=[PAIRS[1], [[5, 300], [300]]], activation=["NONE", "RELU6"]
)
def test_quantized_quotient(dtype: str, scale: float, shapes: Any, activation: str) -> Model:
    """Small quotients, which LiteRT shifts too far, and negative divisors."""
    low, high = ([-128, 7], [9, 127]) if dtype == "int8" else ([0, 135], [137, 255])
    by = np.array([*range(low[0], low[1] + 1), *range(high[0], high[1] + 1)])
    return one("DIV", given(shapes[0], dtype, steps(dtype, 0.03, 5)), given(shapes[1], dtype, steps(dtype, 0.05, 8),
    values=by),
               out=out(dtype, steps(dtype, scale, -30)), fused_activation_function=activation)  # fmt: skip


@cases(op=["FLOOR_DIV", "FLOOR_MOD"], dtype=["int8", "int16"])
def test_quantized_floor(op: str, dtype: str) -> Model:
    """LiteRT computes with the codes as they are."""
    q = steps(dtype, 0.05, 3)
    return one(op, given([2, 3, 4], dtype, q), given([4], dtype, q, values=[3, -3, 7, -1]), out=out(dtype, q))


@cases(op=["ADD", "SUB", "MUL"], dtype=["int8", "uint8", "int16"], activation=ACTIVATIONS[1:])
def test_quantized_activation(op: str, dtype: str, activation: str) -> Model:
    q = steps(dtype, 0.04, -7)
    return one(op, given([6, 30], dtype, q), given([6, 30], dtype, q), out=out(dtype, steps(dtype, 0.05, 3)),
               fused_activation_function=activation)  # fmt: skip


@cases(op=["ADD", "MUL"], dtype=["int8", "uint8", "int16"])
def test_quantized_constant(op: str, dtype: str) -> Model:
    other = fixed(made([7], dtype), dtype, steps(dtype, 0.02, 4 if dtype != "int16" else 0))
    return one(op, given([3, 7], dtype, steps(dtype, 0.03, 5)), other, out=out(dtype, steps(dtype, 0.06)))


@cases(op=["MAXIMUM", "MINIMUM"], dtype=["int8", "uint8", "int16"])
def test_quantized_extremum(op: str, dtype: str) -> Model:
    q = steps(dtype, 0.04, -7)
    return one(op, given([6, 5], dtype, q), given([5], dtype, q), out=out(dtype, q))


@cases(op=["MAXIMUM", "MINIMUM"], dtype=["int8", "uint8", "int16", "int32"])
def test_extremum_of_codes(op: str, dtype: str) -> Model:
    """LiteRT compares the codes, also of different scales."""
    first, second, result = ((s, z if dtype[0] == "u" else 0) for s, z in ((0.02, 120), (0.05, 128), (0.04, 131)))
    return one(op, given([3, 40], dtype, first), given([40], dtype, second), out=out(dtype, result))


@cases(op=["ADD", "SUB", "MUL", "DIV"], other=[0.05, 0.02])
def test_int32_scale_ignored(op: str, other: float) -> Model:
    divisor = given([2, 3], "int32", (other, 0), values=[1, -2, 3, 4, -5, 7])
    return one(op, given([2, 3], "int32", (0.02, 0)), divisor, out=out("int32", (0.04, 0)))


@cases(op=["FLOOR_DIV", "FLOOR_MOD"], dtype=["int8", "int16", "int32"])
def test_floor_of_codes(op: str, dtype: str) -> Model:
    """LiteRT divides the codes, whatever their scales."""
    divisor = given([6], dtype, (0.1, 0), values=[3, -3, 1, -7, 5, 2])
    return one(op, given([4, 6], dtype, (0.05, 0)), divisor, out=out(dtype, (0.2, 0)))


@cases(pot=[True, False])
def test_add_int16_power_of_two(pot: bool) -> Model:
    q = 2.0**-12
    return one("ADD", given([40], "int16", (q, 0)), given([40], "int16", (q * 2, 0)), out=out("int16", (q * 2, 0)),
               pot_scale_int16=pot)  # fmt: skip


@cases(dtype=["float32", "int32"], count=[2, 4])
def test_add_n(dtype: str, count: int) -> Model:
    return one("ADD_N", *[given([2, 3], dtype) for _ in range(count)], out=out(dtype))


@cases(dtype=["float32", "float64", "float16"], special=[True, False])
def test_atan2(dtype: str, special: bool) -> Model:
    y, x = (given(s, dtype, low=-2, high=2, special=special) for s in ([17, 17], [17, 17]))
    return one("ATAN2", y, x, out=out(dtype))


@cases(sign=[1, -1], zero=[0.0, -0.0, 1.0, -1.0])
def test_atan2_quadrants(sign: int, zero: float) -> Model:
    x = given([5], values=[sign * 0.0, sign * 1.0, sign * -2.0, sign * 1e-20, sign * 5.0])
    return one("ATAN2", given([5], values=[zero] * 5), x)


@cases(dtype=["int8", "uint8", "int16", "uint16", "int32", "uint32"], shapes=PAIRS[:4])
def test_bitwise_xor(dtype: str, shapes: Any) -> Model:
    return one("BITWISE_XOR", given(shapes[0], dtype), given(shapes[1], dtype), out=out(dtype))


@cases(dtype=["int8", "uint8", "int16", "uint16", "int32", "uint32"], shapes=PAIRS[:4])
def test_right_shift(dtype: str, shapes: Any) -> Model:
    return one("RIGHT_SHIFT", given(shapes[0], dtype), given(shapes[1], dtype, low=0, high=9), out=out(dtype))


@cases()
def test_mul_complex() -> Model:
    m = Model()
    a, b = (m.op("RFFT2D", [m.input([4, 4]), m.const([4, 4])], [m.tensor("complex64")]) for _ in range(2))
    return m.outputs(m.op("COMPLEX_ABS", [m.op("MUL", [a, b], [m.tensor("complex64")])], [m.tensor()]))
