"""Flex ops that move, sum and count; products."""

from __future__ import annotations

import numpy as np
import pytest

from .flex_models import Case, ints, name_of, run, x


def cases() -> list[Case]:
    """Every op, in the ways that are lowered differently."""
    found: list[Case] = []
    found += [
        ("L2Loss", [("t", x(3, 4))], {}),
        ("MatrixDeterminant", [("input", x(2, 3, 3))], {}),
        ("Einsum", [("inputs", x(2, 3, 4)), ("inputs", x(2, 4, 5))], {"equation": "bij,bjk->bki"}),
        ("Einsum", [("inputs", x(2, 3, 4)), ("inputs", x(4, 5))], {"equation": "...j,jk->...k"}),
        ("BatchMatMulV2", [("x", x(2, 3, 4)), ("y", x(2, 5, 4))], {"adj_y": True}),
        ("BatchMatMulV3", [("x", x(2, 4, 3)), ("y", x(2, 4, 5))], {"Tout": "float32", "adj_x": True}),
        ("MatMul", [("a", x(4, 3)), ("b", x(5, 4))], {"transpose_a": True, "transpose_b": True}),
        ("EuclideanNorm", [("input", x(3, 4)), ("axis=", ints(1))], {"keep_dims": True}),
        ("Cross", [("a", x(4, 3)), ("b", x(4, 3))], {}),
        ("Roll", [("input", x(3, 4)), ("shift=", ints(2, -1)), ("axis=", ints(0, 1))], {}),
        ("Roll", [("input", ints(1, 2, 3, 4)), ("shift", np.int32(7)), ("axis=", np.int32(0))], {}),
        ("NthElement", [("input", x(2, 5)), ("n", np.int32(1))], {}),
        ("NthElement", [("input", x(2, 3, 5)), ("n=", np.int32(3))], {"reverse": True}),
        ("NthElement", [("input", x(7, low=-90, high=90, dtype="int8")), ("n", np.int32(0))], {"reverse": True}),
        (
            "HistogramFixedWidth",
            [("values", x(4, 9)), ("value_range", x(2, low=-1, high=1.5)), ("nbins", np.int32(5))],
            {},
        ),
        (
            "HistogramFixedWidth",
            [("values", ints(-9, 0, 3, 4, 4, 99)), ("value_range", ints(0, 8)), ("nbins=", np.int32(4))],
            {"dtype": "int64"},
        ),
        ("InvertPermutation", [("x", ints(3, 0, 2, 1))], {}),
        ("UniqueV2", [("x", ints(5, 3, 5, 1, 3)), ("axis=", ints())], {}),
        ("UniqueWithCounts", [("x", ints(5, 3, 5, 1, 3, dtype="int64"))], {}),
        ("Unique", [("x", x(4))], {"out_idx": "int64"}),
        ("TensorScatterUpdate", [("tensor", x(4, 3)), ("indices", ints(2, 0).reshape(2, 1)), ("updates", x(2, 3))], {}),
        ("Bincount", [("arr", ints(1, 3, 1, 0)), ("size", np.int32(5)), ("weights", np.zeros(0, "f"))], {}),
        (
            "DenseBincount",
            [("input", ints(1, 3, 1, 0, 2, 2).reshape(2, 3)), ("size", np.int32(4)), ("weights", x(2, 3))],
            {},
        ),
        ("LowerBound", [("sorted_inputs", np.sort(x(2, 5))), ("values", x(2, 3))], {}),
        ("UpperBound", [("sorted_inputs", np.sort(x(2, 5))), ("values", x(2, 3))], {"out_type": "int64"}),
        ("LinSpace", [("start", np.float32(-1)), ("stop", np.float32(3)), ("num", np.int32(7))], {}),
        ("Size", [("input", x(3, 4))], {}),
        ("ConcatV2", [("values", x(2, 3)), ("values", x(2, 1)), ("axis=", np.int32(1))], {}),
        ("GatherV2", [("params", x(3, 4, dtype="float64")), ("indices", ints(2, 0)), ("axis=", np.int32(1))], {}),
        ("Mean", [("input", x(3, 4, dtype="float64")), ("axis=", ints(1))], {"keep_dims": True}),
        (
            "StridedSlice",
            [("input", x(4, 5)), ("begin=", ints(1, 0)), ("end=", ints(4, 3)), ("strides=", ints(2, 1))],
            {"shrink_axis_mask": 0, "end_mask": 2},
        ),
        ("TopKV2", [("input", x(2, 5)), ("k=", np.int32(3))], {}),
        ("Cumsum", [("x", x(2, 5)), ("axis=", np.int32(1))], {"reverse": True}),
        ("IdentityN", [("input", x(2)), ("input", ints(1, 2))], {}),
        ("CheckNumerics", [("tensor", x(3))], {"message": "m"}),
        ("EnsureShape", [("input", x(2, 3))], {"shape": [2, 3]}),
        ("PreventGradient", [("input", x(3))], {}),
        ("Snapshot", [("input", x(3))], {}),
        ("UniqueWithCountsV2", [("x", ints(5, 3, 5, 1, 3)), ("axis=", ints(0))], {}),
    ]
    twice = [("tensor", x(4, 3)), ("indices", ints(2, 0, 2).reshape(3, 1)), ("updates", x(3, 3))]
    found += [(f"TensorScatter{n}", twice, {}) for n in ("Add", "Sub", "Max", "Min")]
    found += [
        ("MatrixBandPart", [("input", x(2, 4, 5)), ("num_lower=", np.int64(a)), ("num_upper=", np.int64(b))], {})
        for a, b in ((1, 0), (-1, 2))
    ]
    found += [
        ("Cumprod", [("x", x(3, 5)), ("axis=", np.int32(1))], {"exclusive": e, "reverse": r})
        for e in (False, True)
        for r in (False, True)
    ]
    return found  # fmt: skip


@pytest.mark.parametrize("case", cases(), ids=name_of)
def test_op(case: Case) -> None:
    run(case)
