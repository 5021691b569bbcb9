"""Codes of real values, and codes at another scale, bit for bit.

Ops: CONCATENATION, QUANTIZE, RELU, RELU6.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import onnx_ir as ir

from tfonnx_lab.arithmetic.activations import BOUNDS
from tfonnx_lab.arithmetic.fixed_point import round_away as rounded
from tfonnx_lab.graph import EIGHT_BIT, OpBuilder, code_range, is_quantized, quantization, rank
from tfonnx_lab.handlers.lowering import integer
from tfonnx_lab.handlers.lowering.rescale import above_zero, as_codes, reach_of, rescaled, round_away
from tfonnx_lab.rules.bits import bits_handler, codes_of, lacking

_D = ir.DataType
F = np.float32
_WIDEST = 2.0**30
"""A number of steps that is beyond all codes, whatever the zero point."""


def _quantize_taken(node: ir.Node) -> str:
    x, out = node.inputs[0], node.outputs[0]
    if why := lacking(out, *EIGHT_BIT, _D.INT16):
        return why
    if x is not None and x.dtype == _D.FLOAT:
        return ""
    return lacking(x, *EIGHT_BIT, _D.INT16, _D.INT32)


@bits_handler("QUANTIZE", takes=_quantize_taken)
def quantize_on_codes(op: OpBuilder, node: ir.Node, x: ir.Value) -> ir.Value:
    """QUANTIZE{on_codes} => x / scale, halves away from zero; of codes: rescaled in fixed point.

    Source: AffineQuantize in reference/quantize.h, Requantize in reference/requantize.h.
    """
    out = node.outputs[0]
    target = integer.scale_of(out)[0]
    if x.dtype == _D.FLOAT:
        steps = op.Cast(op.Div(x, F(target)), to=_D.DOUBLE)
        return as_codes(op, round_away(op, integer.clip(op, steps, -_WIDEST, _WIDEST)), out)
    real = float(integer.scale_of(x)[0]) / float(target)
    most = 2.0**31 if x.dtype == _D.INT32 else float(reach_of(x))
    return rescaled(op, above_zero(op, x), [real], out, most)


@bits_handler("RELU", "RELU6", takes=codes_of(_D.INT16))
def relu_on_codes(op: OpBuilder, node: ir.Node, x: ir.Value) -> ir.Value:
    """RELU6{on_codes} of 16 bits => x rescaled, within its bounds (8 bits are a table). Source: QuantizedReluX."""
    out = node.outputs[0]
    (source, _), (target, zero) = integer.scale_of(x), integer.scale_of(out)
    made = rescaled(op, above_zero(op, x), [float(F(source) / F(target))], out, float(reach_of(x)))
    low, high = (None if real is None else int(rounded(F(real) / F(target))) + zero for real in BOUNDS[node.op_type])
    least, most = code_range(_D.INT16)
    wide = op.Clip(
        op.Cast(made, to=_D.INT32),
        np.int32(max(least, least if low is None else low)),
        np.int32(min(most, most if high is None else high)),
    )
    return op.like(op.Cast(wide, to=_D.INT16), out)


def _concatenation_taken(node: ir.Node) -> str:
    """Bytes of several scales: LiteRT rescales uint8 only."""
    out = node.outputs[0]
    values = [v for v in node.inputs if v is not None]
    if why := next((y for v in (*values, out) if (y := lacking(v, *EIGHT_BIT))), ""):
        return why
    if len({v.dtype for v in (*values, out)}) > 1:
        return "its inputs and its output have several dtypes"
    return ""


@bits_handler("CONCATENATION", takes=_concatenation_taken)
def concatenation_on_codes(op: OpBuilder, node: ir.Node, *values: ir.Value, axis: int = 0) -> ir.Value:
    """CONCATENATION{on_codes} => Concat; uint8 of another scale by a table of 256. Source: ConcatenationWithScaling."""
    out = node.outputs[0]
    same = quantization(out)
    assert same is not None
    moved = [
        v if same.same(quantization(v)) or v.dtype != _D.UINT8 else _by_table(op, v, out)
        for v in values
        if is_quantized(v)
    ]
    size = rank(moved[0])
    return op.Concat(*moved, axis=axis if size is None else axis % size)


def _by_table(op: OpBuilder, x: ir.Value, out: ir.Value) -> ir.Value:
    (source, zero), (target, offset) = integer.scale_of(x), integer.scale_of(out)
    scale = F(source) * (F(1) / F(target))
    real = np.arange(256, dtype=np.float32) * scale + F(-zero) * scale
    entries: Any = np.clip(rounded(real) + offset, *code_range(_D.UINT8)).astype(np.uint8)
    return op.like(op.Gather(op.const(entries), op.Cast(x, to=_D.INT32)), x)
