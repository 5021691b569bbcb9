"""SLICE, STRIDED_SLICE, PAD, PADV2, MIRROR_PAD."""

from __future__ import annotations

from typing import Any

from . import Limit, Model, case, cases
from .simple import either, fixed, given, one, out, steps

TYPES = ["float32", "int8", "uint8", "int16", "int32", "int64", "bool"]

SLICES = [case(begin=[0, 1, 2], size=[2, 2, 1]), case(begin=[1, 0, 0], size=[-1, 3, -1]), case(begin=[0, 0, 0],
size=[2, 3, 4]),
          case(begin=[1, 1, 1], size=[1, 0, 2])]  # fmt: skip


@cases(*SLICES, computed=[True, False])
def test_slice(begin: list[int], size: list[int], computed: bool) -> Model:
    return one("SLICE", given([2, 3, 4]), either(begin, computed), either(size, computed))


@cases(dtype=[*TYPES, "string", "uint32"], index=["int32", "int64"])
def test_slice_dtypes(dtype: str, index: str) -> Model:
    q = steps(dtype)
    return one(
        "SLICE", given([2, 3, 4], dtype, q), fixed([1, 0, 1], index), fixed([1, -1, 2], index), out=out(dtype, q)
    )


STRIDED = [
    case(begin=[0, 1, 1], end=[2, 3, 4], strides=[1, 1, 2]),
    case(begin=[0, 0, 0], end=[2, 3, 4], strides=[1, 1, 1], begin_mask=5, end_mask=3),
    case(begin=[-1, -1, -1], end=[-3, -4, -5], strides=[-1, -1, -2]),
    case(begin=[0, 2, 0], end=[0, -5, 0], strides=[1, -1, 1], end_mask=7, begin_mask=5),
    case(begin=[1, 1, -1], end=[2, 2, 0], strides=[1, 1, 1], shrink_axis_mask=5, end_mask=0),
    case(begin=[1], end=[2], strides=[1]),
    case(begin=[0, 1], end=[0, 3], strides=[1, 1], ellipsis_mask=1),
    case(begin=[1, 0, 0], end=[2, 0, 2], strides=[1, 1, 1], ellipsis_mask=2),
    case(begin=[0, 0, 1], end=[0, 2, 3], strides=[1, 1, 1], new_axis_mask=1),
    case(begin=[0, 0, 0, 0], end=[2, 0, 3, 2], strides=[1, 1, 1, 1], new_axis_mask=2),
    case(begin=[0, 0, 0], end=[0, 0, 0], strides=[1, 1, 1], shrink_axis_mask=7, end_mask=0),
    case(begin=[-9, 5, 1], end=[9, 9, 2], strides=[1, 1, 1]),
    case(begin=[0, 0, 3], end=[2, 3, 1], strides=[1, 1, 1]),
    case(begin=[1, 2, 0], end=[2, 3, 4], strides=[1, 1, 1], shrink_axis_mask=2, begin_mask=3, end_mask=0),
]


@cases(*STRIDED, computed=[False, True])
def test_strided_slice(begin: list[int], end: list[int], strides: list[int], computed: bool, **masks: Any) -> Model:
    return one("STRIDED_SLICE", given([2, 3, 4]), either(begin, computed), either(end, computed), either(strides,
    False),
               **masks)  # fmt: skip


BEFORE = [
    case(begin=[-5, 0], end=[-9, 2], strides=[-1, 1]),
    case(begin=[-4, -9], end=[-4, -9], strides=[-2, -1]),
    case(begin=[-3, -40], end=[-9, 3], strides=[-1, 2]),
]


@cases(*BEFORE, computed=["", "b", "s", "bes"], dynamic=[False, True],
       unknown_dims=lambda computed, **_: Limit("refused", "the number of its strides is not known")
       if computed == "bes" else None)  # fmt: skip
def test_strided_slice_before(
    begin: list[int], end: list[int], strides: list[int], computed: str, dynamic: bool
) -> Model:
    """Going back from before the first element: nothing; going forward from there: from the first on."""
    x = given([1, 4], signature=[-1, 4], feed=[3, 4]) if dynamic else given([3, 4])
    ends = either(end, "e" in computed)
    return one("STRIDED_SLICE", x, either(begin, "b" in computed), ends, either(strides, "s" in computed))


@cases()
def test_strided_slice_offset() -> Model:
    """`end` counts from `begin`."""
    return one("STRIDED_SLICE", given([2, 3, 4]), fixed([0, 1, 1]), fixed([2, 2, 2]), fixed([1, 1, 1]), offset=True)


@cases(dtype=[*TYPES, "string", "uint32"])
def test_strided_slice_dtypes(dtype: str) -> Model:
    q = steps(dtype)
    return one("STRIDED_SLICE", given([2, 3, 4], dtype, q), fixed([0, 0, 1]), fixed([2, 2, 4]), fixed([1, 1, 2]),
               out=out(dtype, q))  # fmt: skip


PADS = [[[0, 0], [1, 2], [0, 1]], [[1, 0], [0, 0], [2, 2]], [[0, 0], [0, 0], [0, 0]]]


@cases(op=["PAD", "PADV2"], pads=PADS, computed=[True, False], index=["int32", "int64"])
def test_pad(op: str, pads: Any, computed: bool, index: str) -> Model:
    value = [fixed(2.5)] if op == "PADV2" else []
    return one(op, given([2, 3, 4]), either(pads, computed, index), *value)


@cases(op=["PAD", "PADV2"], dtype=["int8", "uint8", "int16", "int32", "int64", "bool", "float16"])
def test_pad_dtypes(op: str, dtype: str) -> Model:
    q = steps(dtype, 0.05, -3)
    value = [fixed(1 if dtype == "bool" else 9, dtype, q)] if op == "PADV2" else []
    return one(op, given([2, 3, 4], dtype, q), fixed(PADS[0]), *value, out=out(dtype, q))


@cases(
    mode=["REFLECT", "SYMMETRIC"], dtype=["float32", "int32", "int64", "int8", "uint8", "int16"], computed=[True, False]
)
def test_mirror_pad(mode: str, dtype: str, computed: bool) -> Model:
    q = steps(dtype)
    return one(
        "MIRROR_PAD",
        given([2, 3, 4], dtype, q),
        either([[0, 1], [2, 1], [1, 3]], computed),
        out=out(dtype, q),
        mode=mode,
    )


@cases(
    mode=["REFLECT", "SYMMETRIC"],
    dtype=["float32", "int8", "int16"],
    pads=[[[0, 0], [2, 1], [1, 3]], [[1, 0], [0, 1], [0, 0]]],
)
def test_mirror_pad_of_a_dynamic_batch(mode: str, dtype: str, pads: list[list[int]]) -> Model:
    q = steps(dtype)
    x = given([1, 3, 4], dtype, q, signature=[-1, 3, 4], feed=[2, 3, 4])
    return one("MIRROR_PAD", x, either(pads, False), out=out(dtype, q), mode=mode)
