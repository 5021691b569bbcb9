"""Ops of which two right answers have less in common than rounding says: those that draw numbers, and doubles."""

from __future__ import annotations

import numpy as np

from tfonnx_lab.parity.reference import Reference

_CHANCE = frozenset((
    "RANDOM_UNIFORM", "RANDOM_STANDARD_NORMAL", "MULTINOMIAL", "STABLEHLO_RNG_BIT_GENERATOR", "FlexRandomUniform",
    "FlexRandomUniformInt", "FlexRandomStandardNormal", "FlexTruncatedNormal", "FlexMultinomial", "FlexRandomShuffle",
    "FlexRandomGamma", "FlexRandomPoissonV2",
))  # fmt: skip
_BY_A_KEY = ("FlexStatelessRandom", "FlexStatelessTruncated", "FlexStatelessMultinomial", "FlexStatelessShuffle")


def draws(kind: str) -> bool:
    """Whether an op draws numbers: two right answers have nothing in common but their shape, and that they are
    numbers. A key does not make them equal: the generator that it starts is TensorFlow's own."""
    return kind in _CHANCE or kind.startswith(_BY_A_KEY)


def precision(reference: Reference, tensor: int) -> np.dtype[np.generic]:
    """The dtype whose last places are rounding: of doubles that TensorFlow computes single precision, which many of
    ONNX Runtime's kernels have alone."""
    dtype = reference.known[0][tensor].dtype
    flex = reference.type_of(reference.order[tensor]).startswith("Flex")
    return np.dtype(np.float32) if flex and dtype == np.float64 else dtype
