"""MediaPipe's custom ops: Convolution2DTransposeBias MaxPoolingWithArgmax2D MaxUnpooling2D.

Source: the op resolvers in MediaPipe's util/tflite/operations.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import onnx_ir as ir

from tfonnx_lab.errors import Unsupported
from tfonnx_lab.graph import OpBuilder, static_shape
from tfonnx_lab.handlers._custom import option_bytes
from tfonnx_lab.handlers._layout import padding, to_channels_first, to_channels_last
from tfonnx_lab.rules import handler

_D = ir.DataType


def _ints(node: ir.Node) -> list[int]:
    raw = option_bytes(node)
    return [int(v) for v in np.frombuffer(raw[: len(raw) // 4 * 4], np.int32)]


@handler("Convolution2DTransposeBias")
def convolution_2d_transpose_bias(op: OpBuilder, node: ir.Node, x: ir.Value, w: ir.Value, b: ir.Value) -> ir.Value:
    """Convolution2DTransposeBias (NHWC, weights OHWI) => Transpose, ConvTranspose, Transpose.

    Options: TfLiteTransposeConvParams (padding, stride_width, stride_height). SAME: the result is stride times as large.
    """
    kind, stride_w, stride_h, *_ = _ints(node)
    shape = static_shape(w)
    if shape is None:
        raise Unsupported("the shape of its weights is not known")
    kernel, strides = shape[1:3], [stride_h, stride_w]
    before, after, extra = [], [], []
    for k, s in zip(kernel, strides, strict=True):
        total = max(0, k - s) if kind == 1 else 0
        before.append(total // 2)
        after.append(total - total // 2)
        extra.append(max(0, s - k))
    options: dict[str, Any] = {"kernel_shape": kernel, "strides": strides, "pads": before + after}
    if any(extra):
        options["output_padding"] = extra
    y = op.ConvTranspose(to_channels_first(op, x), op.Transpose(w, perm=[3, 0, 1, 2]), b, **options)
    return to_channels_last(op, y)


@handler("MaxPoolingWithArgmax2D")
def max_pooling_with_argmax_2d(op: OpBuilder, node: ir.Node, x: ir.Value) -> list[ir.Value]:
    """MaxPoolingWithArgmax2D => MaxPool with indices; the second output is the place inside of the window, as float.

    Options: TfLitePoolParams (padding, stride_width, stride_height, filter_width, filter_height).
    """
    kernel, strides, pads = _pool(node, x)
    made = op.node(
        "MaxPool", [to_channels_first(op, x)], {"kernel_shape": kernel, "strides": strides, **pads}, outputs=2
    )
    made.outputs[0].type, made.outputs[1].type = x.type, ir.TensorType(_D.INT64)
    if x.shape is None or not all(isinstance(d, int) for d in list(x.shape)[1:]):
        raise Unsupported("its input's height and width are not known")
    _, height, width, _ = (int(d) if isinstance(d, int) else 0 for d in x.shape)
    begin = [int(p) for p in pads.get("pads", [0, 0, 0, 0])][:2]
    inside = op.Mod(made.outputs[1], op.const(height * width))
    row, column = op.Div(inside, op.const(width)), op.Mod(inside, op.const(width))
    out = [-(-d // s) if begin is not None else d for d, s in zip((height, width), strides, strict=True)]
    starts = [np.arange(n) * s - p for n, s, p in zip(out, strides, begin, strict=True)]
    down = op.Sub(row, op.const(starts[0].reshape(1, 1, -1, 1)))
    right = op.Sub(column, op.const(starts[1].reshape(1, 1, 1, -1)))
    place = op.Add(op.Mul(down, op.const(kernel[1])), right)
    return [to_channels_last(op, made.outputs[0]), op.Cast(to_channels_last(op, place), to=node.outputs[1].dtype)]


@handler("MaxUnpooling2D")
def max_unpooling_2d(op: OpBuilder, node: ir.Node, x: ir.Value, place: ir.Value) -> ir.Value:
    """MaxUnpooling2D => every value at its place in its window, zeros elsewhere: Where over the window, then Reshape.

    Options: TfLitePoolParams; windows that do not overlap (stride = filter).
    """
    kernel, strides, _ = _pool(node, x)
    shape = static_shape(x)
    if shape is None or kernel != strides:
        raise Unsupported("its windows overlap, or its shape is not known")
    n, h, w, c = shape
    cells = np.arange(kernel[0] * kernel[1], dtype=np.int64).reshape(1, 1, kernel[0], 1, kernel[1], 1)
    where = op.Reshape(op.Cast(place, to=_D.INT64), op.const([n, h, 1, w, 1, c]))
    spread = op.Where(op.Equal(where, op.const(cells)), op.Reshape(x, op.const([n, h, 1, w, 1, c])), np.float32(0))
    return op.Reshape(spread, op.const([n, h * kernel[0], w * kernel[1], c]))


def _pool(node: ir.Node, x: ir.Value) -> tuple[list[int], list[int], dict[str, Any]]:
    kind, stride_w, stride_h, filter_w, filter_h, *_ = _ints(node)
    kernel, strides = [filter_h, filter_w], [stride_h, stride_w]
    return kernel, strides, dict(padding(x, "SAME" if kind == 1 else "VALID", kernel, strides))
