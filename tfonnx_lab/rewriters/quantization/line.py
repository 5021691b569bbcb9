"""Unary ops of 8 bits that are one or two straight lines: a LeakyRelu, which ONNX Runtime has as a table of its own.

It takes a fifth of the time of a lookup that is written out, and layouts pass through it (docs/quantization.md). Its
entries are rounded once; the parameters are chosen so that as many as possible are LiteRT's.

Ops: LEAKY_RELU, QUANTIZE, RELU, RELU6, RELU_0_TO_1, RELU_N1_TO_1.
"""

from __future__ import annotations

import numpy as np
import onnx_ir as ir

from tfonnx_lab.graph import EIGHT_BIT, OpBuilder, attr, code_range, is_quantized, quantization
from tfonnx_lab.patterns import tfl
from tfonnx_lab.rewriters.fused_activation import code_bounds
from tfonnx_lab.rewriters.quantization.codes8 import table
from tfonnx_lab.rewriters.quantization.fitting import Line, fitted_line
from tfonnx_lab.rewriters.quantization.unary_table import beside_a_table, is_fast_in_float
from tfonnx_lab.rules import Miss, rewriter

LINES = {"LEAKY_RELU": None, "QUANTIZE": 1.0, "RELU": 0.0, "RELU6": 0.0, "RELU_0_TO_1": 0.0, "RELU_N1_TO_1": 1.0}
"""Op => the slope below zero, as a share of that above it; None: its own."""


@rewriter(tfl[tuple(LINES)](..., name="node"), phase="activations", after=("unary_by_table",))
def unary_by_line(op: OpBuilder, node: ir.Node) -> ir.Value | None:
    """LEAKY_RELU(int8) => QUANTIZE(LEAKY_RELU(DEQUANTIZE(int8))), with the scales that give most codes as LiteRT
    does."""
    x, out = node.inputs[0], node.outputs[0]
    if op.options.dequantize or op.options.exact or op.options.as_stated:
        return None
    if x is None or beside_a_table(node, x):
        return None
    line = line_of(node)
    if line is None or (line.equal < 1 and not is_fast_in_float(x)):
        return None
    op.note(f"{line.equal:.1%} of the codes are LiteRT's")
    kind = ir.TensorType(ir.DataType.FLOAT)
    ways = {"as_scale": line.scale, "as_zero_point": line.zero}
    real = op.tfl.node("DEQUANTIZE", [x], ways, name=f"{node.name}/DEQUANTIZE").outputs[0]
    bent = op.tfl.node("LEAKY_RELU", [real], {"alpha": line.alpha}, name=f"{node.name}/real").outputs[0]
    for value in (real, bent):
        value.type, value.shape = kind, None if out.shape is None else out.shape.copy()
    codes = op.tfl.node("QUANTIZE", [bent], {"as_zero_point": line.out_zero}, name=f"{node.name}/QUANTIZE").outputs[0]
    op.like(codes, out)
    return _clamped(op, node, codes)


def line_of(node: ir.Node) -> Line | None:
    """The parameters for an 8-bit op that is a line; None for any other."""
    x, out = node.inputs[0], node.outputs[0]
    if x is None or not is_quantized(x) or not is_quantized(out) or x.dtype not in EIGHT_BIT or x.dtype != out.dtype:
        return None
    source, target = quantization(x), quantization(out)
    if source is None or target is None or not source.per_tensor or not target.per_tensor or x.dtype is None:
        return None
    if node.op_type != "LEAKY_RELU" and source.same(target):
        return None
    entries = table(node, source, x.dtype, target)
    if entries is None:
        raise Miss(f"LiteRT has no {x.dtype.name} kernel for it")
    alpha = LINES[node.op_type]
    slope = float(attr(node, "alpha", 0.0)) if alpha is None else alpha
    low, _ = code_range(x.dtype)
    return fitted_line(np.roll(entries, -low).astype(np.int64), source, target, slope, x.dtype)


def _clamped(op: OpBuilder, node: ir.Node, codes: ir.Value) -> ir.Value:
    """The codes within the op's bounds."""
    target, dtype = quantization(codes), codes.dtype
    if node.op_type not in ("RELU6", "RELU_0_TO_1", "RELU_N1_TO_1") or target is None or dtype is None:
        return codes
    low, high = code_bounds(node.op_type, float(target.scale[0]), int(target.zero_point[0]), dtype)
    if (low, high) == code_range(dtype):
        return codes
    return op.like(op.intermediate.CLAMP_CODES(codes, low=low, high=high), node.outputs[0])
