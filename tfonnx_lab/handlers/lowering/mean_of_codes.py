"""MEAN of codes in LiteRT's integer arithmetic: the sum, times a multiplier that holds one over the count, rounded
twice."""

from __future__ import annotations

import numpy as np
import onnx_ir as ir

from tfonnx_lab.arithmetic.fixed_point import VECTOR, mean_kernel
from tfonnx_lab.errors import Unsupported
from tfonnx_lab.graph import EIGHT_BIT, OpBuilder, code_range, known_sizes, rank
from tfonnx_lab.handlers.lowering import integer
from tfonnx_lab.handlers.lowering.integer import scale_of
from tfonnx_lab.handlers.lowering.reduction import constant_axes, reduce

_D = ir.DataType
_WHOLE = 2**24
"""Up to here float32 holds every integer."""


def mean_of_codes(op: OpBuilder, node: ir.Node, x: ir.Value, axes: ir.Value, keep: bool) -> ir.Value:
    """Source: QuantizedMeanOrSum in reference/reduce.h; integer_ops/mean.h and optimized_ops.h over height and
    width."""
    chosen, out = constant_axes(x, axes), node.outputs[0]
    assert chosen is not None and x.dtype is not None and out.dtype is not None
    sizes = known_sizes(x, chosen)
    assert sizes is not None  # asked by the rewriter that left it codes
    count = int(np.prod(sizes))
    apart = keep and rank(x) == 4 and chosen == [1, 2] and x.dtype != _D.INT16
    kernel = mean_kernel(count, scale_of(x), scale_of(out), apart, x.dtype == _D.UINT8)
    low, high = code_range(x.dtype)
    kind = _D.FLOAT if (high - low) * count < _WHOLE and x.dtype != _D.INT16 else _D.DOUBLE
    if kind == _D.FLOAT:
        codes = op.DequantizeLinear(x, np.float32(1), np.array(kernel.zero, x.dtype.numpy()))
    else:
        codes = op.Sub(op.Cast(x, to=kind), np.float64(kernel.zero)) if kernel.zero else op.Cast(x, to=kind)
    total = op.Cast(reduce(op, "ReduceSum", codes, chosen, keep), to=_D.DOUBLE)
    upwards = _upwards(x) if apart and x.dtype == _D.INT8 else None
    scaled = integer.multiply_by(op, total, kernel.multiplier, most=float((high - low) * count), upwards=upwards)
    low, high = code_range(out.dtype)
    if out.dtype in EIGHT_BIT and low <= kernel.offset <= high:  # adds the zero point and clips: three nodes less
        return op.QuantizeLinear(
            op.Cast(scaled, to=_D.FLOAT), np.float32(1), np.array(kernel.offset, out.dtype.numpy())
        )
    result = op.Add(scaled, np.float64(kernel.offset)) if kernel.offset else scaled
    return op.Cast(integer.clip(op, result, low, high), to=out.dtype)


def _upwards(x: ir.Value) -> np.ndarray:
    """The channels that LiteRT's vector code computes, which rounds halves upwards. Raises Unsupported where their
    number is not known."""
    channels = known_sizes(x, [3])
    if channels is None:
        raise Unsupported("the number of channels is not known, and LiteRT rounds the last ones another way")
    upwards: np.ndarray = np.arange(channels[0]) < channels[0] // VECTOR * VECTOR
    return upwards
