"""What TFLite leaves implicit: a quantized op computes on real values and its tensors hold codes. Q/DQ say so."""

from __future__ import annotations

import numpy as np
import onnx_ir as ir

from tfonnx_lab.graph import OpBuilder, Quantization, is_quantized, plain, quantization
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

BIASED = {
    "CONV_2D": 2, "CONV_3D": 2, "CONV_3D_TRANSPOSE": 3, "DEPTHWISE_CONV_2D": 2, "FULLY_CONNECTED": 2, "TRANSPOSE_CONV": 3,
}  # fmt: skip
"""Op => which of its inputs is the bias."""

DATA = {op: (2, 1) if op in ("CONV_3D_TRANSPOSE", "TRANSPOSE_CONV") else (0, 1) for op in BIASED}
"""Op => which of its inputs are the activations and the weights."""


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
    bias = BIASED.get(node.op_type)
    inputs = []
    for index, value in enumerate(node.inputs):
        if index == bias:
            value = with_scale_of_products(op, node, value)
        inputs.append(dequantized(op, value) if is_quantized(value) else value)
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


def with_scale_of_products(op: OpBuilder, node: ir.Node, bias: ir.Value | None) -> ir.Value | None:
    """The bias as LiteRT takes it: in units of input scale times weight scale, whatever scale it states itself.

    Source: CalculateEffectiveScale in kernel_util; the kernels add the bias to the integer sum of products. ONNX Runtime
    fuses a convolution only where the bias has this scale.
    """
    x, w = (node.inputs[i] for i in DATA[node.op_type])
    source, weights = quantization(x), quantization(w)
    if bias is None or bias.const_value is None or bias.dtype not in (ir.DataType.INT32, ir.DataType.INT64):
        return bias
    if source is None or weights is None or not source.per_tensor or weights.block or not is_quantized(x):
        return bias
    scale = (source.scale.astype(np.float64) * weights.scale).astype(np.float32)
    stated = quantization(bias)
    if stated is not None and stated.scale.size in (1, scale.size) and np.allclose(stated.scale, scale, rtol=1e-5, atol=0):
        return bias
    op.note(f"the bias counts in steps of {scale.flat[0]:.4g}" + ("" if stated is None else f", not {stated.scale.flat[0]:.4g}"))
    real = Quantization(scale, np.zeros(scale.shape, np.int64), 0 if scale.size > 1 else None)
    return op.const(bias.const_value, name=f"{bias.name}/rescaled", quant=real)


def dequantized(op: OpBuilder, value: ir.Value | None) -> ir.Value:
    """The real values of a quantized tensor."""
    assert value is not None
    real = op.tfl.node("DEQUANTIZE", [value], {}, name=f"{value.name}/DEQUANTIZE").outputs[0]
    real.type = ir.TensorType(ir.DataType.FLOAT)
    real.shape = None if value.shape is None else value.shape.copy()
    return real
