"""Conversions between dtypes.

Ops: BITCAST, CAST, STABLEHLO_CONVERT.
"""

from __future__ import annotations

import numpy as np
import onnx_ir as ir

from tfonnx_lab.graph import OpBuilder, constant_array, static_shape
from tfonnx_lab.handlers.lowering.bits import from_bits, regroup, to_bits, width
from tfonnx_lab.handlers.lowering.numeric import cast as to
from tfonnx_lab.handlers.lowering.numeric import is_complex, is_float, number, unwrap
from tfonnx_lab.handlers.lowering.shape import rank_of
from tfonnx_lab.handlers.select import where
from tfonnx_lab.rules import handler

_FEW_BITS = frozenset((ir.DataType.INT4, ir.DataType.UINT4, ir.DataType.INT2, ir.DataType.UINT2))


@handler("CAST", "STABLEHLO_CONVERT")
def cast(op: OpBuilder, node: ir.Node, x: ir.Value) -> ir.Value:
    """CAST => Cast, of floats to integers saturated; codes are plain numbers; complex ones lose or gain a part.

    Source: cast.cc.
    """
    out = node.outputs[0]
    array = constant_array(x)
    if array is not None and x.dtype in _FEW_BITS and out.dtype is not None:
        return op.const(array.astype(out.dtype.numpy()))
    if is_complex(x) and is_complex(out):
        return to(op, x, out.dtype)
    if is_complex(x):
        return to(op, unwrap(x, op, 0), out.dtype)
    if is_complex(out):
        real = op.Unsqueeze(to(op, x, out.dtype), op.const([-1]))
        return op.Concat(real, op.Mul(real, number(0, real)), axis=-1)
    if x.dtype == out.dtype:
        return op.Identity(x)
    if is_float(x) and out.dtype is not None and out.dtype.is_integer() and out.dtype not in _FEW_BITS:
        return _saturated(op, x, out.dtype)
    return op.Cast(x, to=out.dtype)


def _saturated(op: OpBuilder, x: ir.Value, dtype: ir.DataType) -> ir.Value:
    """Floats as integers: what is out of range, and NaN, is LiteRT's nearest number, the largest for NaN.

    Without `exact` NaN, and what is out of the range of 32 and 64 bits, is what ONNX Runtime's Cast makes of it.
    """
    limits = np.iinfo(dtype.numpy())
    low, high = int(limits.min), int(limits.max)
    if dtype.itemsize <= 2 and not op.options.exact:
        return op.Cast(op.Clip(x, number(low, x), number(high, x)), to=dtype)
    if not op.options.exact:
        op.note(
            f"floats out of the range of {dtype.name.lower()} are undefined; with exact they are the nearest, as in "
            "LiteRT"
        )
        return op.Cast(x, to=dtype)
    below = op.Less(x, number(float(high) + 1, x))  # a NaN is not
    inside = op.Where(below, op.Max(x, number(low, x)), number(0, x))
    return where(op, below, op.Cast(inside, to=dtype), op.const(high, dtype.numpy()))


@handler("BITCAST")
def bitcast(op: OpBuilder, node: ir.Node, x: ir.Value) -> ir.Value:
    """BITCAST => BitCast (opset 26), Cast between integers of one width, or arithmetic on bits. Source: bitcast.cc."""
    out = node.outputs[0]
    assert x.dtype is not None and out.dtype is not None
    if x.dtype == out.dtype:
        return op.Identity(x)
    array = constant_array(x)
    shape = static_shape(out)
    if array is not None and shape is not None:
        return op.const(np.ascontiguousarray(array).view(out.dtype.numpy()).reshape(shape))
    same_width = x.dtype.itemsize == out.dtype.itemsize
    if same_width and all(d.is_integer() or d == ir.DataType.BOOL for d in (x.dtype, out.dtype)):
        return op.Cast(x, to=out.dtype)
    if op.opset >= 26 and same_width:
        made = op.node("BitCast", [x], {"to": out.dtype})
        made.outputs[0].type = out.type
        return made.outputs[0]
    old, new = width(x.dtype), width(out.dtype)
    lead = [0] * (rank_of(x) - 1)
    bits = to_bits(op, x)
    if is_complex(out) and old < new:  # the last dimension becomes the two numbers
        bits = op.Reshape(bits, op.const([*lead, 2, -1]))
    read = from_bits(op, regroup(op, bits, old, new), out.dtype)
    return op.Reshape(read, op.const([*lead, -1])) if is_complex(x) and new < old else read
