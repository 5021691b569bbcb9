"""Comparisons, logic, and choices between two tensors."""

from __future__ import annotations

from typing import Any

from . import Model, case, cases
from .simple import fixed, given, made, one, out, steps

PAIRS: list[Any] = [([2, 3, 4], [2, 3, 4]), ([2, 3, 4], [4]), ([3, 1], [2, 1, 4]), ([], [2, 3]), ([0, 3], [3])]
COMPARE = ["EQUAL", "NOT_EQUAL", "LESS", "LESS_EQUAL", "GREATER", "GREATER_EQUAL"]


@cases(op=COMPARE, dtype=["float32", "int32", "int64"], shapes=PAIRS)
def test_compare(op: str, dtype: str, shapes: Any) -> Model:
    if dtype == "float32":
        values = [0.0, -0.0, 1.5, -1.5, 2.0, 1.5]
        return one(op, given(shapes[0], values=values), given(shapes[1], values=values[::-1]), out=out("bool"))
    return one(op, *(given(s, dtype, low=-2, high=2) for s in shapes), out=out("bool"))


@cases(op=COMPARE)
def test_compare_special(op: str) -> Model:
    return one(op, given([17], special=True), given([17, 1], special=True), out=out("bool"))


@cases(case(op="EQUAL", dtype="int16"), *[case(op=o, dtype=d) for o in COMPARE[:2] for d in ("bool", "string")],
       shapes=PAIRS[:2])  # fmt: skip
def test_equal(op: str, dtype: str, shapes: Any) -> Model:
    return one(op, *(given(s, dtype) for s in shapes), out=out("bool"))


@cases(op=COMPARE, dtype=["float16"])
def test_compare_half(op: str, dtype: str) -> Model:
    return one(op, given([9], dtype), given([9, 1], dtype), out=out("bool"))


@cases(op=COMPARE, dtype=["int8", "uint8"], same=[True, False])
def test_compare_quantized(op: str, dtype: str, same: bool) -> Model:
    first = steps(dtype, 0.05, 4)
    second = first if same else steps(dtype, 0.03, -10)
    return one(op, given([40], dtype, first), given([40, 1], dtype, second), out=out("bool"))


@cases(op=COMPARE, dtype=["int16", "int32"])
def test_compare_codes(op: str, dtype: str) -> Model:
    """The order of more than 8 bits is that of the codes; 16-bit ones are equal where their real values are."""
    values = [-2000, 0, 1500, 3000, 2000, 700]
    a = given([6], dtype, (0.05, 0), values=values)
    return one(op, a, given([6, 1], dtype, (0.1, 0), values=[v // 2 for v in values]), out=out("bool"))


@cases(op=COMPARE)
def test_compare_constant(op: str) -> Model:
    return one(op, given([4, 5], low=-2, high=2), fixed(made([5])), out=out("bool"))


@cases(op=["LOGICAL_AND", "LOGICAL_OR"], shapes=PAIRS)
def test_logical(op: str, shapes: Any) -> Model:
    return one(op, *(given(s, "bool") for s in shapes), out=out("bool"))


SELECT = ["float32", "int8", "uint8", "int16", "int32", "int64", "bool", "float16", "uint32"]


@cases(op=["SELECT", "SELECT_V2"], dtype=SELECT)
def test_select(op: str, dtype: str) -> Model:
    q = steps(dtype)
    return one(op, given([3, 4], "bool"), given([3, 4], dtype, q), given([3, 4], dtype, q), out=out(dtype, q))


@cases(op=["SELECT", "SELECT_V2"], dtype=["int8", "uint8", "int16", "int32"])
def test_select_codes(op: str, dtype: str) -> Model:
    """Codes are copied, also to and from other scales."""
    a, b = (given([3, 40], dtype, (s, 0)) for s in (0.02, 0.05))
    return one(op, given([3, 40], "bool"), a, b, out=out(dtype, (0.04, 0)))


@cases(op=["SELECT", "SELECT_V2"])
def test_select_complex(op: str) -> Model:
    m = Model()
    a, b = (m.op("CAST", [m.input([3, 4])], [m.tensor("complex64")], in_data_type="float32", out_data_type="complex64")
            for _ in range(2))  # fmt: skip
    chosen = m.op(op, [m.input([3, 4], "bool"), a, b], [m.tensor("complex64")])
    return m.outputs(m.op("REAL", [chosen], [m.tensor()]))


@cases(op=["SELECT", "SELECT_V2"])
def test_select_keeps_nan_out(op: str) -> Model:
    cond = given([6], "bool", values=[1, 0, 1, 0, 1, 0])
    a = given([6], values=[1.0, float("nan"), 2.0, float("inf"), -0.0, 3.0])
    b = given([6], values=[float("nan"), 4.0, float("-inf"), 5.0, float("nan"), 6.0])
    return one(op, cond, a, b)


@cases(*[case(shape=s) for s in ([3, 4], [3], [3, 2, 2, 2])])
def test_select_by_row(shape: list[int]) -> Model:
    """SELECT's condition of rank 1 picks whole rows."""
    return one("SELECT", given([3], "bool"), given(shape), given(shape))


@cases(shape=[[2, 3], []])
def test_select_scalar(shape: list[int]) -> Model:
    return one("SELECT", given([], "bool"), given(shape), given(shape))


@cases(cond=[[4], [3, 1], [2, 3, 4], [], [1, 3, 1]], a=[[2, 3, 4], [4], []], b=[[3, 4], []])
def test_select_v2_broadcast(cond: list[int], a: list[int], b: list[int]) -> Model:
    return one("SELECT_V2", given(cond, "bool"), given(a), given(b))


@cases(dtype=["float32", "int32", "int64", "bool", "int8", "uint8", "uint32"], shape=[[3, 4], [7], [2, 3, 2]])
def test_where(dtype: str, shape: list[int]) -> Model:
    values = [0, 1, 0, 0, 1, 1, 0]
    return one("WHERE", given(shape, dtype, values=values), out=out("int64"))


@cases(fill=[0, 1], shape=[[4], [2, 2]])
def test_where_none_and_all(fill: int, shape: list[int]) -> Model:
    return one("WHERE", given(shape, "bool", values=[fill]), out=out("int64"))


@cases(dtype=["float32", "int32", "int64", "float64"], boundaries=[[0.0, 1.0, 5.0], [-3.5], []])
def test_bucketize(dtype: str, boundaries: list[float]) -> Model:
    values: Any = [-4, -3, 0, 1, 2, 5, 6]
    return one("BUCKETIZE", given([7], dtype, values=values), out=out("int32"), boundaries=boundaries)
