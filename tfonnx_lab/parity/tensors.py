"""How far one tensor of a converted model is from LiteRT's."""

from __future__ import annotations

from dataclasses import dataclass

LEAST_SIZE = 1e-9
"""What a largest value counts as at least where an error is a share of it: a tensor of zeros has no scale."""
LEAST_SPREAD = 1e-6
"""The same of a standard deviation."""
LEAST_SCALE = 1e-30
"""The same of the scale of codes, or of a result: above the numbers that float32 holds with fewer bits."""


@dataclass(frozen=True)
class TensorParity:
    """How far one tensor is from LiteRT's.

    name: TFLite's name.
    op: type of the TFLite op that makes it, position: its index.
    error: largest difference of real values.
    relative: over LiteRT's largest magnitude.
    steps: in units of the tensor's own quantization step (None where it is not quantized).
    nrmse: root mean square error over the standard deviation.
    is_output: whether the model returns it; then the numbers are those of an ordinary, fused run.
    band, band_steps: nrmse and steps of LiteRT's own optimised kernels (outputs only).
    """

    name: str
    op: str
    position: int
    shape: tuple[int, ...]
    error: float
    relative: float
    steps: float | None
    nrmse: float
    is_output: bool = False
    band: float | None = None
    band_steps: float | None = None
    layer: str = ""
