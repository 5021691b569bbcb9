"""Arrays as the other side holds them: codes as real numbers and back, LiteRT's quantization as ours."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import onnx_ir as ir

from tfonnx_lab.graph import Quantization, quantization
from tfonnx_lab.graph.quantization import code_range


def in_codes_of(value: ir.Value, array: np.ndarray, quant: Quantization | None) -> np.ndarray:
    """An array in the dtype of a value: codes in the value's own quantization, real numbers where it holds those."""
    if array.dtype.kind == "c":
        return np.stack([array.real, array.imag], axis=-1)
    if array.dtype.kind in "OSU" or value.dtype in (None, ir.DataType.STRING):
        return array
    assert value.dtype is not None
    wanted: np.dtype[Any] = value.dtype.numpy()
    theirs = quantization(value)
    if quant is None or array.dtype.kind not in "iu":
        return array.astype(wanted)
    if value.dtype.is_floating_point():
        return np.asarray(real(array, quant), wanted)
    if theirs is None or not quant.per_tensor or not theirs.per_tensor:
        return array.astype(wanted)
    scale, zero = float(theirs.scale.flat[0]), int(theirs.zero_point.flat[0])
    shift = zero - int(quant.zero_point.flat[0])
    same = scale == float(quant.scale.flat[0])
    codes = array.astype(np.int64) + shift if same else np.rint(real(array, quant) / scale).astype(np.int64) + zero
    return np.asarray(np.clip(codes, *code_range(value.dtype)), wanted)  # numpy computes a scalar of no dimensions


def as_codes(array: np.ndarray, dtype: np.dtype[Any], quant: Quantization | None) -> np.ndarray:
    """Real numbers rounded to the codes of a tensor; as they are where it has none."""
    if quant is None or dtype.kind not in "iu":
        return array
    info = np.iinfo(dtype)
    shape = [-1 if i == quant.axis else 1 for i in range(array.ndim)] if quant.axis is not None else []
    codes = np.rint(array / quant.scale.reshape(shape).astype(np.float64)) + quant.zero_point.reshape(shape)
    return np.asarray(np.clip(codes, info.min, info.max), dtype)


def real(array: np.ndarray, quant: Quantization | None) -> np.ndarray:
    """Real values of an array: codes through their quantization, anything else as it is."""
    if array.dtype.kind == "c":
        return np.stack([array.real, array.imag], axis=-1).astype(np.float64)
    if quant is None or array.dtype.kind not in "iu":
        return array.astype(np.float64)
    shape = [-1 if i == quant.axis else 1 for i in range(array.ndim)] if quant.axis is not None else []
    scale: np.ndarray = quant.scale.reshape(shape).astype(np.float64)
    return np.asarray((array.astype(np.float64) - quant.zero_point.reshape(shape)) * scale)


def tensor_quantization(detail: Mapping[str, Any]) -> Quantization | None:
    """The quantization in LiteRT's details of a tensor."""
    q = detail["quantization_parameters"]
    if not len(q["scales"]):
        return None
    axis = int(q["quantized_dimension"]) if len(q["scales"]) > 1 else None
    return Quantization(np.asarray(q["scales"], np.float32), np.asarray(q["zero_points"], np.int64), axis)
