"""Flex (select TensorFlow) ops: their NodeDef is read, and common elementwise ops are lowered."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import onnx_ir as ir

from tfonnx_lab.graph import OpBuilder
from tfonnx_lab.rules import handler

Lowering = Callable[..., Any]

UNARY: dict[str, Lowering] = {
    "Softplus": lambda op, x: op.Softplus(x),
    "Softsign": lambda op, x: op.Softsign(x),
    "Selu": lambda op, x: op.Selu(x),
    "Elu": lambda op, x: op.Elu(x),
    "Erf": lambda op, x: op.Erf(x),
    "Erfc": lambda op, x: op.Sub(np.float32(1), op.Erf(x)),
    "Tan": lambda op, x: op.Tan(x),
    "Asin": lambda op, x: op.Asin(x),
    "Acos": lambda op, x: op.Acos(x),
    "Atan": lambda op, x: op.Atan(x),
    "Sinh": lambda op, x: op.Sinh(x),
    "Cosh": lambda op, x: op.Cosh(x),
    "Asinh": lambda op, x: op.Asinh(x),
    "Acosh": lambda op, x: op.Acosh(x),
    "Atanh": lambda op, x: op.Atanh(x),
    "Expm1": lambda op, x: op.Sub(op.Exp(x), np.float32(1)),
    "Log1p": lambda op, x: op.Log(op.Add(x, np.float32(1))),
    "Reciprocal": lambda op, x: op.Reciprocal(x),
    "Inv": lambda op, x: op.Reciprocal(x),
    "IsNan": lambda op, x: op.IsNaN(x),
    "IsInf": lambda op, x: op.IsInf(x),
    "IsFinite": lambda op, x: op.Not(op.Or(op.IsNaN(x), op.IsInf(x))),
    "Rint": lambda op, x: op.Round(x),
    "Identity": lambda op, x: op.Identity(x),
    "StopGradient": lambda op, x: op.Identity(x),
}
"""TensorFlow op of one operand => ONNX."""

BINARY: dict[str, Lowering] = {
    "Xdivy": lambda op, a, b: op.Where(op.Equal(a, np.float32(0)), np.float32(0), op.Div(a, b)),
    "Xlogy": lambda op, a, b: op.Where(op.Equal(a, np.float32(0)), np.float32(0), op.Mul(a, op.Log(b))),
    "DivNoNan": lambda op, a, b: op.Where(op.Equal(b, np.float32(0)), np.float32(0), op.Div(a, b)),
    "MulNoNan": lambda op, a, b: op.Where(op.Equal(b, np.float32(0)), np.float32(0), op.Mul(a, b)),
    "AddV2": lambda op, a, b: op.Add(a, b),
    "RealDiv": lambda op, a, b: op.Div(a, b),
    "LogicalXor": lambda op, a, b: op.Xor(a, b),
}
"""TensorFlow op of two operands => ONNX."""


@handler(*(f"Flex{name}" for name in (*UNARY, *BINARY)))
def flex(op: OpBuilder, node: ir.Node, *xs: ir.Value) -> ir.Value:
    """FlexSoftplus => Softplus, and so on for the ops in UNARY and BINARY. Source: TensorFlow's op definitions."""
    name = node.op_type.removeprefix("Flex")
    return (UNARY.get(name) or BINARY[name])(op, *xs)
