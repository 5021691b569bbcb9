"""Activations on real values (on integer codes a rewriter makes a clamp or a table of them).

Ops: ELU, GELU, HARD_SWISH, LEAKY_RELU, LOGISTIC, PRELU, RELU, RELU6, RELU_0_TO_1, RELU_N1_TO_1, STABLEHLO_CLAMP,
STABLEHLO_LOGISTIC, STABLEHLO_TANH, TANH.
"""

from __future__ import annotations

import math

import numpy as np
import onnx_ir as ir

from tfonnx_lab.arithmetic import constants
from tfonnx_lab.graph import OpBuilder
from tfonnx_lab.handlers.lowering.numeric import is_float, number, widened
from tfonnx_lab.rules import handler


def clamped(op: OpBuilder, x: ir.Value, low: float, high: float | None) -> ir.Value:
    """Clip(x, low, high); of integers by Max and Min, for which more kernels exist."""
    if is_float(x):
        return op.Clip(x, number(low, x), None if high is None else number(high, x))
    return widened(op, lambda v: _bounded(op, v, low, high), x)


def _bounded(op: OpBuilder, x: ir.Value, low: float, high: float | None) -> ir.Value:
    x = op.Max(x, number(low, x))
    return x if high is None else op.Min(x, number(high, x))


@handler("RELU")
def relu(op: OpBuilder, node: ir.Node, x: ir.Value) -> ir.Value:
    """RELU => Relu. Source: activations.cc."""
    return op.Relu(x) if is_float(x) else clamped(op, x, 0, None)


@handler("RELU6")
def relu6(op: OpBuilder, node: ir.Node, x: ir.Value) -> ir.Value:
    """RELU6 => Clip(0, 6). Source: activations.cc."""
    return clamped(op, x, 0, 6)


@handler("RELU_N1_TO_1")
def relu_n1_to_1(op: OpBuilder, node: ir.Node, x: ir.Value) -> ir.Value:
    """RELU_N1_TO_1 => Clip(-1, 1). Source: activations.cc."""
    return clamped(op, x, -1, 1)


@handler("RELU_0_TO_1")
def relu_0_to_1(op: OpBuilder, node: ir.Node, x: ir.Value) -> ir.Value:
    """RELU_0_TO_1 => Clip(0, 1). Source: activations.cc."""
    return clamped(op, x, 0, 1)


@handler("LOGISTIC", "STABLEHLO_LOGISTIC")
def logistic(op: OpBuilder, node: ir.Node, x: ir.Value) -> ir.Value:
    """LOGISTIC => Sigmoid. Source: logistic.h."""
    return widened(op, op.Sigmoid, x)


@handler("TANH", "STABLEHLO_TANH")
def tanh(op: OpBuilder, node: ir.Node, x: ir.Value) -> ir.Value:
    """TANH => Tanh. Source: tanh.h."""
    return widened(op, op.Tanh, x)


@handler("ELU")
def elu(op: OpBuilder, node: ir.Node, x: ir.Value) -> ir.Value:
    """ELU => Elu with alpha 1. Source: elu.h."""
    return op.Elu(x)


@handler("LEAKY_RELU")
def leaky_relu(op: OpBuilder, node: ir.Node, x: ir.Value, *, alpha: float = 0.0) -> ir.Value:
    """LEAKY_RELU{alpha} => LeakyRelu. Source: leaky_relu.h."""
    return op.LeakyRelu(x, alpha=alpha)


@handler("PRELU")
def prelu(op: OpBuilder, node: ir.Node, x: ir.Value, alpha: ir.Value) -> ir.Value:
    """PRELU(x, alpha) => PRelu. Source: prelu.h."""
    return op.PRelu(x, alpha)


@handler("HARD_SWISH")
def hard_swish(op: OpBuilder, node: ir.Node, x: ir.Value) -> ir.Value:
    """HARD_SWISH(x) => HardSwish; below opset 14, or with exact="bits", x * Clip(x + 3, 0, 6) / 6.

    Source: hard_swish.h.
    """
    if op.opset >= 14 and not op.options.bits:
        return op.HardSwish(x)
    if x.dtype != ir.DataType.FLOAT:
        return widened(op, lambda v: hard_swish(op, node, v), x)
    return op.Div(op.Mul(x, op.Clip(op.Add(x, np.float32(3)), np.float32(0), np.float32(6))), np.float32(6))


@handler("GELU")
def gelu(op: OpBuilder, node: ir.Node, x: ir.Value, *, approximate: bool = False) -> ir.Value:
    """GELU => Gelu; below opset 20 by Erf, or by Tanh where it is approximate. Source: gelu.h."""
    if op.opset >= 20:
        return op.Gelu(x, approximate="tanh" if approximate else "none")
    if x.dtype != ir.DataType.FLOAT:
        return widened(op, lambda v: gelu(op, node, v, approximate=approximate), x)
    half = op.Mul(x, np.float32(0.5))
    if approximate:
        cube = op.Mul(op.Mul(op.Mul(x, x), x), np.float32(constants.GELU_CUBIC))
        inner = op.Tanh(op.Mul(op.Add(x, cube), np.float32(math.sqrt(2 / math.pi))))
    else:
        inner = op.Erf(op.Mul(x, np.float32(math.sqrt(0.5))))
    return op.Mul(half, op.Add(inner, np.float32(1)))


@handler("STABLEHLO_CLAMP")
def clamp(op: OpBuilder, node: ir.Node, low: ir.Value, x: ir.Value, high: ir.Value) -> ir.Value:
    """STABLEHLO_CLAMP(low, x, high) => Min(Max(x, low), high). Source: stablehlo_clamp.cc."""
    return widened(op, lambda v, a, b: op.Min(op.Max(v, a), b), x, low, high)
