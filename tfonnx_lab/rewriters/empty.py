"""Windows that do not fit: the result has no elements, which ONNX Runtime's convolutions and pools refuse."""

from __future__ import annotations

import numpy as np
import onnx_ir as ir

from tfonnx_lab.graph import OpBuilder, quantization, static_shape
from tfonnx_lab.patterns import tfl
from tfonnx_lab.rules import rewriter

WINDOWED = ("AVERAGE_POOL_2D", "CONV_2D", "CONV_3D", "DEPTHWISE_CONV_2D", "L2_POOL_2D", "MAX_POOL_2D")


@rewriter(tfl[WINDOWED](..., name="node"), phase="prepare")
def empty_result(op: OpBuilder, node: ir.Node) -> ir.Value | None:
    """CONV_2D of a window larger than its input => a constant without elements."""
    out = node.outputs[0]
    shape = static_shape(out)
    if shape is None or 0 not in shape or out.dtype is None:
        return None
    return op.const(np.zeros(shape, out.dtype.numpy()), name=f"{out.name}/empty", quant=quantization(out))
