"""Whether two right answers can be as far apart as a gap says.

The limits come from LiteRT itself (its three sets of kernels, and what its own answer does when its inputs move by
their last bit), and from what rounding once more or less can do.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from tfonnx_lab.parity.gap import ULPS, Gap, eps

STEPS = 1.25
"""Codes: a rounding decided the other way is one step; the rest is for real numbers that are compared with codes."""

SHARE = 0.12
"""Codes: the share that may be one step off where LiteRT's own kernels all agree. Ties that are rounded to even give
1/8 of an average of four codes; another rounding (down, for example) puts a half or more of them off."""

FACTOR = 4.0
"""A difference may be so many times what LiteRT's kernels differ by among themselves: they are three samples of many
right ones."""

_SIGMAS = 3.0
"""A share is above its limit when chance alone would bring it there less than once in 700 times."""


def is_off(found: Gap, band: Iterable[Gap], dtype: np.dtype[np.generic], rounded: int = 1, least: float = 0.0) -> bool:
    """Whether a gap is more than two right answers can differ by.

    band: the gaps of LiteRT's own answers.
    rounded: how many ops round on the way to the tensor since the last one that was given.
    least: real numbers: what may differ at least, as a share of the tensor's scale.
    """
    if found.mismatch:
        return True
    others = [b for b in band if not b.mismatch and b.unit == found.unit]
    worst = max((b.worst for b in others), default=0.0)
    share = max((b.share for b in others), default=0.0)
    if found.unit == "scale":
        return not found.worst <= max(ULPS * eps(dtype) * max(rounded, 1), FACTOR * worst, STEPS * least)
    likely = min(max(SHARE if found.unit == "steps" else 0.0, FACTOR * share), 1.0)
    many = likely + _SIGMAS * np.sqrt(likely * (1 - likely) / max(found.count, 1))
    if found.unit == "share":
        return bool(found.share > many)
    return bool(not found.worst <= max(STEPS * max(rounded, 1), FACTOR * worst) or found.share > many)


def is_far(found: Gap, band: Iterable[Gap]) -> bool:
    """Whether what came along the graph is farther from LiteRT's than its own kernels' answers are from each other."""
    widest = max((b.rms for b in band if not b.mismatch and b.unit == found.unit), default=0.0)
    floor = {"steps": 0.5, "scale": ULPS * eps(np.dtype(np.float32)), "share": 0.0}[found.unit]
    limit = max(floor, 2 * widest)
    return bool(found.mismatch) or not found.rms <= limit
