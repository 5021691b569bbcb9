"""gemmlowp's exponential in 32 bits, on numpy arrays, and what LiteRT's reference softmax makes of a scale.

A number is an int32 `raw` with `bits` integer bits: it means raw / 2**(31 - bits).
Source: gemmlowp's fixedpoint.h; PreprocessSoftmaxScaling and CalculateInputRadius in internal/quantization_util.cc.
"""

from __future__ import annotations

import math

import numpy as np

from tfonnx_lab.arithmetic import constants
from tfonnx_lab.arithmetic.fixed_point import Ints, quantize_multiplier, rescale, rounding_high_mul, rounding_shift

DIFF_BITS = 5
"""Integer bits of what softmax takes the exponential of."""

ONE = 2**31 - 1


def softmax_multiplier(scale: float, beta: float) -> tuple[int, int]:
    """(mantissa, left shift) of a difference of codes, for 5 integer bits."""
    return quantize_multiplier(min(beta * scale * (1 << (31 - DIFF_BITS)), 2.0**31 - 1.0))


def least_difference(left_shift: int) -> int:
    """The least difference of codes whose exponential counts."""
    return -math.floor(((1 << DIFF_BITS) - 1) * (1 << (31 - DIFF_BITS)) / (1 << left_shift))


def exponentials(scale: float, beta: float) -> tuple[Ints, Ints]:
    """(differences 0, -1 ... -255 with 5 integer bits, their exponentials without any; 0 where they do not count)."""
    mantissa, left = softmax_multiplier(scale, beta)
    differences = -np.arange(256, dtype=np.int64)
    counts = differences >= least_difference(left)
    raw = rounding_high_mul(np.where(counts, differences, 0) * 2 ** max(left, 0), mantissa, 31)
    return np.where(counts, raw, 0), np.where(counts, exp_of_negative(raw), 0)


def exp_of_negative(raw: Ints) -> Ints:
    """exp of numbers that are at most 0: the part below a quarter by a polynomial, the rest by squaring."""
    fraction = 31 - DIFF_BITS
    quarter = 1 << (fraction - 2)
    inside = (raw & (quarter - 1)) - quarter
    result = _exp_below_a_quarter(rescale(inside, DIFF_BITS))
    remainder = inside - raw
    for exponent, constant in constants.EXP_OF_POWERS.items():
        hit = remainder & (1 << (fraction + exponent))
        result = np.where(hit != 0, rounding_high_mul(result, constant, 31), result)
    return np.where(raw == 0, ONE, result)


def _exp_below_a_quarter(raw: Ints) -> Ints:
    """exp of numbers from -1/4 to 0, by four terms around -1/8."""
    centre, third = constants.EXP_OF_MINUS_EIGHTH, constants.THIRD
    x = raw + (1 << 28)
    x2 = rounding_high_mul(x, x, 31)
    x3 = rounding_high_mul(x2, x, 31)
    x4 = rounding_shift(rounding_high_mul(x2, x2, 31), 2)
    rest = rounding_shift(rounding_high_mul(x4 + x3, third, 31) + x2, 1)
    return centre + rounding_high_mul(x + rest, centre, 31)
