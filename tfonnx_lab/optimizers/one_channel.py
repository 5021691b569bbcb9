"""Convolutions to a single channel (masks, heat maps): ONNX Runtime's blocks compute 8 or 16 channels all the same.

Ops: CONV_2D (Conv).
"""

from __future__ import annotations

import math

import numpy as np
import onnx_ir as ir

from tfonnx_lab.graph import OpBuilder, attr, plain, static_shape
from tfonnx_lab.optimizers._weights import stored_alike, weights
from tfonnx_lab.optimizers.prelu import BLOCK
from tfonnx_lab.patterns import onnx, var
from tfonnx_lab.rules import Miss, optimizer

_WORTH = 1 << 10
"""Fewer pixels are not worth a second op."""


@optimizer(onnx.Conv(var("x"), var("w"), ..., name="node"), phase="fuse")
def one_channel_by_depths(op: OpBuilder, node: ir.Node, x: ir.Value, w: ir.Value) -> ir.Value | None:
    """Conv(x) to one channel => Conv{depthwise}, then the sum over the channels: a third to a half of the time.

    By a Conv of ones where the channels fill blocks (3 x 3, [1, 32, 128, 128]: 1740 => 670 us), else by ReduceSum
    ([1, 8, 256, 256]: 2060 => 1140 us). x86-64 only, where a block is computed for one channel of it. On two threads
    as well: [1, 32, 128, 128] 1043 => 366, [1, 8, 256, 256] 1405 => 840 us.
    """
    kernel, image = weights(w), static_shape(x)
    if op.options.target != "x86_64" or x.dtype != ir.DataType.FLOAT or kernel is None or kernel.shape[0] != 1:
        return None
    channels = kernel.shape[1]
    if attr(node, "group", 1) != 1 or channels < BLOCK // 2 or math.prod(kernel.shape[2:]) == 1:
        return None
    bias = weights(node.inputs[2]) if len(node.inputs) > 2 else np.zeros(1, np.float32)
    if bias is None or image is None or len(image) != 4:
        return None
    if math.prod(image[2:]) < _WORTH * math.prod(attr(node, "strides", (1, 1))):
        raise Miss("its image is too small for it to pay")
    apart = stored_alike(op, np.ascontiguousarray(kernel.swapaxes(0, 1)), w, f"{w.name}/apart")
    options = {**plain(node), "group": channels}
    if channels % BLOCK == 0:
        ones = op.const(np.ones((1, channels, 1, 1), np.float32))
        return op.like(op.Conv(op.Conv(x, apart, **options), ones, op.const(bias)), node.outputs[0])
    first = np.zeros(channels, np.float32)
    first[0] = bias[0]
    each = op.Conv(x, apart, op.const(first), **options)
    return op.like(op.ReduceSum(each, op.const([1]), keepdims=1), node.outputs[0])
