"""MATRIX_DIAG and MATRIX_SET_DIAG."""

from __future__ import annotations

import numpy as np
import onnx_ir as ir

from tfonnx_lab.graph import OpBuilder
from tfonnx_lab.handlers.select import where
from tfonnx_lab.rules import handler


@handler("MATRIX_DIAG")
def matrix_diag(op: OpBuilder, node: ir.Node, x: ir.Value) -> ir.Value:
    """MATRIX_DIAG(x) => x on the diagonal, zeros elsewhere. Source: matrix_diag.cc."""
    count = op.Gather(op.Shape(x), op.const(-1), axis=0)
    line = op.Range(op.const(0), count, op.const(1))
    eye = op.Equal(op.Unsqueeze(line, op.const([0])), op.Unsqueeze(line, op.const([1])))
    assert x.dtype is not None
    return where(op, eye, op.Unsqueeze(x, op.const([-1])), op.const(np.zeros((), x.dtype.numpy())))


@handler("MATRIX_SET_DIAG")
def matrix_set_diag(op: OpBuilder, node: ir.Node, x: ir.Value, diagonal: ir.Value) -> ir.Value:
    """MATRIX_SET_DIAG(x, d) => x with d on its diagonal. Source: matrix_set_diag.cc."""
    shape = op.Shape(x)
    rows, columns = (op.Gather(shape, op.const(i), axis=0) for i in (-2, -1))
    down, right = (op.Range(op.const(0), n, op.const(1)) for n in (rows, columns))
    eye = op.Equal(op.Unsqueeze(down, op.const([1])), op.Unsqueeze(right, op.const([0])))
    last = op.Sub(op.Min(rows, columns), op.const(1))
    spread = op.Gather(diagonal, op.Min(right, last), axis=-1)
    return where(op, eye, op.Unsqueeze(spread, op.const([-2])), x)
