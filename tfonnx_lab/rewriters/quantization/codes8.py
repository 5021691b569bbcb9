"""What each 8-bit unary op gives for each of the 256 codes, computed as LiteRT's kernels compute it."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import onnx_ir as ir

from tfonnx_lab.arithmetic import constants
from tfonnx_lab.arithmetic.activations import BOUNDS
from tfonnx_lab.arithmetic.fixed_point import (
    FAR_CODE,
    Ints,
    finite,
    hard_swish,
    multiply,
    multiply_up,
    quantize_multiplier,
    round_away,
    rsqrt,
)
from tfonnx_lab.graph import Quantization, attr, code_range

Floats = np.ndarray[Any, np.dtype[np.float32]]

F = np.float32
ONE, HALF = F(1), F(0.5)


def _logistic(x: Floats) -> Floats:
    return ONE / (ONE + np.exp(-x))


def _elu(x: Floats) -> Floats:
    return np.where(x < 0, np.expm1(x), x)


def gelu(x: Floats) -> Floats:
    """x times the normal distribution at x."""
    erfc: Floats = np.array([math.erfc(v) for v in (x * F(-math.sqrt(0.5))).tolist()], F)
    return HALF * x * erfc


def gelu_by_tanh(x: Floats) -> Floats:
    """Its approximation."""
    inner: Floats = np.tanh(F(math.sqrt(2 / math.pi)) * (x + F(constants.GELU_CUBIC) * x * x * x)).astype(F)
    return HALF * x * (ONE + inner)


LEAST = F(1e-45)
"""The smallest number above zero: what a logarithm is taken of in the place of zero."""


def _log(x: Floats) -> Floats:
    return np.where(x > 0, np.log(np.maximum(x, LEAST)), F(-np.inf))


REAL: dict[str, Callable[[Floats], Floats]] = {
    "ELU": _elu, "EXP": np.exp, "GELU": gelu, "LOG": _log, "LOGISTIC": _logistic, "TANH": np.tanh,
}  # fmt: skip
"""Ops that LiteRT itself computes by a table of rounded real results. Source: LUTPopulate in internal/common.h."""


def table(
    node: ir.Node, source: Quantization, dtype: ir.DataType, target: Quantization, out: ir.DataType | None = None
) -> np.ndarray | None:
    """The results for the codes 0, 1, ... of an unsigned dtype, 0, 1, ..., 127, -128, ..., -1 of int8: as a byte
    counts.

    out: the results' dtype, where it is another. None where LiteRT has no kernel for the op and dtype, or one that
        refuses some codes.
    """
    low, high = code_range(dtype)
    codes: Ints = np.arange(low, high + 1, dtype=np.int64)
    found = _results(node, codes, source, target, dtype)
    if found is None:
        return None
    return np.roll(np.clip(found, *code_range(out or dtype)), low).astype((out or dtype).numpy())


def _results(node: ir.Node, codes: Ints, source: Quantization, target: Quantization, dtype: ir.DataType) -> Ints | None:
    op = node.op_type
    x, zero = codes - int(source.zero_point[0]), int(target.zero_point[0])
    scale, out_scale = F(source.scale[0]), F(target.scale[0])
    with np.errstate(over="ignore", invalid="ignore"):
        if op in REAL:
            function = gelu_by_tanh if op == "GELU" and attr(node, "approximate", False) else REAL[op]
            return _rounded(function(scale * x.astype(F)), out_scale) + zero
        if op == "SQRT":
            return np.trunc(np.sqrt(np.maximum(scale * x.astype(F), F(0))) / out_scale).astype(np.int64) + zero
    if op == "HARD_SWISH":
        return hard_swish(x, scale, out_scale) + zero
    if op in BOUNDS:
        return _relu(op, multiply(x, quantize_multiplier(float(F(scale / out_scale)))), float(out_scale)) + zero
    if op == "QUANTIZE":
        return multiply_up(x, quantize_multiplier(float(scale) / float(out_scale))) + zero
    if op == "LEAKY_RELU":
        return leaky_relu(x, float(attr(node, "alpha", 0.0)), scale, out_scale) + zero
    if op == "ABS":
        same = scale == out_scale
        return (np.abs(x) if same else multiply(np.abs(x), quantize_multiplier(float(F(scale / out_scale))))) + zero
    if op == "RSQRT":
        multiplier = quantize_multiplier(1.0 / (float(np.sqrt(scale)) * float(out_scale)))
        return np.where(x <= 0, code_range(dtype)[1], rsqrt(np.maximum(x, 1), multiplier) + zero)
    if op == "NEG":
        return np.where(codes == code_range(dtype)[0], codes, -codes) if dtype == ir.DataType.INT8 else None
    return None


def _rounded(real: Floats, scale: np.float32) -> Ints:
    scaled = finite(real * (ONE / scale))
    return np.clip(round_away(scaled), -FAR_CODE, FAR_CODE).astype(np.int64)


def _relu(op: str, x: Ints, scale: float) -> Ints:
    low, high = BOUNDS[op]
    least = int(round_away(low / F(scale)))
    return np.maximum(x, least) if high is None else np.clip(x, least, int(round_away(high / F(scale))))


def leaky_relu(x: Ints, alpha: float, scale: np.float32, out_scale: np.float32) -> Ints:
    """Codes without zero points. Source: QuantizeLeakyRelu in leaky_relu.h."""
    slope = quantize_multiplier(float(F(F(scale * F(alpha)) / out_scale)))
    below = multiply(x, (abs(slope[0]), slope[1]))
    return np.where(
        x >= 0, multiply(x, quantize_multiplier(float(F(scale / out_scale)))), -below if slope[0] < 0 else below
    )
