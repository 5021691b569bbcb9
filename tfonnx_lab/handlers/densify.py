"""DENSIFY of what is not a constant."""

from __future__ import annotations

import onnx_ir as ir

from tfonnx_lab.graph import OpBuilder
from tfonnx_lab.rules import handler


@handler("DENSIFY")
def densify(op: OpBuilder, node: ir.Node, x: ir.Value) -> ir.Value:
    """DENSIFY(x) => x: where a model passes it a tensor that holds every element. Source: densify.cc."""
    return op.Identity(x)
