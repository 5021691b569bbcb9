"""Weights: sparse constants, which the reader has made dense, and those of the first dynamic-range models.

Ops: BIDIRECTIONAL_SEQUENCE_LSTM, BIDIRECTIONAL_SEQUENCE_RNN, CONV_2D, DENSIFY, FULLY_CONNECTED, LSTM, RNN, SVDF,
UNIDIRECTIONAL_SEQUENCE_LSTM, UNIDIRECTIONAL_SEQUENCE_RNN.
"""

from __future__ import annotations

import numpy as np
import onnx_ir as ir

from tfonnx_lab.graph import OpBuilder, Quantization, constant_array, plain, quantization
from tfonnx_lab.graph.meta import INTERMEDIATES, PLACE
from tfonnx_lab.patterns import const, tfl
from tfonnx_lab.rules import rewriter

HYBRID = (
    "BIDIRECTIONAL_SEQUENCE_LSTM", "BIDIRECTIONAL_SEQUENCE_RNN", "CONV_2D", "FULLY_CONNECTED", "LSTM", "RNN", "SVDF",
    "UNIDIRECTIONAL_SEQUENCE_LSTM", "UNIDIRECTIONAL_SEQUENCE_RNN",
)  # fmt: skip
"""Ops whose float kernels take weights of 8 bits."""


@rewriter(tfl.DENSIFY(const("x")), phase="prepare")
def drop_densify(op: OpBuilder, x: ir.Value) -> ir.Value:
    """DENSIFY(constant) => the constant, which is dense already. Source: densify.cc."""
    return x


def _has_unsigned(node: ir.Node) -> bool:
    return any(v is not None and v.dtype is ir.DataType.UINT8 for v in node.inputs)


@rewriter(tfl[HYBRID](..., name="node"), phase="prepare", only=_has_unsigned)
def signed_weights(op: OpBuilder, node: ir.Node) -> list[ir.Value] | None:
    """FULLY_CONNECTED(float, uint8 weights) => the same with int8: converters of 2018 wrote signed bytes under that
    name.

    Source: EvalHybrid in fully_connected.cc, which reads them as int8_t and knows no zero point.
    """
    x = node.inputs[0]
    if x is None or x.dtype != ir.DataType.FLOAT:
        return None
    inputs = [_signed(op, value) for value in node.inputs]
    if all(new is old for new, old in zip(inputs, node.inputs, strict=True)):
        return None
    made = op.tfl.node(node.op_type, inputs, plain(node), outputs=len(node.outputs), name=f"{node.name}/signed")
    op.editor.inherit(made, node, PLACE, INTERMEDIATES)
    return [op.like(new, old) for new, old in zip(made.outputs, node.outputs, strict=True)]


def _signed(op: OpBuilder, value: ir.Value | None) -> ir.Value | None:
    codes, quant = constant_array(value), quantization(value)
    if value is None or value.dtype != ir.DataType.UINT8 or codes is None or quant is None:
        return value
    real = Quantization(quant.scale, np.zeros_like(quant.zero_point), quant.axis)
    return op.const(codes.view(np.int8), name=f"{value.name}/signed", quant=real)
