"""The bias of quantized convolutions and products, in LiteRT's units."""

from __future__ import annotations

import numpy as np
import onnx_ir as ir

from tfonnx_lab.graph import OpBuilder, Quantization, is_quantized, quantization
from tfonnx_lab.rewriters.quantization.multiplier16 import with_16_bit_multiplier

BIASED = {
    "CONV_2D": 2, "CONV_3D": 2, "CONV_3D_TRANSPOSE": 3, "DEPTHWISE_CONV_2D": 2, "FULLY_CONNECTED": 2,
    "TRANSPOSE_CONV": 3,
}  # fmt: skip
"""Op => which of its inputs is the bias."""

DATA = {op: (2, 1) if op in ("CONV_3D_TRANSPOSE", "TRANSPOSE_CONV") else (0, 1) for op in BIASED}
"""Op => which of its inputs are the activations and the weights."""


_SAME = 1e-5
"""Scales this near are one: files hold the product of two scales as another program rounded it."""


def with_scale_of_products(op: OpBuilder, node: ir.Node, bias: ir.Value | None) -> ir.Value | None:
    """The bias as LiteRT takes it: in units of input scale times weight scale, whatever scale it states itself.

    Source: CalculateEffectiveScale in kernel_util; the kernels add the bias to the integer sum of products. ONNX
    Runtime fuses a convolution only where the bias has this scale.
    """
    x, w = (node.inputs[i] for i in DATA[node.op_type])
    source, weights = quantization(x), quantization(w)
    if bias is None or bias.const_value is None or bias.dtype not in (ir.DataType.INT32, ir.DataType.INT64):
        return bias
    if source is None or weights is None or not source.per_tensor or weights.block or not is_quantized(x):
        return bias
    scale = (source.scale.astype(np.float64) * weights.scale).astype(np.float32)
    stated = quantization(bias)
    if (
        stated is not None
        and stated.scale.size in (1, scale.size)
        and np.allclose(stated.scale, scale, rtol=_SAME, atol=0)
    ):
        return bias
    op.note(
        f"the bias counts in steps of {scale.flat[0]:.4g}"
        + ("" if stated is None else f", not {stated.scale.flat[0]:.4g}")
    )
    real = Quantization(scale, np.zeros(scale.shape, np.int64), 0 if scale.size > 1 else None)
    return op.const(bias.const_value, name=f"{bias.name}/rescaled", quant=real)


def with_bias_as_litert(op: OpBuilder, node: ir.Node) -> list[ir.Value | None]:
    """The node's inputs, its bias as LiteRT takes it."""
    inputs = list(node.inputs) if op.options.dequantize else with_16_bit_multiplier(op, node)
    index = BIASED.get(node.op_type)
    if index is None or index >= len(inputs):
        return inputs
    if inputs[index] is node.inputs[index]:
        inputs[index] = with_scale_of_products(op, node, inputs[index])
    return inputs
