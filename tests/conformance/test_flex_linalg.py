"""Diagonals and elimination (`handlers/flex/matrix_diag.py`, `handlers/flex/linalg.py`)."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from .flex_cases import tried
from .flex_models import Case, ints, name_of, x

ALIGN = ["RIGHT_LEFT", "LEFT_RIGHT", "LEFT_LEFT", "RIGHT_RIGHT"]
SQUARE = x(2, 4, 4) + 3 * np.eye(4, dtype="f")
POSITIVE = (SQUARE @ SQUARE.transpose(0, 2, 1)).astype("f")
ZERO_PIVOT = np.array([[0, 2, 1], [1, 0, 3], [4, 1, 0]], "f")


def size(n: int) -> Any:
    return np.array(n, np.int32)


def diagonals() -> list[Case]:
    """Every alignment, bands on one side and on both, computed bands, dtypes."""
    wide, band = x(2, 4, 5), x(2, 3, 4)
    found: list[Case] = []
    for align in ALIGN:
        pad = [("padding_value", np.float32(9))]
        a = {"align": align}
        found += [
            ("MatrixDiagPartV3", [("input", wide), ("k=", ints(*k)), *pad], a) for k in ((-2, 3), (1, 3), (-3, -1))
        ]
        found += [
            ("MatrixDiagV3", [("diagonal", band), ("k=", ints(*k)), ("num_rows=", size(-1)), ("num_cols=", size(-1)),
                              *pad], a)
            for k in ((-1, 1), (0, 2), (-2, 0))
        ]  # fmt: skip
        found += [("MatrixSetDiagV3", [("input", wide), ("diagonal", band), ("k=", ints(-1, 1))], a)]
    none = [("padding_value", np.float32(0))]
    found += [("MatrixDiagPartV3", [("input", wide), ("k", ints(-1, 2)), *none], {})]
    found += [("MatrixDiagPartV2", [("input", wide), ("k=", ints(-1, 2)), *none], {})]
    found += [("MatrixDiagPart", [("input", x(3, 3))], {}), ("MatrixDiagPart", [("input", x(2, 3, 3))], {})]
    found += [
        (
            "MatrixDiagPartV3",
            [("input", x(3, 4, dtype="float64")), ("k=", size(2)), ("padding_value", np.float64(0))],
            {},
        )
    ]
    found += [
        (
            "MatrixDiagPartV3",
            [("input", ints(*range(12)).reshape(3, 4)), ("k=", size(-1)), ("padding_value", np.int32(0))],
            {},
        )
    ]
    found += [
        ("MatrixDiagV3", [("diagonal", x(2, 4)), ("k=", size(k)), ("num_rows=", size(r)), ("num_cols=", size(c)),
                          *none], {})
        for k, r, c in ((2, -1, -1), (-1, -1, 7), (0, 6, 4), (1, 4, -1), (-2, 6, 5))
    ]  # fmt: skip
    found += [
        (
            "MatrixDiagV2",
            [("diagonal", band), ("k", ints(-1, 1)), ("num_rows", size(4)), ("num_cols", size(5)), *none],
            {},
        )
    ]
    found += [("MatrixSetDiagV3", [("input", wide), ("diagonal", x(2, 3)), ("k=", size(2))], {})]
    found += [("MatrixSetDiagV2", [("input", wide), ("diagonal", band), ("k", ints(-1, 1))], {})]
    found += [("Diag", [("diagonal", x(2, 3))], {}), ("DiagPart", [("input", x(2, 3, 2, 3))], {})]
    return found  # fmt: skip


def solvers() -> list[Case]:
    """One matrix and several, those that need an exchange of rows, both triangles, transposed ones."""
    right = x(2, 4, 3)
    found: list[Case] = [
        ("MatrixInverse", [("input", v)], {}) for v in (SQUARE, SQUARE[0], ZERO_PIVOT, SQUARE.astype("f8"))
    ]
    found += [("MatrixInverse", [("input", SQUARE)], {"adjoint": True})]
    found += [("MatrixSolve", [("matrix", SQUARE), ("rhs", right)], {"adjoint": a}) for a in (False, True)]
    found += [("MatrixSolve", [("matrix", ZERO_PIVOT), ("rhs", x(3, 2))], {})]
    found += [
        ("MatrixTriangularSolve", [("matrix", SQUARE), ("rhs", right)], {"lower": low, "adjoint": a})
        for low in (False, True)
        for a in (False, True)
    ]
    found += [("MatrixTriangularSolve", [("matrix", SQUARE[0]), ("rhs", right)], {})]
    found += [("Cholesky", [("input", v)], {}) for v in (POSITIVE, POSITIVE[0], POSITIVE.astype("f8"))]
    found += [("LogMatrixDeterminant", [("input", v)], {}) for v in (SQUARE, -POSITIVE[:, :3, :3], ZERO_PIVOT)]
    return found


@pytest.mark.parametrize("case", diagonals(), ids=name_of)
def test_diagonals(case: Case) -> None:
    tried(case)


@pytest.mark.parametrize("case", solvers(), ids=name_of)
def test_solvers(case: Case) -> None:
    tried(case)
