"""The activations that clamp, as LiteRT has them."""

from __future__ import annotations

BOUNDS: dict[str, tuple[float, float | None]] = {
    "RELU": (0.0, None),
    "RELU_N1_TO_1": (-1.0, 1.0),
    "RELU6": (0.0, 6.0),
    "RELU_0_TO_1": (0.0, 1.0),
}
"""Activation => the real values that it clamps to, None where it does not. Source: CalculateActivationRange in
kernel_util.h; RELU_0_TO_1, which no op fuses: activations.cc."""
