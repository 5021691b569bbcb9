"""Dynamic range: a float op with integer weights. LiteRT quantizes its input as it comes, and multiplies integers."""

from __future__ import annotations

import onnx_ir as ir

from tfonnx_lab.graph import OpBuilder, is_quantized, plain, quantization, rank
from tfonnx_lab.patterns import tfl
from tfonnx_lab.rewriters.quantization import dequantized
from tfonnx_lab.rules import rewriter

_FLOAT = ir.DataType.FLOAT
_CODES = (ir.DataType.INT8, ir.DataType.INT4, ir.DataType.INT2)
_INPUT = {"FULLY_CONNECTED": 0, "CONV_2D": 0, "DEPTHWISE_CONV_2D": 0, "BATCH_MATMUL": 0, "TRANSPOSE_CONV": 2}
"""Op => which of its inputs is the float one; its weights are the next one (TRANSPOSE_CONV: the one before)."""


@rewriter(tfl[tuple(_INPUT)](..., name="node"), phase="patterns")
def dynamic_quantization(op: OpBuilder, node: ir.Node) -> ir.Value | None:
    """FULLY_CONNECTED(x, qw) in float => FULLY_CONNECTED(DYNAMIC_QUANTIZE(x), DEQUANTIZE(qw)), which gives LiteRT's numbers.

    The products of integers, times both scales, are the products of the real values that they stand for; so the input is
    rounded to 8 bits and stays real. Source: EvalHybrid in fully_connected.cc, conv.cc, depthwise_conv.cc, batch_matmul.cc.
    """
    at = _INPUT[node.op_type]
    inputs = list(node.inputs)
    where = 1
    x, w = inputs[at], inputs[where]
    if x is None or w is None or x.dtype != _FLOAT or not is_quantized(w) or node.outputs[0].dtype != _FLOAT:
        return None
    inputs[where] = dequantized(op, w)
    if op.options.hybrid == "litert" and w.const_value is not None and w.dtype in _CODES:
        inputs[at] = _rounded(op, node, x, w)
    made = op.tfl.node(node.op_type, inputs, plain(node), name=f"{node.name}/hybrid").outputs[0]
    return op.like(made, node.outputs[0])


def _rounded(op: OpBuilder, node: ir.Node, x: ir.Value, w: ir.Value) -> ir.Value:
    """The input rounded to 8 bits: one scale a row (products of matrices) or one a batch (convolutions)."""
    quant = quantization(w)
    by_row = node.op_type in ("FULLY_CONNECTED", "BATCH_MATMUL")
    if by_row:
        asymmetric = bool(plain(node).get("asymmetric_quantize_inputs", False)) or bool(quant and quant.block)
    else:
        asymmetric = node.op_type != "CONV_2D" or (quant is not None and not quant.per_tensor)
    kept = int(quant is not None and node.op_type == "FULLY_CONNECTED" and rank(x) != 2)
    options = {"asymmetric": asymmetric, "by_row": by_row, "width": list(w.shape or [0, 0])[1] if kept else 0}
    made = op.tfl.node("DYNAMIC_QUANTIZE", [x], options, name=f"{node.name}/DYNAMIC_QUANTIZE").outputs[0]
    return op.like(made, x)
