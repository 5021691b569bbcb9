"""What each 16-bit unary op gives for each of the 65,536 codes, computed as LiteRT's kernels compute it."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import onnx_ir as ir

from tfonnx_lab.arithmetic.fixed_point import INT16, Ints, finite, round_away
from tfonnx_lab.arithmetic.gemmlowp import sigmoid_table, tanh_table
from tfonnx_lab.graph import Quantization, attr
from tfonnx_lab.rewriters.quantization.codes8 import LEAST, gelu, gelu_by_tanh, leaky_relu

F = np.float32
Curve = Callable[[Any], Any]
CODES = np.arange(INT16[0], INT16[1] + 1, dtype=np.int64)
UNARY_16 = ("EXP", "GELU", "LEAKY_RELU", "LOG", "LOGISTIC", "RSQRT", "TANH")


def table_16(node: ir.Node, source: Quantization, target: Quantization, plain: bool = False) -> np.ndarray | None:
    """The results for the codes 0, 1 ... 32767, -32768 ... -1. None where LiteRT refuses the quantization.

    plain: those of its reference kernels, which take a table of sigmoids for scales that are powers of two as well.
    """
    if source.zero_point.any() or target.zero_point.any():
        return None
    scale, out_scale = F(source.scale[0]), F(target.scale[0])
    curves: dict[str, Curve] = {
        "EXP": np.exp,
        "LOG": lambda x: np.where(x > 0, np.log(np.maximum(x, LEAST)), F(INT16[0]) * out_scale),
        "GELU": gelu_by_tanh if attr(node, "approximate", False) else gelu,
        "RSQRT": lambda x: np.where(x > 0, F(1) / np.sqrt(np.maximum(x, LEAST)), F(INT16[1]) * out_scale),
    }
    if node.op_type == "LEAKY_RELU":
        found = np.clip(leaky_relu(CODES, float(attr(node, "alpha", 0.0)), scale, out_scale), *INT16)
    elif node.op_type in curves:
        with np.errstate(over="ignore", invalid="ignore"):
            found = interpolated(CODES, line(scale, F(0), out_scale, curves[node.op_type], F))
    else:
        found = _sigmoid_like(node.op_type, float(scale), plain)
    return np.roll(found, INT16[0]).astype(np.int16)


_MOST = 2**16 - 1
"""The largest code of 16 bits without a sign, and steps between the lowest code and the highest."""
SOFTMAX_STEP = 10.0 / _MOST
"""Of what LiteRT's 16-bit softmax takes the exponential of: -10 to 0. Source: SoftmaxPrepare, activations.cc."""


def softmax_tables() -> tuple[Ints, Ints]:
    """exp(x) for x from -10 to 0, and 1 / (1 + x) for x from 0 to 1, for every code.

    Source: SoftmaxPrepare, activations.cc.
    """
    wide, kind = float(_MOST), np.float64
    exponentials = line(SOFTMAX_STEP, float(INT16[1]), 2.0 / wide, np.exp, kind)
    reciprocals = line(1.0 / wide, float(INT16[0]), 2.0 / wide, lambda x: 1.0 / (1.0 + x), kind)
    return interpolated(CODES, exponentials), interpolated(CODES, reciprocals)


_ENTRIES = 512
"""Stretches of the tables of 16-bit codes, each of 128 of them. Source: LUTPopulateInt16 in internal/common.h."""


def line(scale: Any, zero: Any, out_scale: Any, curve: Curve, kind: Any) -> Ints:
    """The 513 results that LiteRT interpolates between, each moved to halve the error in the middle.

    Source: LUTPopulateInt16 in internal/common.h.
    """
    low, high = kind(scale * kind(INT16[0] - zero)), kind(scale * kind(INT16[1] - zero))
    out_low, out_high = kind(out_scale * kind(INT16[0])), kind(out_scale * kind(INT16[1]))
    step = kind((high - low) / kind(_ENTRIES))
    inverse = kind(kind(65536) / (out_high - out_low))
    at = (low + np.arange(_ENTRIES + 1).astype(kind) * step).astype(kind)
    values = np.asarray(curve(at), kind)
    middles = np.asarray(curve((at[:-1] + kind(step / 2)).astype(kind)), kind)
    sample = round_away((values * inverse).astype(kind)).astype(kind)
    between = round_away((((values[1:] * inverse).astype(kind) + sample[:-1]) / kind(2)).astype(kind))
    off = between - round_away((middles * inverse).astype(kind))
    moved = sample[:-1] - round_away(off / 2)
    found = np.append(moved, round_away((values[-1:] * inverse).astype(kind)))
    return np.clip(finite(found), *INT16).astype(np.int64)


def interpolated(codes: Ints, entries: Ints) -> Ints:
    """Between two of the 513 entries by the lowest seven bits. Source: LUTLookup."""
    index = 256 + (codes >> 7)
    slope = (entries[index + 1] - entries[index]).astype(np.int16).astype(np.int64)
    return (entries[index] + ((slope * (codes & 127) + 64) >> 7)).astype(np.int16).astype(np.int64)


_THREE_INTEGER_BITS = 12
"""Fractional bits of an int16 with three integer bits, which gemmlowp's functions are taken of."""
_POWER_OF_TWO = 1e-3
"""So far the logarithm of a scale may be from a whole number. Source: CheckedLog2 in internal/quantization_util.cc."""
_ENTRIES_OF_ONE = 3
"""The table of sigmoids has an entry for every 24th; three integer bits of input are times three."""
_SIGMOIDS, _SIGMOIDS_OF_ONE = 256, 24
"""How many entries it has, and how many of them up to the sigmoid of 1. Source: reference/integer_ops/logistic.h."""
_MOST_SHIFT = 30
"""Source: the loop over input_left_shift in SigmoidPrepare and TanhPrepare, activations.cc."""


def _sigmoid_like(op: str, scale: float, plain: bool) -> Ints:
    """gemmlowp's functions for scales that are powers of two, a table of sigmoids else. Source: activations.cc."""
    power = math.log2(scale)
    shift = _THREE_INTEGER_BITS + round(power)
    if abs(power - round(power)) < _POWER_OF_TWO and (shift == 0 or (op == "TANH" and shift == 1)):
        if plain:
            return _from_sigmoids(op, CODES * (_ENTRIES_OF_ONE << shift))
        if op == "LOGISTIC":
            return sigmoid_table().astype(np.int64)
        return tanh_table(3).astype(np.int64)[np.clip(CODES << shift, *INT16) - INT16[0]]
    multiplier, shift = scale * 2.0**_THREE_INTEGER_BITS * _ENTRIES_OF_ONE, 0
    while multiplier <= INT16[1] / 2.0 and shift <= _MOST_SHIFT:
        multiplier, shift = multiplier * 2.0, shift + 1
    rounding = 1 << (shift - 1) if shift > 0 else 0
    return _from_sigmoids(op, (CODES * int(multiplier) + rounding) >> shift)


def _from_sigmoids(op: str, x: Ints) -> Ints:
    """tanh(x) = 2 sigmoid(2x) - 1, both by one table. Source: reference/integer_ops/logistic.h and tanh.h."""
    sigmoids = _sigmoid_entries()
    bits = 9 if op == "LOGISTIC" else 8
    high = np.minimum(np.abs(x) >> bits, _SIGMOIDS - 1)
    low = np.abs(x) & ((1 << bits) - 1)
    result = (sigmoids[high] << bits) + low * (sigmoids[high + 1] - sigmoids[high])
    if op == "LOGISTIC":
        result = np.where(high >= _SIGMOIDS - 1, 0x7FFF << 10, result)
        return np.where(x >= 0, result + (1 << 9), (1 << 25) - result + (1 << 9) - 1) >> 10
    result = np.where(high >= _SIGMOIDS - 1, 0xFFFF << 8, result)
    return np.where(x >= 0, result - (1 << 23) + (1 << 7), -result + (1 << 23) + (1 << 7) - 1) >> 8


def _sigmoid_entries() -> Ints:
    """The sigmoids of i / 24, each moved by half the error that interpolation makes behind it."""
    places = np.arange(_SIGMOIDS + 1)
    exact, middle = (2**16 / (1 + np.exp(-(places + half) / _SIGMOIDS_OF_ONE)) for half in (0.0, 0.5))
    error = (exact[:-1] + exact[1:]) / 2 - middle[:-1]
    found = np.round(exact[:-1] - error / 2)
    found[-1] = _MOST
    return np.append(found, found[-1]).astype(np.int64)
