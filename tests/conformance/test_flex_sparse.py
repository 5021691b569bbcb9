"""Sparse tensors and sets (`handlers/flex/sparse.py`, `handlers/flex/sets.py`)."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from .flex_cases import tried
from .flex_models import Case, ints, name_of, x


def longs(*values: int, shape: tuple[int, ...] = (-1,)) -> Any:
    return ints(*values, dtype="int64").reshape(shape)


AT = longs(0, 1, 2, 0, 2, 3, 4, 1, shape=(4, 2))
"""Places in a tensor of five rows and six columns; rows 1 and 3 are empty."""
SHAPE = longs(5, 6)
CUBE = longs(0, 0, 1, 1, 2, 0, 1, 2, 3, shape=(3, 3))
SETS = ["a-b", "b-a", "intersection", "union"]
A, B = ints(1, 3, 3, 5, 9, 2, 2, 7, 8, 1).reshape(2, 5), ints(3, 9, 4, 3, 2, 8, 8, 8).reshape(2, 4)


def places(at: Any, values: Any, shape: Any, more: str = "") -> list[Any]:
    """The three inputs that a sparse tensor is."""
    return [(f"{more}indices", at), (f"{more}values", values), (f"{more}shape", shape)]


def cases() -> list[Case]:
    found: list[Case] = [
        ("SparseReshape", [("input_indices", CUBE), ("input_shape", longs(2, 3, 4)), ("new_shape", new)], {})
        for new in (longs(6, 4), longs(-1, 2, 2, 3), longs(24))
    ]
    turned = AT[[2, 0, 3, 1]]
    sparse = [("input_indices", turned), ("input_values", x(4)), ("input_shape", SHAPE)]
    found += [("SparseReorder", sparse, {})]
    for values in (x(4), ints(1, 2, 3, 4)):
        found += [
            (
                "SparseFillEmptyRows",
                [("indices", AT), ("values", values), ("dense_shape", SHAPE), ("default_value", values[0])],
                {},
            )
        ]
    found += [
        (
            "SparseFillEmptyRows",
            [("indices", CUBE), ("values", x(3)), ("dense_shape", longs(4, 3, 4)), ("default_value", np.float32(9))],
            {},
        )
    ]
    for at, dense in ((AT, SHAPE), (CUBE, longs(2, 3, 4))):
        softmax: list[Any] = [("sp_indices", at), ("sp_values", x(len(at))), ("sp_shape", dense)]
        found += [("SparseSoftmax", softmax, {})]
    a = [("a_indices", AT), ("a_values", x(4)), ("a_shape", SHAPE)]
    found += [
        ("SparseTensorDenseMatMul", [*a, ("b", x(6, 3))], {}),
        ("SparseTensorDenseMatMul", [*a, ("b", x(3, 5))], {"adjoint_a": True, "adjoint_b": True}),
    ]
    found += [("SparseTensorDenseAdd", [*a, ("b", x(5, 6))], {})]
    found += [("SparseSlice", [*places(AT, x(4), SHAPE), ("start", longs(1, 1)), ("size", longs(9, 3))], {})]
    three = [[(f"{n}*", v) for n, v in places(*given)] for given in ((AT, x(4), SHAPE), (AT[:2], x(2), longs(5, 4)))]
    both = [pair[k] for k in range(3) for pair in three]
    renamed = [(n.replace("shape", "shapes"), v) for n, v in both]
    found += [("SparseConcat", renamed, {"concat_dim": d}) for d in (1, -1)]
    found += [
        (
            "SparseReduceSum",
            [("input_indices", AT), ("input_values", x(4)), ("input_shape", SHAPE), ("reduction_axes=", ints(1))],
            {"keep_dims": k},
        )
        for k in (False, True)
    ]
    sp = [("sp_indices", AT), ("sp_values", x(4)), ("sp_shape", SHAPE)]
    found += [
        (f"SparseDenseCwise{k}", [*sp, ("dense", d)], {})
        for k in ("Mul", "Div", "Add")
        for d in (x(5, 6, low=1), x(6, low=1))
    ]
    return found  # fmt: skip


def sets() -> list[Case]:
    found: list[Case] = []
    other = places(longs(0, 0, 0, 1, 1, 0, shape=(3, 2)), ints(9, 3, 2), longs(2, 3), "set2_")
    mine = places(longs(0, 0, 0, 2, 1, 1, 1, 2, shape=(4, 2)), ints(3, 4, 2, 2), longs(2, 3), "set1_")
    for kind in SETS:
        attrs = {"set_operation": kind}
        found += [("DenseToDenseSetOperation", [("set1", A), ("set2", B)], attrs)]
        found += [
            (
                "DenseToDenseSetOperation",
                [("set1", A.reshape(1, 2, 5).astype("int64")), ("set2", B.reshape(1, 2, 4).astype("int64"))],
                attrs,
            )
        ]
        found += [("DenseToSparseSetOperation", [("set1", A), *other], attrs)]
        found += [("SparseToSparseSetOperation", [*mine, *other], attrs)]
    found += [("SetSize", [(n.replace("set1", "set"), v) for n, v in mine], {})]
    return found  # fmt: skip


@pytest.mark.parametrize("case", cases(), ids=name_of)
def test_sparse(case: Case) -> None:
    tried(case)


@pytest.mark.parametrize("case", sets(), ids=name_of)
def test_sets(case: Case) -> None:
    tried(case)
