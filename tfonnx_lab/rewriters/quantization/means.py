"""MEAN, and SUM, of 8 bits over height and width: whether, and with which parameters, they are a GlobalAveragePool."""

from __future__ import annotations

import numpy as np
import onnx_ir as ir

from tfonnx_lab.arithmetic.fixed_point import VECTOR, mean_kernel
from tfonnx_lab.graph import EIGHT_BIT, attr, constant_array, known_sizes, quantization, rank
from tfonnx_lab.rewriters.quantization.fitting import Mean, fitted_mean
from tfonnx_lab.rewriters.quantization.resize_distance import size_of

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


def sums_are_known(node: ir.Node) -> bool:
    """Whether a MEAN is one of so many codes: the batch, which is not reduced, may be of any size."""
    x, axes = node.inputs[0], constant_array(node.inputs[1])
    if x is None or x.shape is None or axes is None or 0 in list(x.shape):
        return False
    size = max(len(x.shape), 1)
    return known_sizes(x, {int(a) % size for a in axes.ravel()}) is not None


def fit_of_mean(node: ir.Node) -> Mean | None:
    """The parameters for a MEAN of 8 bits over height and width as GlobalAveragePool; the batch may be of any size."""
    x, out = node.inputs[0], node.outputs[0]
    source, target = quantization(x), quantization(out)
    if x is None or x.dtype is None or source is None or target is None or not over_height_and_width(node):
        return None
    sizes = known_sizes(x, (1, 2, 3))
    if sizes is None or 0 in sizes or not source.per_tensor or not target.per_tensor:
        return None
    height, width, channels = sizes
    one, other = ((F(q.scale[0]), int(q.zero_point[0])) for q in (source, target))
    apart = bool(attr(node, "keep_dims", False))
    unsigned, many = x.dtype == ir.DataType.UINT8, channels >= VECTOR
    kernel = mean_kernel(height * width, one, other, apart, unsigned, many and not unsigned)
    return fitted_mean(kernel, float(one[0]) / float(other[0]), x.dtype)


def count_of_sum(node: ir.Node) -> int | None:
    """How many codes each sum of a SUM over height and width has; None where that is not known."""
    if not over_height_and_width(node):
        return None
    height, width = known_sizes(node.inputs[0], (1, 2)) or (0, 0)
    return height * width or None


def better_in_integers(node: ir.Node) -> bool:
    """Whether the fused kernel is off at more than one code in twenty, where there are so few that integers take 4 us
    more.

    Means of sixteen codes and more are left to it: LiteRT's second rounding moves them less, and networks end in them.
    """
    fit, x = fit_of_mean(node), node.inputs[0]
    if fit is None or x is None or fit.equal >= _OFTEN:
        return False
    height, width = known_sizes(x, (1, 2)) or (0, 0)
    return height * width <= _FEW and size_of(x) <= _SMALL
