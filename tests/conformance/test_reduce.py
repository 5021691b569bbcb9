"""Reductions, positions of extremes, running sums, top values."""

from __future__ import annotations

from typing import Any

from . import Limit, Model, case, cases
from .simple import either, fixed, given, one, out, steps

AXES = [
    case(axis=[1]), case(axis=[-1]), case(axis=[0, 2]), case(axis=[1, 2]), case(axis=[0, 1, 2, 3]), case(axis=[-2, 1]),
    case(axis=2), case(axis=[2, 2]),
]  # fmt: skip
REDUCE = ["SUM", "MEAN", "REDUCE_MAX", "REDUCE_MIN", "REDUCE_PROD"]
HOW_MANY = Limit("refused", "how many codes it multiplies is not known")


@cases(*AXES, op=REDUCE, keep=[True, False])
def test_float32(op: str, axis: Any, keep: bool) -> Model:
    return one(op, given([2, 3, 4, 2]), fixed(axis), keep_dims=keep)


@cases(*[case(axis=a) for a in ([1], [-1], [0, 2], [0, 1, 2])], op=REDUCE, dtype=["int32", "int64"], keep=[True, False])
def test_integers(op: str, axis: Any, dtype: str, keep: bool) -> Model:
    return one(op, given([2, 3, 4], dtype, low=-5, high=5), fixed(axis), out=out(dtype), keep_dims=keep)


@cases(op=["REDUCE_ANY", "REDUCE_ALL"], axis=[[1], [0, 2], [-1]], keep=[True, False])
def test_bool(op: str, axis: list[int], keep: bool) -> Model:
    return one(op, given([2, 3, 4], "bool", values=[1, 1, 1, 1, 0, 0, 0, 0, 1, 0, 1]), fixed(axis), out=out("bool"),
               keep_dims=keep)  # fmt: skip


@cases(
    *[case(op=o, dtype=d) for o in ["SUM", "MEAN"] for d in ["int8", "uint8", "int16"]],
    *[case(op="REDUCE_PROD", dtype=d, unknown_dims=HOW_MANY) for d in ["int8", "int16"]],
    axis=[[1], [1, 2], [-1], [0, 3]],
    same=[True, False],
)
def test_quantized(op: str, dtype: str, axis: list[int], same: bool) -> Model:
    q = steps(dtype, 0.02, -9)
    return one(op, given([2, 3, 4, 5], dtype, q), fixed(axis), out=out(dtype, q if same else steps(dtype, 0.05, 17)),
               keep_dims=True)  # fmt: skip


@cases(op=["REDUCE_MAX", "REDUCE_MIN"], dtype=["int8", "uint8", "int16"], axis=[[1], [1, 2]])
def test_quantized_extremes(op: str, dtype: str, axis: list[int]) -> Model:
    q = steps(dtype, 0.02, -9)
    return one(op, given([2, 3, 4, 5], dtype, q), fixed(axis), out=out(dtype, q))


@cases(op=["MEAN", "SUM", "REDUCE_MAX"], keep=[True, False])
def test_dynamic(op: str, keep: bool) -> Model:
    x = given([1, 4, 3], signature=[-1, -1, 3], feed=[2, 5, 3])
    return one(op, x, fixed([1]), keep_dims=keep)


@cases(op=REDUCE, axis=[[0, 2], [-1], [1, -3, 1]], keep=[True, False])
def test_computed_axes(op: str, axis: list[int], keep: bool) -> Model:
    return one(op, given([2, 3, 4]), either(axis, True), keep_dims=keep)


@cases(dtype=["int8", "int16"], axis=[[1], [-1, 0], [3, 1, 0, 2], [2]], keep=[True, False], computed=[True, False],
       unknown_dims=HOW_MANY)  # fmt: skip
def test_products_that_overflow(dtype: str, axis: list[int], keep: bool, computed: bool) -> Model:
    """The products overflow; over a dimension of 1, LiteRT copies the codes without rescaling."""
    x = given([2, 3, 1, 5], dtype, steps(dtype, 0.05, 7))
    return one("REDUCE_PROD", x, either(axis, computed), out=out(dtype, steps(dtype, 0.05, -3)), keep_dims=keep)


@cases(op=["REDUCE_ANY", "REDUCE_ALL"], keep=[True, False])
def test_computed_axes_bool(op: str, keep: bool) -> Model:
    return one(op, given([2, 3, 4], "bool"), either([0, 2], True), out=out("bool"), keep_dims=keep)


@cases(op=["ARG_MAX", "ARG_MIN"], axis=[0, 1, -1])
def test_computed_axis(op: str, axis: int) -> Model:
    return one(op, given([3, 4, 2], distinct=True), either(axis, True), out=out("int32"), output_type="int32")


@cases(op=["SUM", "REDUCE_PROD", "REDUCE_MAX", "REDUCE_MIN", "MEAN"])
def test_scalar(op: str) -> Model:
    return one(op, given([]), fixed([], "int32"))


def _mean_of_nothing(op: str, dtype: str, **_: object) -> Limit | None:
    return Limit("differs", "0.0 not nan") if op == "MEAN" and dtype == "float32" else None


@cases(op=REDUCE, keep=[True, False], dtype=["float32", "int32"], unknown_dims=_mean_of_nothing)
def test_empty(op: str, keep: bool, dtype: str) -> Model:
    return one(op, given([0, 3], dtype), fixed([0]), out=out(dtype), keep_dims=keep)


@cases(op=REDUCE[:4], computed=[True, False])
def test_int32_scale_ignored(op: str, computed: bool) -> Model:
    x = given([2, 3, 4], "int32", (0.05, 0), low=-5, high=5)
    return one(op, x, either([-1, 0], computed), out=out("int32", (0.1, 0)))


@cases(op=["REDUCE_ANY", "REDUCE_ALL"])
def test_empty_bool(op: str) -> Model:
    return one(op, given([2, 0], "bool"), fixed([1]), out=out("bool"))


@cases(op=["REDUCE_MAX", "REDUCE_MIN", "SUM"])
def test_infinite(op: str) -> Model:
    return one(op, given([2, 3], values=[1.0, float("inf"), 2.0, -float("inf"), 3.0, 4.0]), fixed([1]))


ARGS = ["float32", "int32", "int8", "uint8", "bool"]


@cases(op=["ARG_MAX", "ARG_MIN"], dtype=ARGS, axis=[0, 1, -1], result=["int32", "int64"])
def test_arg(op: str, dtype: str, axis: int, result: str) -> Model:
    """Ties: the first one."""
    values = [0, 1, 1, 0, 0, 1] if dtype == "bool" else [3, 1, 3, 1, 2, 3, 0, 0, 5, 5]
    return one(op, given([3, 4, 2], dtype, steps(dtype), values=values), fixed(axis, "int32"), out=out(result),
               output_type=result)  # fmt: skip


@cases(dtype=["float32", "int32", "int64"], exclusive=[True, False], reverse=[True, False], axis=[0, 1, -1])
def test_cumsum(dtype: str, exclusive: bool, reverse: bool, axis: int) -> Model:
    return one("CUMSUM", given([3, 4, 2], dtype, low=-5, high=5), fixed(axis, "int32"), out=out(dtype),
    exclusive=exclusive,
               reverse=reverse)  # fmt: skip


@cases(dtype=["float32", "int8", "uint8", "int16", "int32", "int64"], k=[1, 3, 5], computed=[True, False])
def test_topk(dtype: str, k: int, computed: bool) -> Model:
    """Ties: the lower index first."""
    values = [3, 1, 3, 1, 2, 3, 0, 0, 5, 5, 4]
    q = steps(dtype)
    return one(
        "TOPK_V2", given([2, 3, 5], dtype, q, values=values), either(k, computed), out=[out(dtype, q), out("int32")]
    )


@cases(op=["SEGMENT_SUM"], dtype=["float32", "int32"], shape=[[6], [6, 2], [6, 2, 3]])
def test_segment_sum(op: str, dtype: str, shape: list[int]) -> Model:
    return one(op, given(shape, dtype), fixed([0, 0, 1, 2, 2, 2], "int32"), out=out(dtype))


@cases(op=["UNSORTED_SEGMENT_SUM", "UNSORTED_SEGMENT_PROD", "UNSORTED_SEGMENT_MAX", "UNSORTED_SEGMENT_MIN"],
       dtype=["float32", "int32"], shape=[[6], [6, 2]], computed=[True, False])  # fmt: skip
def test_unsorted_segment(op: str, dtype: str, shape: list[int], computed: bool) -> Model:
    """Segment 2 gets nothing, a negative id is dropped."""
    ids = given([6], "int32", values=[3, 0, 1, -1, 0, 3])
    return one(op, given(shape, dtype, low=-4, high=4), ids, either(5, computed), out=out(dtype))


@cases(op=["UNSORTED_SEGMENT_SUM", "UNSORTED_SEGMENT_MAX"])
def test_unsorted_segment_matrix(op: str) -> Model:
    return one(op, given([2, 3, 2]), given([2, 3], "int32", values=[1, 0, 1, 0, 3, 3]), fixed(4, "int32"))


@cases(op=["MEAN", "SUM", "REDUCE_MAX", "REDUCE_MIN", "REDUCE_PROD"], dtype=["int32", "int64"], rows=[0, 1, 3])
def test_unknown_rows_of_integers(op: str, dtype: str, rows: int) -> Model:
    x = given([1, 3], dtype, signature=[-1, 3], feed=[rows, 3])
    return one(op, x, fixed([0]), out=out(dtype))


@cases(op=["REDUCE_ANY", "REDUCE_ALL"], rows=[0, 1, 3])
def test_unknown_rows_of_bools(op: str, rows: int) -> Model:
    x = given([1, 3], "bool", signature=[-1, 3], feed=[rows, 3], values=[False, True, True])
    return one(op, x, fixed([0]), out=out("bool"))
