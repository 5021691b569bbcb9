"""Ops that pick and place by index."""

from __future__ import annotations

from typing import Any

from . import Model, case, cases
from .simple import either, fixed, given, one, out, steps

TYPES = ["float32", "int8", "uint8", "int16", "int32", "int64", "bool", "string", "float16"]


@cases(dtype=TYPES, index=["int32", "int64", "int16"])
def test_gather(dtype: str, index: str) -> Model:
    q = steps(dtype)
    return one(
        "GATHER",
        given([4] if dtype == "string" else [4, 3], dtype, q),
        given([5], index, values=[3, 0, 0, 2, 1]),
        out=out(dtype, q),
    )


@cases(axis=[0, 1, -1, -2], indices=[[], [2], [2, 2]], constant=[True, False])
def test_gather_axes(axis: int, indices: list[int], constant: bool) -> Model:
    values: Any = {0: 1, 1: [1, 0], 2: [[1, 0], [0, 1]]}[len(indices)]
    return one("GATHER", given([2, 3, 4]), either(values, not constant), axis=axis)


@cases(case(axis=1, batch_dims=1), case(axis=2, batch_dims=1), case(axis=2, batch_dims=2), case(axis=-1, batch_dims=1),
       case(axis=2, batch_dims=-1))  # fmt: skip
def test_gather_batches(axis: int, batch_dims: int) -> Model:
    indices = given([2, 3], "int32", values=[0, 2, 1, 1, 0, 2])
    return one("GATHER", given([2, 3, 4]), indices, axis=axis, batch_dims=batch_dims)


@cases(dtype=TYPES, index=["int32", "int64", "int16"])
def test_gather_nd(dtype: str, index: str) -> Model:
    q = steps(dtype)
    return one("GATHER_ND", given([2, 3, 4], dtype, q), given([2, 2], index, values=[0, 2, 1, 1]), out=out(dtype, q))


@cases(shape=[[2, 1], [2, 3], [3], [2, 2, 2]])
def test_gather_nd_depths(shape: list[int]) -> Model:
    return one("GATHER_ND", given([2, 3, 4]), given(shape, "int32", values=[0, 1, 1, 0, 1]))


@cases(dtype=["float32", "int8", "uint8", "int32", "int64", "bool"], computed=[True, False])
def test_scatter_nd(dtype: str, computed: bool) -> Model:
    """Duplicates are added up."""
    indices = given([4, 1], "int32", values=[4, 1, 4, 0])
    values: Any = {"values": [1, 0, 0, 1]} if dtype == "bool" else {"low": 0, "high": 20}
    return one("SCATTER_ND", indices, given([4, 3], dtype, **values), either([6, 3], computed), out=out(dtype))


@cases(case(indices=[2, 2], updates=[2, 4], shape=[2, 3, 4]), case(indices=[2, 3], updates=[2], shape=[2, 3, 4]),
       case(indices=[1, 2, 1], updates=[1, 2, 3], shape=[5, 3]))  # fmt: skip
def test_scatter_nd_depths(indices: list[int], updates: list[int], shape: list[int]) -> Model:
    return one("SCATTER_ND", given(indices, "int32", values=[0, 1, 1, 0, 1, 1]), given(updates), fixed(shape))


@cases(dtype=["float32", "int8", "uint8", "int32", "int64"], index=["int32", "int64"])
def test_sparse_to_dense(dtype: str, index: str) -> Model:
    return one("SPARSE_TO_DENSE", given([3, 2], index, values=[0, 1, 1, 2, 2, 0]), fixed([3, 4], index),
               given([3], dtype), fixed(7, dtype), out=out(dtype))  # fmt: skip


@cases(case(indices=[], shape=[5], values=[]), case(indices=[3], shape=[5], values=[3]), case(indices=[3], shape=[5],
values=[]),
       case(indices=[3, 2], shape=[4, 4], values=[]), case(indices=[2, 3], shape=[3, 3, 4], values=[2]),
       computed=[True, False])  # fmt: skip
def test_sparse_to_dense_ranks(indices: list[int], shape: list[int], values: list[int], computed: bool) -> Model:
    where = given(
        indices,
        "int32",
        values=[0, 1, 1, 2, 0, 3] if len(shape) != 3 else [0, 1, 3, 2, 0, 1] if indices != [3] else [0, 2, 4],
    )
    return one("SPARSE_TO_DENSE", where, either(shape, computed), given(values), fixed(-1.0))


@cases(dtype=["float32", "int8", "int32", "int64", "bool", "int16", "float16"], start=[[0, 0], [1, 2], [9, -4]],
       index=["int32", "int64"])  # fmt: skip
def test_dynamic_update_slice(dtype: str, start: list[int], index: str) -> Model:
    """Starts are moved until the update fits."""
    q = steps(dtype)
    return one("DYNAMIC_UPDATE_SLICE", given([4, 5], dtype, q), given([2, 3], dtype, q), given([2], index,
    values=start),
               out=out(dtype, q))  # fmt: skip


@cases(dtype=["float32", "int32"], shape=[[4], [4, 2]])
def test_hashtable_lookup(dtype: str, shape: list[int]) -> Model:
    """Sorted keys; a key that is missing gives zeros and a hit of 0."""
    keys = given([5], "int32", values=[123, -3, 7, 0, 1024])
    table = fixed([-3, 0, 123, 1024], "int32")
    return one("HASHTABLE_LOOKUP", keys, table, given(shape, dtype), out=[out(dtype), out("uint8")])


@cases()
def test_hashtable_lookup_strings() -> Model:
    keys = given([3], "int32", values=[1, 5, 2])
    return one(
        "HASHTABLE_LOOKUP", keys, fixed([1, 2]), fixed(["one", "two"], "string"), out=[out("string"), out("uint8")]
    )


@cases(batch=[-1, -2, 2, 1])
def test_batch_dims_from_the_end(batch: int) -> Model:
    """Counted in the indices, of which there are three dimensions."""
    places = given([2, 3, 5], "int32", low=0, high=3)
    return one("GATHER", given([2, 3, 4, 4]), places, axis=3, batch_dims=batch)
