"""Constants: what can be computed now is."""

from __future__ import annotations

import numpy as np
import onnx_ir as ir

from tfonnx_lab.graph import OpBuilder, attr, constant_array
from tfonnx_lab.patterns import const, onnx, var
from tfonnx_lab.rules import optimizer


@optimizer(onnx.Transpose(const("x"), name="node"))
def fold_transpose(op: OpBuilder, node: ir.Node, x: ir.Value) -> ir.Value | None:
    """Transpose(constant) => constant."""
    array = constant_array(x)
    if array is None:
        return None
    return op.const(ir.tensor(np.transpose(array, attr(node, "perm")), dtype=x.dtype), name=f"{x.name}/transposed")


@optimizer(onnx.Transpose(onnx.DequantizeLinear(const("x"), var("scale"), var("zero"), name="dq"), name="node"))
def fold_transpose_of_codes(op: OpBuilder, node: ir.Node, dq: ir.Node, x: ir.Value, scale: ir.Value, zero: ir.Value | None) -> ir.Value | None:
    """Transpose(DequantizeLinear(constant)) => DequantizeLinear(constant)."""
    array = constant_array(x)
    if array is None or attr(dq, "block_size", 0):
        return None
    perm = list(attr(node, "perm"))
    axis = perm.index(attr(dq, "axis", 1) % len(perm)) if scale.shape is not None and len(scale.shape) else None
    codes = op.const(ir.tensor(np.transpose(array, perm), dtype=x.dtype), name=f"{x.name}/transposed")
    return op.DequantizeLinear(codes, scale, zero, axis=axis)
