"""Quantization of a tensor: real = scale * (q - zero_point), per tensor or along one axis."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import onnx_ir as ir

from tfonnx_lab.graph.meta import QUANTIZATION, known


@dataclass(frozen=True, eq=False)
class Quantization:
    """How integer codes map to real values: `real = scale * (q - zero_point)`.

    scale: float32, shape [1] (per tensor) or [n] (along `axis`); blockwise: the shape of the blocks.
    zero_point: int64, same shape as scale.
    axis: the quantized dimension, None where the quantization is per tensor.
    block: number of elements that share a scale along `axis`; 0 where the quantization is not blockwise.
    minimum, maximum: the range that the file states, empty in files by current tools.
    Source: the TFLite schema's QuantizationParameters.
    """

    scale: np.ndarray
    zero_point: np.ndarray
    axis: int | None = None
    block: int = 0
    minimum: np.ndarray = field(default_factory=lambda: np.zeros(0, np.float32))
    maximum: np.ndarray = field(default_factory=lambda: np.zeros(0, np.float32))

    @property
    def per_tensor(self) -> bool:
        """Whether one scale serves the whole tensor."""
        return self.axis is None

    def same(self, other: Quantization | None) -> bool:
        """Whether both map codes to the same real values."""
        return (
            other is not None
            and self.axis == other.axis
            and self.block == other.block
            and np.array_equal(self.scale, other.scale)
            and np.array_equal(self.zero_point, other.zero_point)
        )

    def formula(self) -> str:
        """The mapping as people write it: `0.0235 * (q - 128)`."""
        scale, zero = float(self.scale.flat[0]), int(self.zero_point.flat[0])
        shift = "q" if zero == 0 else f"(q - {zero})" if zero > 0 else f"(q + {-zero})"
        more = "" if self.per_tensor else f", {self.scale.size} scales along axis {self.axis}"
        return f"{scale:.4g} * {shift}{more}"

    def real_range(self, dtype: ir.DataType) -> tuple[float, float]:
        """The real values of the smallest and the largest code of `dtype`: ((qmin - zp) * scale, (qmax - zp) *
        scale)."""
        low, high = code_range(dtype)
        scale, zero = float(self.scale.flat[0]), int(self.zero_point.flat[0])
        return (low - zero) * scale, (high - zero) * scale


_RANGES = {
    ir.DataType.INT2: (-2, 1),
    ir.DataType.INT4: (-8, 7),
    ir.DataType.UINT4: (0, 15),
    ir.DataType.INT8: (-128, 127),
    ir.DataType.UINT8: (0, 255),
    ir.DataType.INT16: (-32768, 32767),
    ir.DataType.UINT16: (0, 65535),
    ir.DataType.INT32: (-(2**31), 2**31 - 1),
    ir.DataType.INT64: (-(2**63), 2**63 - 1),
}


EIGHT_BIT = (ir.DataType.INT8, ir.DataType.UINT8)
"""The dtypes of the usual codes: 256 of them, so that a table holds a whole function."""


def code_range(dtype: ir.DataType) -> tuple[int, int]:
    """Smallest and largest code of an integer dtype. Raises KeyError for a dtype that holds no codes."""
    return _RANGES[dtype]


def quantization(value: ir.Value | None) -> Quantization | None:
    """The quantization of a value, None where its codes are plain numbers."""
    return None if value is None else known(value).get(QUANTIZATION)


def is_quantized(value: ir.Value | None) -> bool:
    """Whether the value holds integer codes with a scale."""
    return value is not None and quantization(value) is not None and value.dtype in _RANGES
