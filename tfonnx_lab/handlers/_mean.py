"""MEAN of codes in LiteRT's integer arithmetic: the sum, times a multiplier that holds one over the count, rounded twice."""

from __future__ import annotations

import numpy as np
import onnx_ir as ir

from tfonnx_lab.fixed_point import mean_offset, quantize_multiplier
from tfonnx_lab.graph import OpBuilder, attr, code_range, static_shape
from tfonnx_lab.handlers import _integer as integer
from tfonnx_lab.handlers._integer import scale_of
from tfonnx_lab.handlers._reduce import constant_axes, reduce

_D = ir.DataType
_WHOLE = 2**24
"""Up to here float32 holds every integer."""


def mean_of_codes(op: OpBuilder, node: ir.Node, x: ir.Value, axes: ir.Value) -> ir.Value:
    """Source: QuantizedMeanOrSum in reference/reduce.h; integer_ops/mean.h and optimized_ops.h over height and width."""
    shape, chosen, out = static_shape(x), constant_axes(x, axes), node.outputs[0]
    assert shape is not None and chosen is not None and x.dtype is not None and out.dtype is not None
    count = int(np.prod([shape[a] for a in chosen]))
    (scale, zero), (out_scale, out_zero) = scale_of(x), scale_of(out)
    keep = bool(attr(node, "keep_dims", False))
    if keep and len(shape) == 4 and chosen == [1, 2] and x.dtype != _D.INT16:
        multiplier = quantize_multiplier(float(scale / (np.float32(count) * out_scale)))
        out_zero = mean_offset((scale, zero), (out_scale, out_zero), x.dtype == _D.UINT8)
        zero = 0
    else:
        multiplier = mean_multiplier(float(scale) / float(out_scale), count)
    low, high = code_range(x.dtype)
    kind = _D.FLOAT if (high - low) * count < _WHOLE and x.dtype != _D.INT16 else _D.DOUBLE
    if kind == _D.FLOAT:
        codes = op.DequantizeLinear(x, np.float32(1), np.array(zero, x.dtype.numpy()))
    else:
        codes = op.Sub(op.Cast(x, to=kind), np.float64(zero)) if zero else op.Cast(x, to=kind)
    total = op.Cast(reduce(op, "ReduceSum", codes, chosen, keep), to=_D.DOUBLE)
    scaled = integer.multiply_by(op, total, multiplier, most=float((high - low) * count))
    low, high = code_range(out.dtype)
    if out.dtype in (_D.INT8, _D.UINT8) and low <= out_zero <= high:  # adds the zero point and clips: three nodes less
        return op.QuantizeLinear(op.Cast(scaled, to=_D.FLOAT), np.float32(1), np.array(out_zero, out.dtype.numpy()))
    result = op.Add(scaled, np.float64(out_zero)) if out_zero else scaled
    return op.Cast(integer.clip(op, result, low, high), to=out.dtype)


def mean_multiplier(real: float, count: int) -> tuple[int, int]:
    """(mantissa, left shift) of real / count: the mantissa is divided, and keeps the bits that it then has."""
    mantissa, shift = quantize_multiplier(real)
    more = min(count.bit_length() - 1, 32, 31 + shift)
    return (mantissa << more) // count, shift - more
