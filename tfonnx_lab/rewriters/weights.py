"""Weights: sparse constants, which the reader has made dense."""

from __future__ import annotations

import onnx_ir as ir

from tfonnx_lab.graph import OpBuilder
from tfonnx_lab.patterns import const, tfl
from tfonnx_lab.rules import rewriter


@rewriter(tfl.DENSIFY(const("x")), phase="prepare")
def drop_densify(op: OpBuilder, x: ir.Value) -> ir.Value:
    """DENSIFY(constant) => the constant, which is dense already. Source: densify.cc."""
    return x
