"""Binary arithmetic on numbers: ADD, SUB, MUL, DIV ..."""

from __future__ import annotations

import onnx_ir as ir

from tfonnx_lab.graph import OpBuilder
from tfonnx_lab.rules import handler


@handler("ADD")
def add(op: OpBuilder, node: ir.Node, a: ir.Value, b: ir.Value) -> ir.Value:
    """ADD => Add. Source: add.h."""
    return op.Add(a, b)


@handler("MUL")
def mul(op: OpBuilder, node: ir.Node, a: ir.Value, b: ir.Value) -> ir.Value:
    """MUL => Mul. Source: mul.h."""
    return op.Mul(a, b)
