"""Codes that nothing explains: none of LiteRT's sets of kernels gives them, and the real number says another one.

A shift of a hundredth of a step (a bias that is one too large) decides few roundings, fewer than another way to round
does. But where two right answers disagree the real number lies between their codes; that of a wrong one lies nearer to
LiteRT's.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from tfonnx_lab.graph import Quantization, quantization
from tfonnx_lab.parity.forcing import Place
from tfonnx_lab.parity.gap import ULPS, eps
from tfonnx_lab.parity.measuring import laid
from tfonnx_lab.parity.reference import Answer, Reference

_LIKELY = 1 / 2000
"""So many codes may go astray by chance; in right conversions of the 8-bit models at hand none did."""

_SIGMAS = 3.0

_BITS = 8
"""Codes of more bits are finer than what float32 kernels agree on."""


def are_codes(place: Place, reference: Reference) -> bool:
    """Whether both sides hold codes of at most 8 bits at one scale."""
    mine, theirs = quantization(place.value), reference.quants.get(place.tensor)
    dtype = place.value.dtype
    if mine is None or theirs is None or dtype is None or not dtype.is_integer() or dtype.itemsize * 8 > _BITS:
        return False
    return mine.per_tensor and theirs.per_tensor and bool(np.array_equal(mine.scale, theirs.scale))


def is_astray(
    place: Place,
    reference: Reference,
    runs: Sequence[Mapping[str, Any]],
    answers: Sequence[Answer],
    alone: Callable[[], Sequence[np.ndarray] | None],
) -> bool:
    """Whether more codes of a tensor than chance makes are none of LiteRT's and not those nearest to the real numbers.

    runs: what the converted model made, run by run.
    answers: LiteRT's other answers.
    alone: gives the real numbers, run by run; it is called where LiteRT has some code in none of its answers.
    """
    theirs, mine = reference.quants.get(place.tensor), quantization(place.value)
    if theirs is None or mine is None or not answers:
        return False
    shift = int(theirs.zero_point.flat[0]) - int(mine.zero_point.flat[0])
    made = [laid(place, run[place.name]).astype(np.int32) + shift for run in runs]
    known = [held[place.tensor] for held in reference.known]
    if any(got.shape != want.shape for got, want in zip(made, known, strict=True)):
        return False
    unlike = [
        np.logical_and.reduce([got != want, *(got != one.made[turn][place.tensor] for one in answers)])
        for turn, (got, want) in enumerate(zip(made, known, strict=True))
    ]
    if not any(one.any() for one in unlike) or (wanted := alone()) is None:
        return False
    info = np.iinfo(known[0].dtype)
    return any(
        _is_more_than_chance(far & _are_far(got, theirs, real, info))
        for far, got, real in zip(unlike, made, wanted, strict=True)
        if real.shape == got.shape
    )


def _are_far(codes: np.ndarray, quant: Quantization, real: np.ndarray, info: np.iinfo) -> np.ndarray:
    """Which codes are not nearest to the real numbers, by more than float32's own rounding."""
    exact = real.astype(np.float64) / float(quant.scale.flat[0]) + int(quant.zero_point.flat[0])
    near = 0.5 + ULPS * eps(np.dtype(np.float32)) * (1 << _BITS)
    return np.asarray(np.abs(codes - np.clip(exact, info.min, info.max)) > near)


def _is_more_than_chance(astray: np.ndarray) -> bool:
    return float(astray.mean()) > _LIKELY + _SIGMAS * float(np.sqrt(_LIKELY / max(astray.size, 1)))
