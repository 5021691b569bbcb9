"""FULLY_CONNECTED."""

from __future__ import annotations

import onnx_ir as ir

from tfonnx_lab.errors import Unsupported
from tfonnx_lab.graph import OpBuilder, rank, static_shape
from tfonnx_lab.handlers.lowering.shape import shape_until
from tfonnx_lab.rules import handler


@handler("FULLY_CONNECTED")
def fully_connected(
    op: OpBuilder, node: ir.Node, x: ir.Value, w: ir.Value, b: ir.Value | None, *, weights_format: str = "DEFAULT",
    keep_num_dims: bool = False,
) -> ir.Value:  # fmt: skip
    """FULLY_CONNECTED(x, w [out, in], b) => Gemm{transB} on rows of x; keep_num_dims restores the leading axes.

    Beyond 3.4e38 it is infinity, as in XNNPACK; LiteRT's reference has 3.4e38 (docs/limits.md).
    Source: fully_connected.h.
    """
    if weights_format != "DEFAULT":
        raise Unsupported("its weights are shuffled for one kernel; export the model with the default weights format")
    shape = static_shape(w)
    if shape is None:
        raise Unsupported("the shape of its weights is not known")
    rows = x if rank(x) == 2 and list(x.shape or ())[1] == shape[1] else op.Reshape(x, op.const([-1, shape[1]]))
    y = op.Gemm(rows, w, b, transB=1)
    if keep_num_dims and rank(x) != 2:
        lead = list(x.shape or ())[:-1]
        if all(isinstance(d, int) for d in lead):
            return op.Reshape(y, op.const([*lead, shape[0]]))
        return op.Reshape(y, op.Concat(shape_until(op, x, -1), op.const([shape[0]]), axis=0))
    return y
