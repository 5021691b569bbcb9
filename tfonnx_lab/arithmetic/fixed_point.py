"""The integer arithmetic of LiteRT's kernels, on numpy arrays: what a quantized unary op gives for every code.

Source: kernels/internal/common.h, common.cc, quantization_util.cc, reference/hard_swish.h and gemmlowp's fixedpoint.h.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np

from tfonnx_lab.arithmetic import constants

Ints: TypeAlias = np.ndarray[Any, np.dtype[np.int64]]

F = np.float32
INT16, INT32 = (-(2**15), 2**15 - 1), (-(2**31), 2**31 - 1)


def quantize_multiplier(real: float) -> tuple[int, int]:
    """A real multiplier as (31-bit mantissa, left shift). Source: QuantizeMultiplier."""
    if real == 0:
        return 0, 0
    mantissa, shift = math.frexp(real)
    fixed = int(round_away(np.float64(mantissa * 2**31)))
    if abs(fixed) == 2**31:
        fixed, shift = fixed // 2, shift + 1
    return (0, 0) if shift < -31 else (fixed, shift)


def upper_half(mantissa: int) -> int:
    """A multiplier's mantissa in 15 bits, as kernels of 16-bit codes take it.

    Source: MultiplyByQuantizedMultiplier of int64_t in common.cc, DownScaleInt32ToInt16Multiplier in hard_swish.h.
    """
    return min((mantissa + 2**15) >> 16, INT16[1])


def multiply(x: Ints, multiplier: tuple[int, int]) -> Ints:
    """x times a multiplier, rounded twice as LiteRT does. Source: MultiplyByQuantizedMultiplier."""
    mantissa, shift = multiplier
    high = rounding_high_mul(x * 2 ** max(shift, 0), mantissa, 31)
    return rounding_shift(high, max(-shift, 0))


def multiply_up(x: Ints, multiplier: tuple[int, int]) -> Ints:
    """The same where LiteRT takes sixteen elements at a time: halves go up on either side of zero.

    Source: MultiplyByQuantizedMultiplier4Rows in internal/common.h, with NEON's rounding shift (by NEON_2_SSE on x86).
    """
    mantissa, shift = multiplier
    right = max(-shift, 0)
    high = rounding_high_mul(x * 2 ** max(shift, 0), mantissa, 31)
    return high if right == 0 else (high + (1 << (right - 1))) >> right


VECTOR = 16
"""How many elements LiteRT takes at a time."""


@dataclass(frozen=True)
class MeanKernel:
    """LiteRT's mean of codes: their sum less `count` zero points, times a multiplier, rounded twice, plus an offset.

    upwards: halves go up in the end, not away from zero.
    """

    count: int
    zero: int
    multiplier: tuple[int, int]
    offset: int
    upwards: bool = False

    def codes(self, sums: Ints) -> Ints:
        """The means of sums, before the clamp."""
        times = multiply_up if self.upwards else multiply
        return times(sums - self.zero * self.count, self.multiplier) + self.offset


def mean_kernel(
    count: int,
    source: tuple[np.float32, int],
    target: tuple[np.float32, int],
    apart: bool,
    unsigned: bool,
    upwards: bool = False,
) -> MeanKernel:
    """The kernel for a mean of `count` codes, of (scale, zero point) pairs.

    apart: the offset is rounded apart from the mean, as over height and width; uint8 rounds it up there. Source:
    integer_ops/mean.h, Mean of uint8 in optimized/reduce.h, and QuantizedMeanOrSum in reference/reduce.h.
    """
    if not apart:
        return MeanKernel(count, source[1], _mean_multiplier(float(source[0]) / float(target[0]), count), target[1])
    shift = F(source[1]) * source[0] / target[0]
    offset = target[1] - int(shift + F(0.5 if shift > 0 or unsigned else -0.5))
    multiplier = quantize_multiplier(float(source[0] / (F(count) * target[0])))
    return MeanKernel(count, 0, multiplier, offset, upwards)


def _mean_multiplier(real: float, count: int) -> tuple[int, int]:
    """(mantissa, left shift) of real / count: the mantissa is divided, and keeps the bits that it then has."""
    mantissa, shift = quantize_multiplier(real)
    more = min(count.bit_length() - 1, 32, 31 + shift)
    return (mantissa << more) // count, shift - more


def rounding_high_mul(a: Ints, b: Ints | int, bits: int) -> Ints:
    """a * b * 2 / 2**(bits + 1), saturating, rounded to nearest, half away from zero.

    Source: SaturatingRoundingDoublingHighMul.
    """
    product = np.asarray(a, np.int64) * b
    nudge = np.where(product >= 0, 2 ** (bits - 1), 1 - 2 ** (bits - 1))
    return np.minimum(_divide(product + nudge, 2**bits), 2**bits - 1)


def rounding_shift(x: Ints, exponent: int) -> Ints:
    """x / 2**exponent, rounded to nearest, half away from zero. Source: RoundingDivideByPOT."""
    mask = 2**exponent - 1
    rest = x & mask
    return (x >> exponent) + (rest > (mask >> 1) + (x < 0))


def saturating_left_shift(x: Ints, by: int) -> Ints:
    """x * 2**by within 16 bits. Source: SaturatingLeftShift."""
    return np.clip(x * 2**by, *INT16)


def round_away(x: Any) -> Any:
    """To nearest, half away from zero. Source: TfLiteRound."""
    wide = np.asarray(x, np.float64)
    return np.copysign(np.floor(np.abs(wide) + 0.5), wide)


FAR_CODE = 1e9
"""Stands for an infinite code: far beyond 16 bits, and within 32."""


def finite(x: Any) -> Any:
    """Steps without infinities, and 0 for what is no number."""
    return np.nan_to_num(x, nan=0.0, posinf=FAR_CODE, neginf=-FAR_CODE)


def hard_swish(x: Ints, input_scale: np.float32, output_scale: np.float32) -> Ints:
    """Codes without zero point, before the clamp. Source: HardSwish in reference/hard_swish.h, HardSwishPrepare."""
    fine_scale = np.float32(np.float32(1 / 128) * input_scale)
    out_multiplier, out_exponent = _multiplier_16(float(np.float32(fine_scale / output_scale)))
    relu_multiplier, relu_exponent = _multiplier_16(float(np.float32(fine_scale / np.float32(3 / 32768))))
    fine = x * 128
    on_output_scale = rounding_high_mul(fine, out_multiplier, 15)
    relu = fine
    if relu_exponent > 0:
        relu = saturating_left_shift(relu, relu_exponent - 1)
    relu = rounding_high_mul(relu, relu_multiplier, 15)
    if relu_exponent > 0:
        relu = saturating_left_shift(relu, 1)
    if relu_exponent < 0:
        relu = rounding_shift(relu, -relu_exponent)
    relu = (relu + 2**15) >> 1
    product = np.minimum(_divide(relu * on_output_scale, 2**15), INT16[1])
    return rounding_shift(product, -out_exponent)


def rsqrt(x: Ints, multiplier: tuple[int, int]) -> Ints:
    """Codes without zero point of 1 / sqrt(x), x positive. Source: RsqrtEvalQuantizedInt8."""
    results = []
    for value in x.tolist():
        mantissa, shift = _inverse_sqrt(value)
        scaled = multiply(np.array([1], np.int64), (mantissa, shift + 20))
        results.append(int(multiply(scaled, (multiplier[0], multiplier[1] - 20))[0]))
    return np.array(results, np.int64)


def _inverse_sqrt(value: int) -> tuple[int, int]:
    """Five Newton steps with three integer bits. Source: GetInvSqrtQuantizedMultiplierExp."""
    if value <= 1:
        return 2**31 - 1, 0
    shift = constants.INVERSE_ROOT_SHIFT
    pairs = (32 - value.bit_length() - 1) // 2 - 1
    shift -= pairs
    value <<= 2 * pairs
    given = np.array([value >> 1], np.int64)
    half = rounding_shift(given, 1)
    x = np.array([2**28], np.int64)
    for _ in range(constants.INVERSE_ROOT_STEPS):
        cube = rescale(rounding_high_mul(rounding_high_mul(x, x, 31), x, 31), 6)
        x = rescale(rounding_high_mul(x, 2**28 + 2**27, 31) - rounding_high_mul(half, cube, 31), 3)
    mantissa = int(rounding_high_mul(x, constants.HALF_ROOT_OF_TWO, 31)[0])
    if shift < 0:
        mantissa, shift = mantissa << -shift, 0
    return mantissa, -shift


def rescale(x: Ints, by: int) -> Ints:
    """x * 2**by within 32 bits. Source: SaturatingRoundingMultiplyByPOT."""
    return np.clip(x * 2**by, *INT32)


def _multiplier_16(real: float) -> tuple[int, int]:
    mantissa, shift = quantize_multiplier(real)
    return upper_half(mantissa), shift


def _divide(x: Ints, by: int) -> Ints:
    """Toward zero, as C++ does."""
    return np.where(x >= 0, x // by, -(-x // by))
