"""Weights with which an image's elements are sampled, by kernels that reach over several of them."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from tfonnx_lab.errors import Unsupported
from tfonnx_lab.graph.budget import room

Kernel = tuple[float, Callable[[float], float]]
"""How far the kernel reaches, and its value at a distance."""


def _lanczos(radius: float) -> Kernel:
    def value(x: float) -> float:
        if x > radius:
            return 0.0
        if x <= 1e-3:
            return 1.0
        return float(radius * np.sin(np.pi * x) * np.sin(np.pi * x / radius) / (np.pi * np.pi * x * x))

    return radius, value


def _keys_cubic(x: float) -> float:
    if x >= 2:
        return 0.0
    return ((-0.5 * x + 2.5) * x - 4) * x + 2 if x >= 1 else ((1.5 * x - 2.5) * x) * x + 1


def _mitchell_cubic(x: float) -> float:
    if x >= 2:
        return 0.0
    if x >= 1:
        return ((-7 / 18 * x + 2) * x - 10 / 3) * x + 16 / 9
    return ((7 / 6 * x - 2) * x) * x + 8 / 9


KERNELS: dict[str, Kernel] = {
    "lanczos1": _lanczos(1),
    "lanczos3": _lanczos(3),
    "lanczos5": _lanczos(5),
    "gaussian": (1.5, lambda x: 0.0 if x >= 1.5 else float(np.exp(-x * x / (2 * 0.5 * 0.5)))),
    "box": (0.5, lambda x: 1.0 if x < 0.5 else 0.5 if x == 0.5 else 0.0),
    "triangle": (1.0, lambda x: max(0.0, 1 - x)),
    "keyscubic": (2.0, _keys_cubic),
    "mitchellcubic": (2.0, _mitchell_cubic),
}
"""TensorFlow's names. Source: sampling_kernels.h."""


def sampled(old: int, new: int, scale: float, shift: float, name: str, antialias: bool) -> np.ndarray:
    """[new, old]: with which weights the old elements make each new one.

    old, new: sizes of an axis.
    scale, shift: where the old axis lies on the new one.
    name: of the kernel.
    antialias: whether the kernel is as wide as the new elements, where these are larger.
    Raises Unsupported for a kernel that TensorFlow does not have. Source: ComputeSpansCore in
    scale_and_translate_op.cc.
    """
    if name not in KERNELS:
        raise Unsupported(f"the kernel {name!r}, which TensorFlow does not name")
    radius, value = KERNELS[name]
    room((new, old), 12, "the matrix of its weights")
    f = np.float32  # TensorFlow's arithmetic: at the edge of a kernel the last bit decides
    inverse = f(1) / f(scale)
    moved = -inverse * f(shift)
    wide = max(inverse, f(1)) if antialias else f(1)
    narrow = f(1) / wide
    found = np.zeros((new, old), np.float64)
    for i in range(new):
        at = (f(i) + f(0.5)) * inverse + moved
        if at < 0 or at > old:
            continue
        first = min(max(int(np.ceil(at - f(radius) * wide - f(0.5))), 0), old - 1)
        last = min(max(int(np.floor(at + f(radius) * wide - f(0.5))), 0), old - 1)
        weights = np.array([value(float(abs(f(j) + f(0.5) - at) * narrow)) for j in range(first, last + 1)])
        total = weights.sum()
        if abs(total) >= 1000 * np.finfo(np.float32).tiny:
            found[i, first : last + 1] = weights / total
    return found.astype(np.float32)
