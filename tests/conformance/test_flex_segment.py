"""Segments, partitions and stitching (`handlers/flex/segment.py`)."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from .flex_cases import tried
from .flex_models import Case, ints, name_of, x

IDS = ints(0, 0, 1, 3, 3)
"""Segment 2 has no rows."""
ROWS = ints(4, 0, 2, 2, 1)


def cases() -> list[Case]:
    found: list[Case] = []
    for dtype in ("float32", "int32", "float64"):
        data = x(5, 2, low=-9, high=9).astype(dtype)
        found += [
            (f"Segment{k}", [("data", data), ("segment_ids", IDS)], {}) for k in ("Max", "Min", "Prod", "Mean", "Sum")
        ]
    found += [("SegmentMax", [("data", x(5)), ("segment_ids", IDS.astype("int64"))], {})]
    wide = x(5, 2, 3)
    for k in ("Sum", "Mean", "SqrtN"):
        given: list[Any] = [("data", wide), ("indices", ROWS), ("segment_ids", IDS)]
        found += [(f"SparseSegment{k}", given, {})]
        found += [(f"SparseSegment{k}WithNumSegments", [*given, ("num_segments", np.array(6, np.int32))], {})]
    parts = ints(1, 0, 1, 2, 0)
    found += [
        ("DynamicPartition", [("data", v), ("partitions", parts)], {"num_partitions": 4}) for v in (x(5), x(5, 2), ROWS)
    ]
    found += [
        (
            "DynamicPartition",
            [("data", x(2, 3, 2)), ("partitions", ints(1, 0, 1, 2, 0, 1).reshape(2, 3))],
            {"num_partitions": 3},
        )
    ]
    stitched: list[Any] = [
        ("indices*", ints(0, 2)),
        ("indices*", ints(3, 1, 2)),
        ("data*", x(2, 4)),
        ("data*", x(3, 4)),
    ]
    found += [
        ("DynamicStitch", stitched, {}),
        ("ParallelDynamicStitch", [stitched[0], ("indices*", ints(3, 1, 4)), *stitched[2:]], {}),
    ]
    found += [
        (
            "DynamicStitch",
            [
                ("indices*", ints(4, 1, 0, 3).reshape(2, 2)),
                ("indices*", np.array(2, np.int32)),
                ("data*", x(2, 2, 3)),
                ("data*", x(3)),
            ],
            {},
        )
    ]
    return found  # fmt: skip


@pytest.mark.parametrize("case", cases(), ids=name_of)
def test_op(case: Case) -> None:
    tried(case)
