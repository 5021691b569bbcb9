"""What the inputs of a test are fed: made of the dtype, a shape and a seed, the same in every run."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from .encoding import Array, numpy_dtype

SPECIAL = (np.nan, np.inf, -np.inf, -0.0, 0.0, 1.0, -1.0, 0.5, -0.5, 1.5, 2.5, -1.5, -2.5, 1e-30, -1e30, 88.0, -104.0)
"""Floats that kernels disagree about."""


def generate(dtype: str, shape: Sequence[int], seed: int = 0, low: Any = None, high: Any = None, values: Any = None,
             special: bool = False, distinct: bool = False) -> Array:  # fmt: skip
    """An array of a TFLite dtype.

    `values` gives it outright (repeated to fill the shape); otherwise floats are uniform in [low, high) (-2 to 2),
    8- and 16-bit integers have their full range, others -20 to 20; `special` starts floats with NaN, infinities,
    -0.0 and the like, integers with their extremes; `distinct` repeats no value.
    """
    kind = numpy_dtype(dtype)
    size = int(np.prod(shape, dtype=np.int64))
    if values is not None:
        given = np.asarray(values, dtype=kind).ravel()
        return np.resize(given, size).reshape(shape) if size else np.empty(shape, kind)
    rng = np.random.default_rng([seed, *shape])
    if dtype == "string":
        words = np.array(["", "a", "tensor", "flow", "lite", "Ünïcode ✓", "a b"], dtype=object)
        return words[rng.integers(0, len(words), size)].reshape(shape)
    if dtype == "bool":
        return rng.integers(0, 2, shape).astype(np.bool_)
    if kind.kind in "iu":
        return _integers(rng, kind, shape, size, low, high, special, distinct)
    low, high = -2.0 if low is None else low, 2.0 if high is None else high
    if distinct:
        flat = rng.permutation(np.linspace(low, high, size))
    else:
        flat = rng.uniform(low, high, size)
    if kind.kind == "c":
        flat = flat + 1j * rng.uniform(low, high, size)
    if special:
        n = min(size, len(SPECIAL))
        flat[:n] = SPECIAL[:n]
    with np.errstate(over="ignore"):
        array: Array = flat.reshape(shape).astype(kind)
    return array


def _integers(rng: np.random.Generator, kind: np.dtype[Any], shape: Sequence[int], size: int, low: Any, high: Any,
              special: bool, distinct: bool) -> Array:  # fmt: skip
    limits = np.iinfo(kind)
    full = kind.itemsize <= 2
    low = (limits.min if full else max(-20, limits.min)) if low is None else low
    high = (limits.max if full else 20) if high is None else high
    if distinct:
        return (low + rng.permutation(size)).reshape(shape).astype(kind)
    flat = rng.integers(low, high, size, dtype=np.int64, endpoint=True)
    if special:
        extremes = [limits.min, limits.max, 0, limits.min + 1, limits.max - 1]
        n = min(size, len(extremes))
        flat = flat.astype(object)
        flat[:n] = extremes[:n]
    return flat.reshape(shape).astype(kind)
