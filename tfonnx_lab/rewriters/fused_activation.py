"""Fused activations become ops of their own; on integer codes they become a clamp of codes.

Ops: ADD, AVERAGE_POOL_2D, CONCATENATION, CONV_2D, CONV_3D, CONV_3D_TRANSPOSE, DEPTHWISE_CONV_2D, DIV,
FULLY_CONNECTED, L2_NORMALIZATION, L2_POOL_2D, MAX_POOL_2D, MUL, RELU, RELU6, RELU_0_TO_1, RELU_N1_TO_1, SUB,
TRANSPOSE_CONV.
"""

from __future__ import annotations

import numpy as np
import onnx_ir as ir

from tfonnx_lab.arithmetic.activations import BOUNDS
from tfonnx_lab.arithmetic.fixed_point import round_away
from tfonnx_lab.graph import OpBuilder, code_range, is_quantized, plain, quantization
from tfonnx_lab.patterns import not_, tfl
from tfonnx_lab.rules import rewriter

FUSING = (
    "ADD", "SUB", "MUL", "DIV", "CONV_2D", "DEPTHWISE_CONV_2D", "CONV_3D", "CONV_3D_TRANSPOSE", "TRANSPOSE_CONV",
    "FULLY_CONNECTED", "AVERAGE_POOL_2D", "MAX_POOL_2D", "L2_POOL_2D", "CONCATENATION", "L2_NORMALIZATION",
)  # fmt: skip
"""The ops whose `fused_activation_function` is applied to their output. (Recurrent ops use theirs inside.)"""


@rewriter(tfl[FUSING](..., fused_activation_function=not_("NONE"), name="node"), phase="activations")
def split_activation(op: OpBuilder, node: ir.Node) -> ir.Value | None:
    """CONV_2D{RELU6} => RELU6(CONV_2D{NONE})."""
    options = plain(node)
    activation = options.pop("fused_activation_function")
    out = node.outputs[0]
    inner = op.tfl.node(
        node.op_type, node.inputs, options | {"fused_activation_function": "NONE"}, name=f"{node.name}/linear"
    )
    op.like(inner.outputs[0], out)
    if activation in ("RELU", "RELU6", "RELU_N1_TO_1"):
        return op.like(
            op.tfl.node(activation, [inner.outputs[0]], {}, name=f"{node.name}/{activation}").outputs[0], out
        )
    op.note(f"LiteRT's kernels apply no fused {activation}")
    return inner.outputs[0]


@rewriter(tfl[tuple(BOUNDS)](..., name="node"), phase="activations")
def activation_of_codes(op: OpBuilder, node: ir.Node) -> ir.Value | None:
    """RELU6(int8) with one quantization on both sides => a clamp of the codes, or nothing where they cannot leave
    it."""
    x, out = node.inputs[0], node.outputs[0]
    quant = quantization(out)
    if op.options.dequantize or x is None or out.dtype is None or quant is None:
        return None
    if not is_quantized(x) or not is_quantized(out):
        return None
    if not quant.same(quantization(x)) or x.dtype != out.dtype:
        return None
    low, high = code_bounds(node.op_type, float(quant.scale[0]), int(quant.zero_point[0]), out.dtype)
    if (low, high) == code_range(out.dtype):
        op.note(f"the codes of {quant.formula()} cannot leave {node.op_type}'s range")
        return x
    op.note(f"{node.op_type} clamps codes to {low}..{high}")
    return op.like(op.intermediate.CLAMP_CODES(x, low=low, high=high), out)


def code_bounds(activation: str, scale: float, zero_point: int, dtype: ir.DataType) -> tuple[int, int]:
    """The codes that an activation clamps to. Source: CalculateActivationRangeQuantized in LiteRT's kernel_util."""
    lowest, highest = code_range(dtype)
    real_low, real_high = BOUNDS[activation]
    low = max(lowest, zero_point + _steps(real_low, scale))
    high = highest if real_high is None else min(highest, zero_point + _steps(real_high, scale))
    return low, high


def _steps(real: float, scale: float) -> int:
    """A real value in steps of the scale: divided in float32 and rounded half away from zero, as LiteRT does."""
    return int(round_away(np.float32(real) / np.float32(scale)))
