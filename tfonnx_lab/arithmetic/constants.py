"""The fixed-point constants of gemmlowp and of LiteRT, each with what it stands for."""

from __future__ import annotations

EXP_OF_POWERS = {-2: 1672461947, -1: 1302514674, 0: 790015084, 1: 290630308, 2: 39332535, 3: 720401, 4: 242}
"""Exponent e => exp(-2**e) with 31 fractional bits. Source: exp_on_negative_values in gemmlowp's fixedpoint.h."""

EXP_OF_MINUS_EIGHTH = 1895147668
"""exp(-1/8) with 31 fractional bits. Source: exp_on_interval_between_negative_one_quarter_and_0_excl."""

THIRD = 715827883
"""1/3 with 31 fractional bits, of the same polynomial."""

RECIPROCAL_START = 1515870810
"""48/17 with 29 fractional bits. Source: one_over_one_plus_x_for_x_in_0_1, Newton's division from 48/17 - 32/17 x."""

RECIPROCAL_SLOPE = -1010580540
"""-32/17 with 29 fractional bits."""

RECIPROCAL_STEPS = 3
"""Of Newton's division."""

HALF_ROOT_OF_TWO = 1518500250
"""sqrt(2)/2 with 31 fractional bits. Source: GetInvSqrtQuantizedMultiplierExp in internal/common.h."""

INVERSE_ROOT_STEPS = 5
"""Of Newton's inverse square root, with three integer bits."""

INVERSE_ROOT_SHIFT = 11
"""The right shift that belongs to a number of 29 bits there."""

RESIZE_UNIT = 1024
"""LiteRT's integer resize counts positions in 1024ths. Source: ResizeBilinearInteger in reference/resize_bilinear.h."""

GELU_CUBIC = 0.044715
"""Of the approximation of GELU by tanh. Source: Hendrycks and Gimpel, Gaussian Error Linear Units; gelu.h."""
