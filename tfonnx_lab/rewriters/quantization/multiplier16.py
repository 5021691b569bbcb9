"""The multiplier of LiteRT's 16x8 kernels: 15 bits, so their results are up to half a step from what the scales say."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import onnx_ir as ir

from tfonnx_lab.arithmetic.fixed_point import quantize_multiplier, upper_half
from tfonnx_lab.graph import OpBuilder, Quantization, is_quantized, quantization

_D = ir.DataType
_WEIGHTS = {"CONV_2D": 1, "DEPTHWISE_CONV_2D": 1, "TRANSPOSE_CONV": 1}
_DATA = {"TRANSPOSE_CONV": 2}
_BIAS = {"CONV_2D": 2, "DEPTHWISE_CONV_2D": 2, "TRANSPOSE_CONV": 3}


def with_16_bit_multiplier(op: OpBuilder, node: ir.Node) -> list[ir.Value | None]:
    """The node's inputs; scales of weights and bias moved by what LiteRT's multiplier is off by, where it sums in 64
    bits.

    Source: MultiplyByQuantizedMultiplier of int64 in internal/common.cc, which drops half of the multiplier's bits.
    """
    inputs, out = list(node.inputs), node.outputs[0]
    if node.op_type not in _WEIGHTS or out.dtype != _D.INT16 or not is_quantized(out):
        return inputs
    at = _WEIGHTS[node.op_type]
    x, w, b = inputs[_DATA.get(node.op_type, 0)], inputs[at], _input(inputs, _BIAS[node.op_type])
    source, weights, target = (quantization(v) for v in (x, w, out))
    if (
        w is None
        or w.const_value is None
        or x is None
        or x.dtype != _D.INT16
        or (b is not None and b.dtype != _D.INT64)
    ):
        return inputs
    if source is None or weights is None or target is None or weights.block or not source.per_tensor:
        return inputs
    real = weights.scale.astype(np.float64) * float(source.scale[0]) / float(target.scale[0])
    moved = np.array([reduced(float(r)) / r if r else 1.0 for r in real])
    inputs[at] = op.const(
        w.const_value, name=f"{w.name}/rescaled", quant=replace(weights, scale=_times(weights.scale, moved))
    )
    if b is not None and b.const_value is not None:  # in units of the products, whatever scale it states
        steps = _times(source.scale.astype(np.float64) * weights.scale, moved)
        rescaled = Quantization(steps, np.zeros(steps.shape, np.int64), 0 if steps.size > 1 else None)
        inputs[_BIAS[node.op_type]] = op.const(b.const_value, name=f"{b.name}/rescaled", quant=rescaled)
    return inputs


def reduced(real: float) -> float:
    """A multiplier as LiteRT applies it to sums of 64 bits."""
    mantissa, shift = quantize_multiplier(real)
    return float(upper_half(mantissa) * 2.0 ** (shift - 15))


def matmul_scale(node: ir.Node) -> float | None:
    """The scale of the second input of a 16-bit BATCH_MATMUL that makes up for what its multiplier is off by."""
    a, b, out = (quantization(v) for v in (*node.inputs[:2], node.outputs[0]))
    if a is None or b is None or out is None or not b.per_tensor or node.outputs[0].dtype != _D.INT16:
        return None
    real = float(a.scale[0]) * float(b.scale[0]) / float(out.scale[0])
    return float(b.scale[0]) * reduced(real) / real if real else None


def _times(scale: np.ndarray, moved: np.ndarray) -> np.ndarray:
    return np.asarray((scale * moved).astype(np.float32))


def _input(inputs: list[ir.Value | None], index: int) -> ir.Value | None:
    return inputs[index] if index < len(inputs) else None
