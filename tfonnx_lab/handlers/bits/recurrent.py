"""The basic LSTM of uint8, bit for bit: products in integers, gates by gemmlowp's 16-bit sigmoid and tanh.

Ops: LSTM.
"""

from __future__ import annotations

import numpy as np
import onnx_ir as ir

from tfonnx_lab.arithmetic.gemmlowp import sigmoid_table, tanh_table
from tfonnx_lab.graph import OpBuilder, constant_array
from tfonnx_lab.handlers.lowering import integer
from tfonnx_lab.handlers.lowering.products import parts_of, sums
from tfonnx_lab.rules.bits import bits_handler, lacking

_D = ir.DataType
_BASIC = 5
"""Inputs of the basic kernel; the others have four times as many."""
_GATE_BITS, _STATE_BITS = 3, 4
"""Integer bits of what the gates take, and of the state."""


def _taken(node: ir.Node) -> str:
    """The basic kernel of uint8. The other kernels' handler computes in integers wherever LiteRT does."""
    if len(node.inputs) != _BASIC:
        return "its usual handler computes what LiteRT does"
    x, h, w, b, c = node.inputs[:5]
    why = next((y for v in (x, h, w, node.outputs[0]) if (y := lacking(v, _D.UINT8))), "")
    if why or (why := lacking(c, _D.INT16)):
        return why
    return "" if constant_array(b) is not None and constant_array(w) is not None else "its weights are computed"


@bits_handler("LSTM", takes=_taken)
def basic_lstm_on_codes(
    op: OpBuilder, node: ir.Node, x: ir.Value, h: ir.Value, w: ir.Value, b: ir.Value, c: ir.Value
) -> list[ir.Value]:
    """LSTM{BASIC, on_codes} => MatMulInteger, gates by tables, products of 16 bits. Source: LstmCell in lstm_cell.h."""
    bias = constant_array(b)
    assert bias is not None
    joined = op.like(op.Concat(x, h, axis=1), x)
    found = op.Add(
        sums(op, "MatMulInteger", parts_of(op, joined), parts_of(op, w, (1, 0)), {}), bias.astype(np.float64)
    )
    real = 2.0 ** (15 - _GATE_BITS) * float(integer.scale_of(b)[0])
    gates = integer.clip(op, integer.multiply(op, found, [real], limit=2.0**17), *integer.INT16)
    taken = op.node("Split", [gates], {"axis": 1, **({"num_outputs": 4} if op.opset >= 18 else {})}, outputs=4)
    new_in, modulation, forget, new_out = (
        integer.look_up(op, integer.as_type(gate, _D.DOUBLE), tanh_table(_GATE_BITS) if i == 1 else sigmoid_table())
        for i, gate in enumerate(taken.outputs)
    )
    added = integer.rounding_shift(op, _product(op, new_in, modulation), _STATE_BITS)
    state = integer.clip(op, op.Add(added, _product(op, forget, integer.wide(op, c))), *integer.INT16)
    finer = integer.clip(op, op.Mul(state, np.float64(2 ** (_STATE_BITS - _GATE_BITS))), *integer.INT16)
    out = _product(op, new_out, integer.look_up(op, finer, tanh_table(_GATE_BITS)))
    codes = op.Add(integer.clip(op, integer.rounding_shift(op, out, 8), *integer.INT8), np.float64(128))
    results = (op.Cast(codes, to=_D.UINT8), op.Cast(state, to=_D.INT16), joined, op.Cast(gates, to=_D.INT16))
    return [op.like(value, old) for value, old in zip(results, node.outputs, strict=True)]


def _product(op: OpBuilder, a: ir.Value, b: ir.Value) -> ir.Value:
    """Two numbers of 16 bits without integer bits in the first, rounded. Source: SaturatingRoundingDoublingHighMul."""
    halves_up = op.Floor(op.Add(op.Mul(op.Mul(a, b), np.float64(2.0**-15)), np.float64(0.5)))
    return op.Min(halves_up, np.float64(2**15 - 1))
