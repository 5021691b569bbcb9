"""Inputs to compare with, where the user gives none."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np


def random_inputs(details: Sequence[dict[str, Any]], seed: int = 0) -> list[np.ndarray]:
    """One array an input, from LiteRT's input details: floats in -1 to 1, quantized codes over their whole range, small
    integers elsewhere (they tend to be indices), empty strings."""
    rng = np.random.default_rng(seed)
    return [_one(rng, d) for d in details]


def _one(rng: np.random.Generator, detail: dict[str, Any]) -> np.ndarray:
    dtype, shape = np.dtype(detail["dtype"]), [int(d) for d in detail["shape"]]
    if dtype.kind == "f":
        return rng.uniform(-1, 1, shape).astype(dtype)
    if dtype.kind == "b":
        return rng.integers(0, 2, shape).astype(bool)
    if dtype.kind == "c":
        return (rng.uniform(-1, 1, shape) + 1j * rng.uniform(-1, 1, shape)).astype(dtype)
    if dtype.kind in "iu":
        if len(detail["quantization_parameters"]["scales"]) and dtype.itemsize <= 2:
            info = np.iinfo(dtype)
            return rng.integers(info.min, info.max + 1, shape).astype(dtype)
        return rng.integers(0, 2, shape).astype(dtype)
    return np.full(shape, b"", object)
