"""Ops that ONNX cannot express: each says why, and what to do instead."""

from __future__ import annotations

import onnx_ir as ir

from tfonnx_lab.errors import Unsupported
from tfonnx_lab.graph import OpBuilder
from tfonnx_lab.rules import handler

REASONS = {
    "LSH_PROJECTION": "its hash (FarmHash) has no ONNX form; compute the projection before the model",
    "SKIP_GRAM": "it takes a text apart into words, which ONNX cannot; compute the skip-grams before the model",
    "CONCAT_EMBEDDINGS": "LiteRT has no kernel for it either",
    "DELEGATE": "it stands for a hardware delegate's own program; convert the model from before it was delegated",
    "STABLEHLO_CUSTOM_CALL": "its target is known to one runtime only; export the model without custom calls",
    "STABLEHLO_RNG_BIT_GENERATOR": "its random bits have no ONNX form; feed random numbers as an input",
}


@handler(*REASONS)
def refused(op: OpBuilder, node: ir.Node, *inputs: ir.Value) -> ir.Value:
    """LSH_PROJECTION, SKIP_GRAM ... => an error that says why."""
    raise Unsupported(REASONS[node.op_type])
