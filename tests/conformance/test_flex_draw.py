"""Lines drawn into images (`handlers/flex/draw.py`)."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from .flex_cases import tried
from .flex_models import Case, name_of, x

BOXES = np.array(
    [[[0.1, 0.2, 0.9, 0.7], [-0.3, 0, 1.2, 1], [0.8, 0.9, 0.2, 0.1], [0.45, 0.4, 0.45, 1.5], [-0.1, -0.05, 0.3, 0.5]],
     [[0, 0, 1, 1], [0.5, 0.5, 0.6, 0.6], [1.5, 0, 2, 1], [-2, -1, -0.5, 1], [0.3, 0, 0.3, 0]]], np.float32
)  # fmt: skip
"""Inside, across the border, inverted, of one line, outside."""


def cases() -> list[Case]:
    found: list[Any] = []
    for depth in (1, 3, 4):
        image = x(2, 9, 7, depth, low=0, high=1)
        drawn = [("images", image), ("boxes", BOXES)]
        colours = ("colors=", x(3, 4, low=0, high=1))
        found += [("DrawBoundingBoxesV2", [*drawn, colours], {})]
        found += [("DrawBoundingBoxesV2", [*drawn, ("colors=", np.zeros((0, 4), "f"))], {})]
        found += [("DrawBoundingBoxes", [("images", image), ("boxes", BOXES[:, :0])], {})]
    return found


@pytest.mark.parametrize("case", cases(), ids=name_of)
def test_op(case: Case) -> None:
    """Where the channels are known: the colours of boxes that have none given depend on them."""
    tried(case, unknown=(False, True) if len(case[1]) == 3 and case[1][2][1].size else (False,))
