"""SPACE_TO_DEPTH, DEPTH_TO_SPACE, SPACE_TO_BATCH_ND, BATCH_TO_SPACE_ND."""

from __future__ import annotations

from typing import Any

from . import Model, case, cases
from .simple import either, fixed, given, one, out, steps


@cases(op=["SPACE_TO_DEPTH", "DEPTH_TO_SPACE"], dtype=["float32", "int8", "uint8", "int32", "int64"], block=[2, 3])
def test_depth_and_space(op: str, dtype: str, block: int) -> Model:
    q = steps(dtype)
    shape = [2, 2 * block, 3 * block, 2] if op == "SPACE_TO_DEPTH" else [2, 2, 3, 2 * block * block]
    return one(op, given(shape, dtype, q), out=out(dtype, q), block_size=block)


@cases(case(shape=[1, 4, 6, 2], block=[2, 3], pads=[[0, 0], [0, 0]]), case(shape=[2, 3, 5, 1], block=[2, 2], pads=[[1,
0], [0, 1]]),
       case(shape=[2, 5, 3], block=[3], pads=[[0, 1]]), case(shape=[1, 4, 4, 1], block=[1, 2], pads=[[0, 0], [2, 2]]),
       computed=[True, False])  # fmt: skip
def test_space_to_batch(shape: list[int], block: list[int], pads: Any, computed: bool) -> Model:
    return one("SPACE_TO_BATCH_ND", given(shape), either(block, computed), either(pads, computed))


@cases(case(shape=[6, 2, 2, 2], block=[2, 3], crops=[[0, 0], [0, 0]]), case(shape=[8, 2, 3, 1], block=[2, 2],
crops=[[1, 0], [0, 1]]),
       case(shape=[6, 2, 3], block=[3], crops=[[0, 1]]), computed=[True, False])  # fmt: skip
def test_batch_to_space(shape: list[int], block: list[int], crops: Any, computed: bool) -> Model:
    return one("BATCH_TO_SPACE_ND", given(shape), either(block, computed), either(crops, computed))


@cases(op=["SPACE_TO_BATCH_ND", "BATCH_TO_SPACE_ND"], dtype=["int8", "uint8", "int32", "int64", "int16"])
def test_batch_and_space_dtypes(op: str, dtype: str) -> Model:
    q = steps(dtype, 0.05, -4)
    shape, pads = ([1, 3, 4, 2], [[1, 0], [0, 0]]) if op[0] == "S" else ([4, 2, 2, 2], [[0, 0], [0, 1]])
    return one(op, given(shape, dtype, q), fixed([2, 2]), fixed(pads), out=out(dtype, q))
