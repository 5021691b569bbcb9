"""Pooling: AVERAGE_POOL_2D, MAX_POOL_2D."""

from __future__ import annotations

import numpy as np
import onnx_ir as ir

from tfonnx_lab.graph import EIGHT_BIT, OpBuilder
from tfonnx_lab.handlers.elementwise import finite, is_dequantized
from tfonnx_lab.handlers.lowering.layout import pad_attributes, to_channels_first, to_channels_last
from tfonnx_lab.rules import handler


@handler("AVERAGE_POOL_2D")
def average_pool_2d(
    op: OpBuilder, node: ir.Node, x: ir.Value, *, padding: str = "SAME", filter_height: int, filter_width: int,
    stride_h: int, stride_w: int,
) -> ir.Value:  # fmt: skip
    """AVERAGE_POOL_2D => Transpose, AveragePool without the padding, Transpose.

    Beyond 3.4e38 it is infinity, as in XNNPACK; LiteRT's reference, and exact=True, have 3.4e38 (docs/limits.md).
    Source: pooling.h.
    """
    return _pool(op, node, x, "AveragePool", [filter_height, filter_width], [stride_h, stride_w], padding)


@handler("MAX_POOL_2D")
def max_pool_2d(
    op: OpBuilder, node: ir.Node, x: ir.Value, *, padding: str = "SAME", filter_height: int, filter_width: int,
    stride_h: int, stride_w: int,
) -> ir.Value:  # fmt: skip
    """MAX_POOL_2D => Transpose, MaxPool, Transpose; codes are pooled as they are. Source: pooling.h."""
    if x.dtype == ir.DataType.FLOAT and not is_dequantized(x):
        if op.options.exact:  # std::max(largest, NaN) is the largest so far
            x = op.like(op.Where(op.IsNaN(x), op.const(np.finfo(np.float32).min), x), x)
        else:
            op.note("a NaN stays; LiteRT's reference kernel drops it, and so does exact=True")
    return _pool(op, node, x, "MaxPool", [filter_height, filter_width], [stride_h, stride_w], padding)


def _pool(
    op: OpBuilder, node: ir.Node, x: ir.Value, op_type: str, kernel: list[int], strides: list[int], padding: str
) -> ir.Value:
    pads = pad_attributes(x, padding, kernel, strides)
    narrow = EIGHT_BIT if op_type == "MaxPool" else ()
    wide = x.dtype is not None and x.dtype.is_integer() and x.dtype not in narrow
    first = to_channels_first(op, op.Cast(x, to=ir.DataType.FLOAT) if wide else x)
    made = op.node(op_type, [first], {"kernel_shape": kernel, "strides": strides, **pads})
    made.outputs[0].type = first.type
    if x.shape is not None and first.shape is not None and node.outputs[0].shape is not None:
        n, h, w, c = list(node.outputs[0].shape)
        made.outputs[0].shape = ir.Shape([n, c, h, w])
    y = finite(op, to_channels_last(op, made.outputs[0]), x)
    if not wide:
        return y
    halves_away = op.Mul(op.Sign(y), op.Floor(op.Add(op.Abs(y), np.float32(0.5))))
    return op.Cast(y if op_type == "MaxPool" else halves_away, to=x.dtype)
