"""gemmlowp's 16-bit fixed-point functions, on numpy arrays: the sigmoid and tanh of LiteRT's integer LSTM.

A number is an int16 `raw` with `bits` integer bits: it means raw / 2**(15 - bits). Source: gemmlowp's fixedpoint.h.
"""

from __future__ import annotations

from functools import cache

import numpy as np

from tfonnx_lab.arithmetic import constants
from tfonnx_lab.arithmetic.fixed_point import INT16, Ints, rounding_high_mul, rounding_shift, saturating_left_shift

_ONE = 2**15 - 1


@cache
def sigmoid_table() -> np.ndarray:
    """The sigmoid of every int16 with 3 integer bits, from the lowest on: 65,536 results without integer bits."""
    raw = np.arange(INT16[0], INT16[1] + 1, dtype=np.int64)
    positive = _one_over_one_plus(_exp_of_negative(-np.abs(raw), 3))
    found = np.where(raw > 0, positive, _ONE - positive)
    return np.where(raw == 0, 1 << 14, found).astype(np.int16)


@cache
def tanh_table(bits: int) -> np.ndarray:
    """The tanh of every int16 with 0 to 6 integer bits, from the lowest on: 65,536 results without integer bits."""
    raw = np.arange(INT16[0], INT16[1] + 1, dtype=np.int64)
    size = _one_minus_over_one_plus(_exp_of_negative(-np.abs(raw), bits + 1))
    return np.where(raw == 0, 0, np.where(raw < 0, -size, size)).astype(np.int16)


def _exp_of_negative(raw: Ints, bits: int) -> Ints:
    """exp of numbers that are at most 0: the part below a quarter by a polynomial, the rest by squaring."""
    raw = np.maximum(raw, INT16[0])
    fraction = 15 - bits
    quarter = 1 << (fraction - 2)
    inside = (raw & (quarter - 1)) - quarter
    result = _exp_below_a_quarter(_rescale(inside, bits))
    remainder = inside - raw
    for exponent, constant in constants.EXP_OF_POWERS.items():
        if bits > exponent:
            factor = int(np.clip(rounding_shift(np.array([constant], np.int64), 16), *INT16)[0])
            hit = remainder & (1 << (fraction + exponent))
            result = np.where(hit != 0, _times(result, factor), result)
    if bits > 5:
        result = np.where(raw < -(1 << (fraction + 5)), 0, result)
    return np.where(raw == 0, _ONE, result)


def _exp_below_a_quarter(raw: Ints) -> Ints:
    """exp of numbers from -1/4 to 0, by four terms around -1/8."""
    centre, third = _constant(constants.EXP_OF_MINUS_EIGHTH), _constant(constants.THIRD)
    x = raw + (1 << 12)
    x2 = _times(x, x)
    x3 = _times(x2, x)
    x4 = rounding_shift(_times(x2, x2), 2)
    rest = rounding_shift(_times(x4 + x3, third) + x2, 1)
    return np.minimum(centre + _times(x + rest, centre), INT16[1])


def _one_over_one_plus(raw: Ints) -> Ints:
    """1 / (1 + x) for x from 0 to 1."""
    return _rescale(_newton(raw), 1)


def _one_minus_over_one_plus(raw: Ints) -> Ints:
    """(1 - x) / (1 + x) for x from 0 to 1: 2 / (1 + x) less one."""
    return _rescale(_newton(raw) - (1 << 13), 2)


def _newton(raw: Ints) -> Ints:
    """2 / (1 + x) with two integer bits, by three steps of Newton's division."""
    half = _half_sum(raw, _ONE)
    x = _wrapped(_constant(constants.RECIPROCAL_START) + _times(half, _constant(constants.RECIPROCAL_SLOPE)))
    for _ in range(constants.RECIPROCAL_STEPS):
        error = _wrapped((1 << 13) - _times(half, x))
        x = _wrapped(x + _rescale(_times(x, error), 2))
    return x


def _constant(bits32: int) -> int:
    """A constant of 32 bits as one of 16."""
    return int(np.clip(rounding_shift(np.array([bits32], np.int64), 16), *INT16)[0])


def _times(a: Ints, b: Ints | int) -> Ints:
    return rounding_high_mul(a, b, 15)


def _half_sum(a: Ints, b: int) -> Ints:
    total = a + b
    return np.where(total >= 0, (total + 1) // 2, -((1 - total) // 2))


def _rescale(raw: Ints, by: int) -> Ints:
    return rounding_shift(raw, -by) if by < 0 else saturating_left_shift(raw, by)


def _wrapped(raw: Ints) -> Ints:
    return np.asarray(raw, np.int64).astype(np.int16).astype(np.int64)
