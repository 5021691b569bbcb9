"""SOFTMAX and LOG_SOFTMAX."""

from __future__ import annotations

import onnx_ir as ir

from tfonnx_lab.graph import OpBuilder
from tfonnx_lab.handlers.lowering.numeric import number
from tfonnx_lab.rules import handler


@handler("SOFTMAX")
def softmax(op: OpBuilder, node: ir.Node, x: ir.Value, *, beta: float) -> ir.Value:
    """SOFTMAX{beta}(x) => Softmax(beta * x) over the last axis. Source: softmax.h."""
    if beta != 1.0:
        x = op.Mul(x, number(beta, x))
    return op.Softmax(x, axis=-1)


@handler("LOG_SOFTMAX")
def log_softmax(op: OpBuilder, node: ir.Node, x: ir.Value) -> ir.Value:
    """LOG_SOFTMAX(x) => LogSoftmax over the last axis. Source: log_softmax.h."""
    return op.LogSoftmax(x, axis=-1)
