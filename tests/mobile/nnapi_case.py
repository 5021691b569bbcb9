"""One node and what NNAPI says of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from mobile.one_node import Input, f32, ones


@dataclass(frozen=True)
class Case:
    """want: "" where the node is taken, else the provider's words; model: keywords of `one_node.model`."""

    op: str
    inputs: list[Input]
    want: str
    level: int
    nchw: bool
    model: dict[str, Any]


def case(op: str, inputs: list[Input], want: str = "", level: int = 31, nchw: bool = False, **model: Any) -> Case:
    return Case(op, inputs, want, level, nchw, model)


def scalar(value: float) -> np.ndarray:
    return np.array(value, np.float32)


X, X5, W, B = f32(1, 3, 8, 8), f32(1, 2, 2, 2, 2), ones(4, 3, 3, 3), ones(4)
CODE = np.array(3, np.uint8)
