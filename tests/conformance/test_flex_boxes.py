"""Boxes (`handlers/flex/boxes.py`)."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from .flex_cases import tried
from .flex_models import Case, ints, name_of, x

R = np.random.RandomState(3)
CORNERS = (lambda a: np.concatenate([np.minimum(a[:, :2], a[:, 2:]), np.maximum(a[:, :2], a[:, 2:])], 1))(
    R.rand(12, 4).astype("f")
)
SCORES = R.permutation(12).astype("f") / 12
IMAGE = x(2, 5, 6, 3)
BOXES = np.array([[0.1, 0.2, 0.9, 0.7], [-0.3, 0, 1.2, 1], [0.8, 0.9, 0.2, 0.1]], "f")


def i32(n: int) -> Any:
    return np.array(n, np.int32)


def suppressed() -> list[Case]:
    two: list[Any] = [("boxes", CORNERS), ("scores", SCORES), ("max_output_size", i32(5))]
    limits = [("iou_threshold", np.float32(0.3)), ("score_threshold", np.float32(0.2))]
    found: list[Case] = [
        ("NonMaxSuppression", two, {"iou_threshold": 0.4}),
        ("NonMaxSuppressionV2", [*two, limits[0]], {}),
    ]
    found += [
        ("NonMaxSuppressionV3", [*two, *limits], {}),
        ("NonMaxSuppressionV2", [*two[:2], ("max_output_size", i32(0)), limits[0]], {}),
    ]
    for pad, most in ((False, 4), (True, 20)):
        given = [*two[:2], ("max_output_size", i32(most)), *limits]
        found += [("NonMaxSuppressionV4", given, {"pad_to_max_output_size": pad})]
        found += [
            ("NonMaxSuppressionV5", [*given, ("soft_nms_sigma=", np.float32(s))], {"pad_to_max_output_size": pad})
            for s in (0, 0.4)
        ]
    return found  # fmt: skip


def combined() -> list[Case]:
    found: list[Case] = []
    scores = R.permutation(2 * 6 * 3).reshape(2, 6, 3).astype("f") / 36
    for own in (1, 3):
        corners = (R.rand(2, 6, own, 4) * 1.6 - 0.3).astype("f")
        for pad, clip, most in ((True, True, 4), (False, False, 4), (True, False, 40), (False, True, 40)):
            given: list[Any] = [
                ("boxes", corners),
                ("scores", scores),
                ("max_output_size_per_class", i32(3)),
                ("max_total_size=", i32(most)),
            ]
            given += [("iou_threshold", np.float32(0.4)), ("score_threshold", np.float32(0.15))]
            found += [("CombinedNonMaxSuppression", given, {"pad_per_class": pad, "clip_boxes": clip})]
    return found  # fmt: skip


def cut() -> list[Case]:
    found: list[Case] = []
    for method in ("bilinear", "nearest"):
        for size in ((4, 3), (1, 5), (7, 1)):
            for name in ("crop_size=", "crop_size"):
                given = [("image", IMAGE), ("boxes", BOXES), ("box_ind", ints(0, 1, 1)), (name, ints(*size))]
                found += [("CropAndResize", given, {"method": method, "extrapolation_value": 9.0})]
    empty = [("image", IMAGE), ("boxes", BOXES[:0]), ("box_ind", ints()), ("crop_size", ints(2, 2))]
    return [*found, ("CropAndResize", empty, {})]


@pytest.mark.parametrize("case", suppressed(), ids=name_of)
def test_suppressed(case: Case) -> None:
    tried(case)


@pytest.mark.parametrize("case", combined(), ids=name_of)
def test_combined(case: Case) -> None:
    tried(case, unknown=[False])


@pytest.mark.parametrize("case", cut(), ids=name_of)
def test_cut(case: Case) -> None:
    tried(case)
