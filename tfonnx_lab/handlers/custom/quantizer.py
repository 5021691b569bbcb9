"""Custom ops that quantizers put in.

Ops: NumericVerify, aeq.hadamard_rotation.
"""

from __future__ import annotations

import numpy as np
import onnx_ir as ir

from tfonnx_lab.errors import Unsupported
from tfonnx_lab.graph import OpBuilder
from tfonnx_lab.handlers.custom.attributes import custom_options
from tfonnx_lab.handlers.lowering.shape import shape_of
from tfonnx_lab.handlers.recurrent.over_time import real
from tfonnx_lab.rules import handler


@handler("NumericVerify")
def numeric_verify(op: OpBuilder, node: ir.Node, x: ir.Value, reference: ir.Value) -> ir.Value:
    """NumericVerify(codes, reference) => their real values less the reference. Source: numeric_verify.cc."""
    return op.Sub(real(op, x), reference)


@handler("aeq.hadamard_rotation")
def hadamard_rotation(op: OpBuilder, node: ir.Node, x: ir.Value) -> ir.Value:
    """aeq.hadamard_rotation{hadamard_size} => MatMul with the Hadamard matrix / sqrt(size).

    Source: hadamard_rotation.cc.
    """
    size = int(custom_options(node).get("hadamard_size", 0))
    if size < 1 or size & (size - 1):
        raise Unsupported(f"its size is {size}; only powers of two have a Hadamard matrix that LiteRT computes")
    matrix = np.ones((1, 1), np.float32)
    while len(matrix) < size:
        matrix = np.block([[matrix, matrix], [matrix, -matrix]])
    rows = op.MatMul(op.Reshape(x, op.const([-1, size])), op.const(matrix / np.float32(np.sqrt(np.float32(size)))))
    return op.Reshape(rows, shape_of(op, x))
