"""What TFLite leaves implicit: a quantized op computes on real values and its tensors hold codes. Q/DQ say so."""

from __future__ import annotations

import onnx_ir as ir

from tfonnx_lab.graph import OpBuilder, is_quantized, plain, quantization
from tfonnx_lab.patterns import tfl
from tfonnx_lab.rules import rewriter

COMPUTING = (
    "ABS", "ADD", "ADD_N", "ATAN2", "AVERAGE_POOL_2D", "BATCH_MATMUL", "CEIL", "CONV_2D", "CONV_3D",
    "CONV_3D_TRANSPOSE", "COS", "CUMSUM", "DEPTHWISE_CONV_2D", "DIV", "ELU", "EQUAL", "EXP", "FLOOR", "FLOOR_DIV",
    "FLOOR_MOD", "FULLY_CONNECTED", "GELU", "GREATER", "GREATER_EQUAL", "HARD_SWISH", "L2_NORMALIZATION", "L2_POOL_2D",
    "LEAKY_RELU", "LESS", "LESS_EQUAL", "LOCAL_RESPONSE_NORMALIZATION", "LOG", "LOGISTIC", "LOG_SOFTMAX", "MEAN", "MUL",
    "NEG", "NOT_EQUAL", "POW", "PRELU", "REDUCE_PROD", "RELU", "RELU6", "RELU_0_TO_1", "RELU_N1_TO_1", "RESIZE_BILINEAR",
    "ROUND", "RSQRT", "SIGN", "SIN", "SOFTMAX", "SQRT", "SQUARE", "SQUARED_DIFFERENCE", "SUB", "SUM", "TANH",
    "TRANSPOSE_CONV",
)  # fmt: skip
"""Ops whose result depends on the real values of quantized tensors, not on their codes alone."""


@rewriter(tfl[COMPUTING](..., name="node"), phase="quantize")
def explicit_quantization(op: OpBuilder, node: ir.Node) -> list[ir.Value] | None:
    """CONV_2D(q, qw, qb) -> q  =>  QUANTIZE(CONV_2D(DEQUANTIZE(q), DEQUANTIZE(qw), DEQUANTIZE(qb)))."""
    if not any(is_quantized(v) for v in (*node.inputs, *node.outputs)):
        return None
    return compute_in_real(op, node)


@rewriter(tfl["CONCATENATION", "MAXIMUM", "MINIMUM", "PACK", "SELECT", "SELECT_V2"](..., name="node"), phase="quantize")
def explicit_quantization_of_mixed(op: OpBuilder, node: ir.Node) -> list[ir.Value] | None:
    """CONCATENATION of codes with different scales => QUANTIZE(CONCATENATION(DEQUANTIZE ...)); equal ones stay codes."""
    out = node.outputs[0]
    quant = quantization(out)
    codes = [v for v in node.inputs if v is not None and is_quantized(v)]
    if quant is None or not is_quantized(out) or all(quant.same(quantization(v)) for v in codes):
        return None
    return compute_in_real(op, node)


def compute_in_real(op: OpBuilder, node: ir.Node) -> list[ir.Value]:
    """The same op between DEQUANTIZE of its quantized inputs and QUANTIZE of its quantized outputs."""
    inputs = [dequantized(op, v) if is_quantized(v) else v for v in node.inputs]
    real = op.tfl.node(node.op_type, inputs, plain(node), outputs=len(node.outputs), name=f"{node.name}/real")
    real.meta.update({k: v for k, v in node.meta.items() if k in ("place", "intermediates")})
    results = []
    for made, out in zip(real.outputs, node.outputs, strict=True):
        made.shape = None if out.shape is None else out.shape.copy()
        if not is_quantized(out):
            made.type = out.type
            results.append(made)
            continue
        made.type = ir.TensorType(ir.DataType.FLOAT)
        results.append(op.like(op.tfl.node("QUANTIZE", [made], {}, name=f"{node.name}/QUANTIZE").outputs[0], out))
    return results


def dequantized(op: OpBuilder, value: ir.Value | None) -> ir.Value:
    """The real values of a quantized tensor."""
    assert value is not None
    real = op.tfl.node("DEQUANTIZE", [value], {}, name=f"{value.name}/DEQUANTIZE").outputs[0]
    real.type = ir.TensorType(ir.DataType.FLOAT)
    real.shape = None if value.shape is None else value.shape.copy()
    return real
