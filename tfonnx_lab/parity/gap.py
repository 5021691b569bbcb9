"""How far a tensor is from LiteRT's, and whether two right answers can be so far apart.

Integers with a scale are compared in quantization steps, plain integers, booleans and strings by the share that
differs, real numbers in units of the tensor's largest magnitude. The limits come from LiteRT itself (its three sets of
kernels, and what its own answer does when its inputs move by their last bit), and from what rounding once more or less
can do.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from tfonnx_lab.graph import Quantization
from tfonnx_lab.parity.arrays import real
from tfonnx_lab.parity.tensors import LEAST_SCALE

Unit = Literal["steps", "scale", "share"]

ULPS = 64.0
"""Real numbers: so many units in the last place of the largest magnitude are rounding: sums in another order, another
exp()."""


UNIT_SCALED = frozenset(
    ("LOGISTIC", "SOFTMAX", "TANH", "SIN", "COS", "LOG_SOFTMAX", "HARD_SWISH", "GELU", "ELU", "L2_NORMALIZATION")
)
"""Ops whose kernels approximate a function to an absolute error, so that the scale of a tiny result is not its own
size."""


@dataclass(frozen=True)
class Gap:
    """How far one array is from another.

    unit: of `worst`, the largest difference, and of `rms`, the root of the mean square.
    share: how many elements of those that tell something differ: of codes, those that are neither zero nor at the end
    of their range.
    count: how many tell something.
    mismatch: why the two cannot be compared.
    """

    unit: Unit
    worst: float = 0.0
    rms: float = 0.0
    share: float = 0.0
    count: int = 0
    mismatch: str = ""

    @property
    def said(self) -> str:
        """In words."""
        if self.mismatch:
            return self.mismatch
        if self.unit == "steps":
            unit = "step" if self.worst == 1 else "steps"
            return f"{self.worst:.3g} {unit}, {self.share:.1%} of its codes"
        if self.unit == "share":
            return f"{self.share:.1%} of its elements"
        return f"{self.worst:.2g} of its scale"


def gap(
    want: np.ndarray,
    quant: Quantization | None,
    got: np.ndarray,
    got_quant: Quantization | None,
    op: str = "",
    bounds: tuple[float, float] | None = None,
) -> Gap:
    """The gap between LiteRT's tensor and another.

    want, quant: LiteRT's array and its quantization.
    got, got_quant: the other's, in LiteRT's layout.
    op: the type of the op that computed it.
    bounds: what the op's activation allows, as real numbers, where `got` holds real numbers and LiteRT codes.
    """
    if want.dtype.kind in "OSU":
        same = want.shape == got.shape and [_text(x) for x in want.ravel()] == [_text(x) for x in got.ravel()]
        return Gap("share", *(0.0, 0.0, 0.0) if same else (np.inf, np.inf, 1.0), int(want.size))
    shape = (*want.shape, 2) if want.dtype.kind == "c" else want.shape
    if shape != got.shape:
        return Gap("scale", np.inf, np.inf, 1.0, 0, f"shape {list(got.shape)}, LiteRT has {list(shape)}")
    if quant is not None and want.dtype.kind in "iu":
        return _steps(want, quant, got, got_quant, bounds)
    if want.dtype.kind in "iub":
        off = np.abs(real(want, None) - real(got, None))
        share = float((off != 0).mean()) if off.size else 0.0
        return Gap("share", float(off.max(initial=0.0)), _rms(off), share, int(want.size))
    return _scaled(_pairs(want), np.asarray(real(got, got_quant) if got_quant is not None else got), op)


def no_run(why: str) -> Gap:
    """The gap of a tensor whose node ONNX Runtime does not run."""
    return Gap("scale", np.inf, np.inf, 1.0, 0, f"its node does not run: {why}")


def not_reached() -> Gap:
    """The gap of a tensor that an ordinary run does not come to."""
    return Gap("scale", np.inf, np.inf, 1.0, 0, "not reached, since a node before it does not run")


def _steps(
    want: np.ndarray,
    quant: Quantization,
    got: np.ndarray,
    got_quant: Quantization | None,
    bounds: tuple[float, float] | None,
) -> Gap:
    """Codes: what is real is rounded and clamped to codes first, but must keep to what an activation allows."""
    zero = quant.zero_point.reshape(_along(quant, want))
    low, high = np.iinfo(want.dtype).min, np.iinfo(want.dtype).max
    if got.dtype.kind in "iu" and got_quant is not None and np.array_equal(got_quant.scale, quant.scale):
        shift = quant.zero_point - got_quant.zero_point
        off = np.abs(got.astype(np.int32) + shift.reshape(_along(quant, want)).astype(np.int32) - want)
    else:
        off = _rounded(want, quant, real(got, got_quant), bounds)
    tells = (want != zero) & (want != low) & (want != high)
    count = int(np.count_nonzero(tells))
    share = float(np.count_nonzero(off[tells] > 0.5)) / count if count else 0.0
    return Gap("steps", float(off.max(initial=0)), _rms(off), share, count)


def _rounded(want: np.ndarray, quant: Quantization, got: np.ndarray, bounds: tuple[float, float] | None) -> np.ndarray:
    """How many codes real numbers are off, once they are rounded to codes."""
    scale, zero = (x.reshape(_along(quant, want)) for x in (quant.scale.astype(np.float64), quant.zero_point))
    with np.errstate(invalid="ignore", over="ignore"):
        codes = np.clip(np.rint(got / scale + zero), np.iinfo(want.dtype).min, np.iinfo(want.dtype).max)
        off = np.abs(codes - want)
        if bounds is not None:
            over = np.maximum(got - bounds[1], bounds[0] - got) / scale
            off = np.maximum(off, np.where(over > 0.5, over, 0.0))
    return np.where(np.isnan(off), np.inf, off)


def _along(quant: Quantization, array: np.ndarray) -> list[int]:
    """The shape that makes scales and zero points broadcast over an array."""
    return [-1 if i == quant.axis else 1 for i in range(array.ndim)] if quant.axis is not None else [1] * array.ndim


def _pairs(array: np.ndarray) -> np.ndarray:
    """Complex numbers as pairs, anything else as it is."""
    return np.stack([array.real, array.imag], axis=-1) if array.dtype.kind == "c" else array


def _scaled(want: np.ndarray, got: np.ndarray, op: str) -> Gap:
    if want.dtype == got.dtype and np.array_equal(want, got):
        return Gap("scale", count=int(want.size))
    off = difference(want, got)
    size = float(np.abs(want[np.isfinite(want)]).max(initial=0.0))
    scale = max(size, 1.0 if op in UNIT_SCALED else LEAST_SCALE)
    share = float((off > ULPS * eps(want.dtype) * scale).mean()) if off.size else 0.0
    return Gap("scale", float(off.max(initial=0.0)) / scale, _rms(off) / scale, share, int(off.size))


def _rms(off: np.ndarray) -> float:
    """The root of the mean square."""
    with np.errstate(over="ignore", invalid="ignore"):
        return float(np.sqrt(np.mean(np.square(off, dtype=np.float64)))) if off.size else 0.0


def difference(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """|a - b|, where equal infinities and NaN on both sides are no difference and NaN on one side is infinite."""
    with np.errstate(invalid="ignore", over="ignore"):
        error = np.abs(a - b)
    same = (a == b) | (np.isnan(a) & np.isnan(b))
    return np.where(same, 0.0, np.where(np.isnan(error), np.inf, error))


def eps(dtype: np.dtype[np.generic]) -> float:
    """The distance of 1 from the next number."""
    kind: Any = dtype if dtype.kind in "fc" else np.float32
    return float(np.finfo(kind).eps)


def _text(item: object) -> str:
    return item.decode("utf-8", "replace") if isinstance(item, bytes) else str(item)
