"""Ops that ONNX cannot express: each says why, and what to do instead.

Ops: CONCAT_EMBEDDINGS, DELEGATE, STABLEHLO_CUSTOM_CALL.
"""

from __future__ import annotations

import onnx_ir as ir

from tfonnx_lab.errors import Unsupported
from tfonnx_lab.graph import OpBuilder
from tfonnx_lab.rules import handler

REASONS = {
    "CONCAT_EMBEDDINGS": "LiteRT has no kernel for it either",
    "DELEGATE": "it stands for a hardware delegate's own program; convert the model from before it was delegated",
    "STABLEHLO_CUSTOM_CALL": "its target is known to one runtime only; export the model without custom calls",
}


@handler(*REASONS)
def refused(op: OpBuilder, node: ir.Node, *inputs: ir.Value) -> ir.Value:
    """CONCAT_EMBEDDINGS, DELEGATE ... => an error that says why."""
    raise Unsupported(REASONS[node.op_type])
