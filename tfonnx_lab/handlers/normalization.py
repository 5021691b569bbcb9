"""L2_NORMALIZATION LOCAL_RESPONSE_NORMALIZATION L2_POOL_2D BATCH_MATMUL."""

from __future__ import annotations

import numpy as np
import onnx_ir as ir

from tfonnx_lab.graph import OpBuilder
from tfonnx_lab.handlers.elementwise import finite
from tfonnx_lab.handlers.lowering.layout import pad_attributes, to_channels_first, to_channels_last
from tfonnx_lab.handlers.lowering.permute import matrices_transposed
from tfonnx_lab.handlers.lowering.reduction import reduce
from tfonnx_lab.handlers.lowering.shape import dims, rank_of, reshaped, shape_of
from tfonnx_lab.rules import handler

_EPSILON = np.float32(1e-6)


@handler("L2_NORMALIZATION")
def l2_normalization(op: OpBuilder, node: ir.Node, x: ir.Value) -> ir.Value:
    """L2_NORMALIZATION(x) => x / Max(Sqrt(sum of squares), 1e-6) over the last axis. Source: l2normalization.h."""
    squares = reduce(op, "ReduceSum", op.Mul(x, x), [rank_of(x) - 1], True)
    return op.Div(x, op.Max(op.Sqrt(squares), _EPSILON))


@handler("LOCAL_RESPONSE_NORMALIZATION")
def local_response_normalization(
    op: OpBuilder, node: ir.Node, x: ir.Value, *, radius: int, alpha: float, beta: float, bias: float
) -> ir.Value:
    """LOCAL_RESPONSE_NORMALIZATION => Transpose, LRN, Transpose; ONNX divides alpha by the size.

    Source: optimized_ops.h.
    """
    size = 2 * radius + 1
    if alpha <= 0 or beta <= 0:  # ONNX Runtime's kernel refuses them
        return _response_normalized(op, x, size, alpha, beta, bias)
    y = op.LRN(to_channels_first(op, x), size=size, alpha=alpha * size, beta=beta, bias=bias)
    return to_channels_last(op, y)


def _response_normalized(op: OpBuilder, x: ir.Value, size: int, alpha: float, beta: float, bias: float) -> ir.Value:
    """x / (bias + alpha * sum of squares of `size` channels around it) ** beta, the sum as an average times the
    size."""
    rows = reshaped(op, op.Mul(x, x), [-1, 1, dims(op, x, [rank_of(x) - 1])])
    around = [size // 2] * 2
    means = op.AveragePool(rows, kernel_shape=[size], pads=around, count_include_pad=1)
    sums = op.Reshape(op.Mul(means, np.float32(size * alpha)), shape_of(op, x))
    return op.Mul(x, op.Pow(op.Add(sums, np.float32(bias)), np.float32(-beta)))


@handler("L2_POOL_2D")
def l2_pool_2d(
    op: OpBuilder, node: ir.Node, x: ir.Value, *, padding: str = "SAME", filter_height: int, filter_width: int,
    stride_h: int, stride_w: int,
) -> ir.Value:  # fmt: skip
    """L2_POOL_2D(x) => Sqrt(AveragePool(x * x)), 3.4e38 where squares overflow. Source: L2Pool in pooling.h."""
    kernel, strides = [filter_height, filter_width], [stride_h, stride_w]
    pads = pad_attributes(x, padding, kernel, strides)
    pooled = op.AveragePool(to_channels_first(op, op.Mul(x, x)), kernel_shape=kernel, strides=strides, **pads)
    return finite(op, to_channels_last(op, op.Sqrt(pooled)), x, sure=True)


@handler("BATCH_MATMUL")
def batch_matmul(
    op: OpBuilder, node: ir.Node, a: ir.Value, b: ir.Value, *, adj_x: bool = False, adj_y: bool = False
) -> ir.Value:
    """BATCH_MATMUL{adj_x, adj_y} => MatMul, the last two axes transposed where asked for. Source: batch_matmul.h."""
    left = matrices_transposed(op, a) if adj_x else a
    right = matrices_transposed(op, b) if adj_y else b
    out = node.outputs[0].dtype
    if left.dtype != out or (out is not None and out.is_integer()):
        left, right = (op.Cast(v, to=ir.DataType.INT32) for v in (left, right))
        return op.MatMul(left, right) if out == ir.DataType.INT32 else op.Cast(op.MatMul(left, right), to=out)
    return op.MatMul(left, right)
