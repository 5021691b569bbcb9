"""Activations on real values."""

from __future__ import annotations

import numpy as np
import onnx_ir as ir

from tfonnx_lab.graph import OpBuilder
from tfonnx_lab.rules import handler


@handler("RELU")
def relu(op: OpBuilder, node: ir.Node, x: ir.Value) -> ir.Value:
    """RELU => Relu. Source: activations.cc."""
    return op.Relu(x)


@handler("RELU6")
def relu6(op: OpBuilder, node: ir.Node, x: ir.Value) -> ir.Value:
    """RELU6 => Clip(0, 6). Source: activations.cc."""
    return op.Clip(x, np.float32(0), np.float32(6))


@handler("RELU_N1_TO_1")
def relu_n1_to_1(op: OpBuilder, node: ir.Node, x: ir.Value) -> ir.Value:
    """RELU_N1_TO_1 => Clip(-1, 1). Source: activations.cc."""
    return op.Clip(x, np.float32(-1), np.float32(1))


@handler("RELU_0_TO_1")
def relu_0_to_1(op: OpBuilder, node: ir.Node, x: ir.Value) -> ir.Value:
    """RELU_0_TO_1 => Clip(0, 1). Source: activations.cc."""
    return op.Clip(x, np.float32(0), np.float32(1))


@handler("LOGISTIC")
def logistic(op: OpBuilder, node: ir.Node, x: ir.Value) -> ir.Value:
    """LOGISTIC => Sigmoid. Source: logistic.h."""
    return op.Sigmoid(x)
