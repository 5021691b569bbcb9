"""QUANTIZE of numbers that no 32-bit integer holds: NaN, infinity, what is far too large."""

from __future__ import annotations

import numpy as np
import onnx_ir as ir

from tfonnx_lab.graph import OpBuilder, code_range, constant_array, quantization
from tfonnx_lab.patterns import tfl
from tfonnx_lab.rules import rewriter

UNBOUNDED = ("DIV", "EXP", "LOG", "POW", "RSQRT", "SQRT")
"""Float ops that make NaN or infinity of ordinary numbers."""


@rewriter(tfl.QUANTIZE(tfl[UNBOUNDED](..., name="maker"), name="node"), phase="prepare")
def quantize_what_overflows(op: OpBuilder, maker: ir.Node, node: ir.Node) -> ir.Value | None:
    """QUANTIZE(POW(..)) => QUANTIZE(SELECT_V2(|x| < 2**31 scale, x, the lowest or highest code's value)).

    On x86-64 every other float becomes the lowest 32-bit integer, to which LiteRT adds the zero point: below zero it
    wraps around to the highest. Source: AffineQuantize in reference/quantize.h.
    """
    x, out = maker.outputs[0], node.outputs[0]
    quant = quantization(out)
    if x.dtype != ir.DataType.FLOAT or quant is None or not quant.per_tensor or out.dtype is None:
        return None
    if maker.op_type == "DIV" and constant_array(maker.inputs[1]) is not None:
        return None
    source = maker.inputs[0].producer() if maker.inputs[0] is not None else None
    if source is not None and source.op_type == "DEQUANTIZE" and maker.op_type not in ("DIV", "POW"):
        return None  # it becomes a table
    scale, zero = np.float32(quant.scale[0]), int(quant.zero_point[0])
    far = np.float32((code_range(out.dtype)[zero < 0] - zero) * float(scale))
    inside = op.tfl.LESS(op.like(op.tfl.ABS(x), x), op.const(np.float32(2.0**31) * scale))
    inside.type = ir.TensorType(ir.DataType.BOOL)
    inside.shape = x.shape
    chosen = op.like(op.tfl.SELECT_V2(inside, x, op.const(far)), x)
    return op.like(op.tfl.QUANTIZE(chosen), out)
