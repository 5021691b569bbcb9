"""MEAN, and SUM, of 8 bits over height and width: whether, and with which parameters, they are a GlobalAveragePool."""

from __future__ import annotations

import math

import numpy as np
import onnx_ir as ir

from tfonnx_lab.arithmetic.fixed_point import VECTOR, mean_kernel
from tfonnx_lab.graph import EIGHT_BIT, attr, constant_array, quantization, rank, static_shape
from tfonnx_lab.rewriters.quantization.fitting import Mean, fitted_mean

F = np.float32
_OFTEN = 0.95
_SMALL = 4096
_FEW = 15


def over_height_and_width(node: ir.Node) -> bool:
    """Whether it is a reduction of 8-bit codes that ONNX has as GlobalAveragePool, with an integer kernel."""
    x, axes = node.inputs[0], constant_array(node.inputs[1])
    if x is None or x.dtype not in EIGHT_BIT or rank(x) != 4 or axes is None:
        return False
    return sorted(int(a) % 4 for a in axes.ravel()) == [1, 2]


def fit_of_mean(node: ir.Node) -> Mean | None:
    """The parameters for a MEAN of 8 bits over height and width as GlobalAveragePool."""
    x, out = node.inputs[0], node.outputs[0]
    source, target, shape = quantization(x), quantization(out), None if x is None else static_shape(x)
    if x is None or x.dtype is None or shape is None or 0 in shape or source is None or target is None:
        return None
    if not over_height_and_width(node) or not source.per_tensor or not target.per_tensor:
        return None
    one, other = ((F(q.scale[0]), int(q.zero_point[0])) for q in (source, target))
    apart = bool(attr(node, "keep_dims", False))
    unsigned, many = x.dtype == ir.DataType.UINT8, shape[3] >= VECTOR
    kernel = mean_kernel(shape[1] * shape[2], one, other, apart, unsigned, many and not unsigned)
    return fitted_mean(kernel, float(one[0]) / float(other[0]), x.dtype)


def count_of_sum(node: ir.Node) -> int | None:
    """How many codes each sum of a SUM over height and width has; None where that is not known."""
    shape = static_shape(node.inputs[0])
    return shape[1] * shape[2] if shape is not None and 0 not in shape and over_height_and_width(node) else None


def better_in_integers(node: ir.Node) -> bool:
    """Whether the fused kernel is off at more than one code in twenty, where there are so few that integers take 4 us
    more.

    Means of sixteen codes and more are left to it: LiteRT's second rounding moves them less, and networks end in them.
    """
    fit, shape = fit_of_mean(node), static_shape(node.inputs[0])
    if fit is None or shape is None or fit.equal >= _OFTEN:
        return False
    return shape[1] * shape[2] <= _FEW and math.prod(shape) <= _SMALL
