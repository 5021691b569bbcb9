"""PRELU of 8 bits: the larger of x and alpha * x, both of which have integer kernels.

A float PRelu takes nine times as long.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import onnx_ir as ir

from tfonnx_lab.arithmetic.fixed_point import multiply, quantize_multiplier
from tfonnx_lab.graph import OpBuilder, Quantization, code_range, constant_array, quantization
from tfonnx_lab.patterns import const, tfl, var
from tfonnx_lab.rewriters.quantization.fitting import Line, fitted_line
from tfonnx_lab.rewriters.quantization.unary_table import is_8_bit
from tfonnx_lab.rules import Miss, rewriter


@rewriter(tfl.PRELU(var("x"), const("alpha"), name="node"), phase="activations")
def prelu_by_maximum(op: OpBuilder, node: ir.Node, x: ir.Value, alpha: ir.Value) -> ir.Value | None:
    """PRELU(int8, alpha from 0 to 1) => MAXIMUM(QUANTIZE(LEAKY_RELU{1}(real x)), QUANTIZE(MUL(real x, real alpha)))."""
    out, codes = node.outputs[0], constant_array(alpha)
    source, slopes, target = (quantization(v) for v in (x, alpha, out))
    if op.options.dequantize or op.options.as_stated or x.dtype is None or codes is None:
        return None
    if not all(map(is_8_bit, (x, alpha, out))) or x.dtype != out.dtype:
        return None
    if source is None or slopes is None or target is None:
        return None
    if not (source.per_tensor and slopes.per_tensor and target.per_tensor):
        return None
    real = (codes.astype(np.int64) - slopes.zero_point[0]) * slopes.scale[0]
    if real.min(initial=0) < 0 or real.max(initial=0) > 1:
        raise Miss("a slope is below zero or above one, so neither of the two is always the larger one")
    line = line_above(source, target, x.dtype)
    op.note(f"{line.equal:.1%} of the codes above zero are LiteRT's")
    above = _real(op, node, x, {"as_scale": line.scale, "as_zero_point": line.zero}, "above")
    bent = op.tfl.node("LEAKY_RELU", [above], {"alpha": 1.0}, name=f"{node.name}/line").outputs[0]
    below = _real(op, node, x, {}, "below")
    product = op.tfl.node("MUL", [below, _real(op, node, alpha, {}, "alpha")], {}, name=f"{node.name}/product").outputs[
        0
    ]
    results = []
    for value, way in ((bent, {"as_zero_point": line.out_zero}), (product, {})):
        value.type, value.shape = ir.TensorType(ir.DataType.FLOAT), None if out.shape is None else out.shape.copy()
        made = op.tfl.node("QUANTIZE", [value], way, name=f"{value.name}/QUANTIZE").outputs[0]
        results.append(op.like(made, out))
    return op.like(op.tfl.MAXIMUM(*results), out)


def line_above(source: Quantization, target: Quantization, dtype: ir.DataType) -> Line:
    """x at the output's scale, with the parameters that give most codes above zero LiteRT's results; it goes on below
    zero."""
    low, high = code_range(dtype)
    x = np.maximum(np.arange(low, high + 1, dtype=np.int64) - source.zero_point[0], 0)
    scaled = multiply(x, quantize_multiplier(float(source.scale[0] / target.scale[0])))
    want = np.clip(scaled + target.zero_point[0], low, high)
    return replace(fitted_line(want, source, target, 0.0, dtype), alpha=1.0)


def _real(op: OpBuilder, node: ir.Node, x: ir.Value, way: dict[str, float | int], name: str) -> ir.Value:
    made = op.tfl.node("DEQUANTIZE", [x], way, name=f"{node.name}/{name}").outputs[0]
    made.type, made.shape = ir.TensorType(ir.DataType.FLOAT), None if x.shape is None else x.shape.copy()
    return made
