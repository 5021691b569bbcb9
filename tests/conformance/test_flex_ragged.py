"""Ragged tensors (`handlers/flex/ragged.py`)."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from .flex_cases import tried
from .flex_models import Case, ints, name_of, x

OUTER, INNER = ints(0, 2, 2, 5, dtype="int64"), ints(0, 1, 1, 4, 6, 6, dtype="int64")
"""Three rows of 2, 0 and 3 rows, which have 1, 0, 3, 2 and 0 values."""
VALUES = x(6)
NOTHING = np.array(-1, np.int64)


def padded(shape: Any, values: Any, default: Any, rows: list[Any], kinds: list[str]) -> Case:
    given = [("shape=", np.array(shape, np.int64)), ("values", values), ("default_value", default)]
    attrs = {"row_partition_types": kinds}
    return "RaggedTensorToTensor", [*given, *(("row_partition_tensors*", r) for r in rows)], attrs


def cases() -> list[Case]:
    splits, ids = ["ROW_SPLITS"] * 2, ["FIRST_DIM_SIZE", "VALUE_ROWIDS", "VALUE_ROWIDS"]
    rowids: list[Any] = [
        np.array(4, np.int64),
        ints(0, 0, 2, 2, 2, dtype="int64"),
        ints(0, 2, 2, 2, 3, 3, dtype="int64"),
    ]
    found = [
        padded(-1, VALUES, np.float32(7), [OUTER, INNER], splits),
        padded([-1, -1, -1], VALUES, np.float32(7), [OUTER, INNER], splits),
        padded([3, 2, 2], VALUES, np.float32(0), [OUTER, INNER], splits),
        padded([4, -1, 5], VALUES, np.float32(0), [OUTER, INNER], splits),
        padded(-1, VALUES, np.float32(1), rowids, ids),
        padded(-1, x(6, 2), np.float32(1), [OUTER, INNER], splits),
        padded(-1, x(6, 2), np.array([1, 2], "f"), [INNER], splits[:1]),
        padded(-1, ints(*range(6)), np.int32(-1), [INNER], splits[:1]),
        padded(-1, VALUES[:0], np.float32(1), [ints(0, 0, dtype="int64")], splits[:1]),
        padded(-1, VALUES, np.float32(1), [ints(0, 1, 6)], splits[:1]),
    ]
    found += [
        (
            "RaggedTensorToSparse",
            [("rt_nested_splits*", OUTER), ("rt_nested_splits*", INNER), ("rt_dense_values", v)],
            {},
        )
        for v in (VALUES, x(6, 2, 3))
    ]
    for wanted in (ints(2, 0, 2, 1), ints(2, 0, 2, 1).reshape(2, 2)):
        given: list[Any] = [
            ("params_nested_splits*", OUTER),
            ("params_nested_splits*", INNER),
            ("params_dense_values", VALUES),
        ]
        found += [("RaggedGather", [*given, ("indices", wanted)], {"OUTPUT_RAGGED_RANK": wanted.ndim + 1})]
    found += [
        (
            "RaggedGather",
            [("params_nested_splits*", INNER), ("params_dense_values", x(6, 2)), ("indices", ints(3, 2))],
            {"OUTPUT_RAGGED_RANK": 1},
        )
    ]
    for kind in ("int32", "int64", "float32"):
        made = [np.array(v, kind) for v in ([0, 5, 8, -2], [3, 5, 2, 2.5], [1, 2, -3, 2])]
        found += [("RaggedRange", list(zip(("starts", "limits", "deltas"), made, strict=True)), {})]
        found += [
            (
                "RaggedRange",
                [("starts", made[0]), ("limits", np.array(9, kind)), ("deltas", np.array(2, kind))],
                {"Tsplits": "int32"},
            )
        ]
    found += [
        ("RaggedRange", [(n, np.array(v, "float32")) for n, v in (("starts", 0), ("limits", 1), ("deltas", 0.3))], {})
    ]
    for kind in ("int32", "int64", "float32"):
        counted: list[Any] = [("splits", INNER), ("values", ints(0, 3, 3, 1, 7, 1)), ("size=", np.int32(5))]
        none: Any = ("weights=", np.zeros(0, kind))
        found += [("RaggedBincount", [*counted, none], {"binary_output": b}) for b in (False, True)]
        found += [("RaggedBincount", [*counted, ("weights=", ints(1, 2, 3, 4, 5, 6, dtype=kind))], {})]
    return found  # fmt: skip


@pytest.mark.parametrize("case", cases(), ids=name_of)
def test_op(case: Case) -> None:
    tried(case)
