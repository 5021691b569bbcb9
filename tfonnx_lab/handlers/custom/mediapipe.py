"""MediaPipe's custom ops, and LiteRT's of the same kind: transposed convolution with a bias, pooling with places and
back.

Source: the op resolvers in MediaPipe's util/tflite/operations.

Ops: Convolution2DTransposeBias, MaxPoolWithArgmax, MaxPoolingWithArgmax2D, MaxUnpooling2D.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import onnx_ir as ir

from tfonnx_lab.errors import Unsupported
from tfonnx_lab.graph import OpBuilder, static_shape
from tfonnx_lab.graph.budget import room
from tfonnx_lab.handlers.custom.attributes import custom_options, option_bytes
from tfonnx_lab.handlers.lowering.layout import pad_attributes, to_channels_first, to_channels_last
from tfonnx_lab.handlers.lowering.shape import dims
from tfonnx_lab.handlers.recurrent.over_time import activated
from tfonnx_lab.rules import handler

_D = ir.DataType


def _ints(node: ir.Node) -> list[int]:
    raw = option_bytes(node)
    return [int(v) for v in np.frombuffer(raw[: len(raw) // 4 * 4], np.int32)]


@handler("Convolution2DTransposeBias")
def convolution_2d_transpose_bias(op: OpBuilder, node: ir.Node, x: ir.Value, w: ir.Value, b: ir.Value) -> ir.Value:
    """Convolution2DTransposeBias (NHWC, weights OHWI) => Transpose, ConvTranspose, Transpose.

    Options: TfLiteTransposeConvParams (padding, stride_width, stride_height). SAME cuts off what the last window has
    beyond its stride, which depends on the input's size.
    """
    kind, stride_w, stride_h, *_ = _ints(node)
    shape = static_shape(w)
    if shape is None:
        raise Unsupported("the shape of its weights is not known")
    kernel, strides = shape[1:3], [stride_h, stride_w]
    totals = [0, 0]
    if kind == 1:
        sizes = [1 if s == 1 else n for n, s in zip(list(x.shape or [None] * 4)[1:3], strides, strict=True)]
        known = [n for n in sizes if isinstance(n, int)]
        if len(known) < 2:
            raise Unsupported("its input's height and width are not known; fix the input's shape")
        totals = [max(0, k - (n - 1) % s - 1) for k, n, s in zip(kernel, known, strides, strict=True)]
    before = [t // 2 for t in totals]
    after = [t - f for t, f in zip(totals, before, strict=True)]
    options: dict[str, Any] = {"kernel_shape": kernel, "strides": strides, "pads": before + after}
    y = op.ConvTranspose(to_channels_first(op, x), op.Transpose(w, perm=[3, 0, 1, 2]), b, **options)
    return to_channels_last(op, y)


@handler("MaxPoolingWithArgmax2D")
def max_pooling_with_argmax_2d(op: OpBuilder, node: ir.Node, x: ir.Value) -> list[ir.Value]:
    """MaxPoolingWithArgmax2D => MaxPool; the second output is the place in the window, as float, plus 0.1.

    The place by comparing each cell with the highest; with padding, or `exact`, by MaxPool's indices.
    Options: TfLitePoolParams (padding, stride_width, stride_height, filter_width, filter_height, activation).
    """
    kernel, strides, pads = _pool(node, x)
    if not any(pads.get("pads", ())) and math.prod(kernel) <= _CELLS and not op.options.exact:
        highest, place = _compared(op, to_channels_first(op, x), _known(x)[3], kernel, strides)
    else:
        highest, place = _counted(op, x, kernel, strides, pads)
    activation = _ACTIVATIONS.get([*_ints(node), 0][5], "NONE")
    return [
        activated(op, to_channels_last(op, highest), activation),
        to_channels_last(op, op.Add(place, np.float32(_NUDGE))),
    ]


_NUDGE = 0.1
"""What MediaPipe's kernel adds to the place; a cast to an integer takes it off."""
_CELLS = 16
"""Larger windows leave the search to MaxPool."""


def _compared(
    op: OpBuilder, x: ir.Value, channels: int, kernel: list[int], strides: list[int]
) -> tuple[ir.Value, ir.Value]:
    """Highest value and its place in a window without padding; [1, 32, 128, 128]: 3330 => 500 us.

    A depthwise convolution takes out each cell but the last; the place is how many lie before the first that is not
    less than the highest: n0 (1 + n1 (1 + n2)) where n is 1 for a cell that is less.
    """
    highest = op.MaxPool(x, kernel_shape=kernel, strides=strides)
    place = None
    for cell in reversed(range(math.prod(kernel) - 1)):
        taken = np.zeros((channels, 1, math.prod(kernel)), np.float32)
        taken[:, :, cell] = 1
        weights = op.const(taken.reshape(channels, 1, *kernel), name=f"cell_{cell}")
        value = op.Conv(x, weights, group=channels, kernel_shape=kernel, strides=strides)
        less = op.Cast(op.Less(value, highest), to=_D.FLOAT)
        place = less if place is None else op.Add(less, op.Mul(less, place))
    return highest, op.Mul(highest, np.float32(0)) if place is None else place


def _counted(
    op: OpBuilder, x: ir.Value, kernel: list[int], strides: list[int], pads: dict[str, Any]
) -> tuple[ir.Value, ir.Value]:
    """Highest value and its place in the window, by MaxPool's indices."""
    highest, row, column = _argmax(op, x, kernel, strides, pads)
    begin = [int(p) for p in pads.get("pads", [0, 0, 0, 0])][:2]
    starts = [np.arange(n) * s - p for n, s, p in zip(_outputs(x, kernel, strides, pads), strides, begin, strict=True)]
    down = op.Sub(row, op.const(starts[0].reshape(1, 1, -1, 1)))
    right = op.Sub(column, op.const(starts[1].reshape(1, 1, 1, -1)))
    return highest, op.Cast(op.Add(op.Mul(down, op.const(kernel[1])), right), to=_D.FLOAT)


_ACTIVATIONS = {0: "NONE", 1: "RELU", 2: "RELU_N1_TO_1", 3: "RELU6"}
"""TfLiteFusedActivation."""


@handler("MaxPoolWithArgmax")
def max_pool_with_argmax(op: OpBuilder, node: ir.Node, x: ir.Value) -> list[ir.Value]:
    """MaxPoolWithArgmax => MaxPool with indices; the second output is the place in the image.

    Source: max_pool_with_argmax.cc.
    """
    options = custom_options(node)
    if options.get("include_batch_in_index"):
        raise Unsupported("its indices count the batch, which LiteRT's kernel does not have either")
    kernel, strides = ([int(v) for v in options[k]][1:3] for k in ("ksize", "strides"))
    highest, row, column = _argmax(op, x, kernel, strides, pad_attributes(x, str(options["padding"]), kernel, strides))
    _, _, width, channels = _known(x)
    place = to_channels_last(op, op.Add(op.Mul(row, op.const(width)), column))
    place = op.Add(op.Mul(place, op.const(channels)), op.const(np.arange(channels)))
    return [to_channels_last(op, highest), op.Cast(place, to=node.outputs[1].dtype)]


def _argmax(
    op: OpBuilder, x: ir.Value, kernel: list[int], strides: list[int], pads: dict[str, Any]
) -> tuple[ir.Value, ir.Value, ir.Value]:
    """The highest value of each window, and its row and column in the image, channels first."""
    _, height, width, _ = _known(x)
    given = {"kernel_shape": kernel, "strides": strides, **pads}
    made = op.node("MaxPool", [to_channels_first(op, x)], given, outputs=2)
    made.outputs[0].type, made.outputs[1].type = x.type, ir.TensorType(_D.INT64)
    inside = op.Mod(made.outputs[1], op.const(height * width))
    return made.outputs[0], op.Div(inside, op.const(width)), op.Mod(inside, op.const(width))


def _known(x: ir.Value) -> list[int]:
    """The image's shape, of which the batch may be unknown (0)."""
    dims = [] if x.shape is None else [d if isinstance(d, int) else 0 for d in x.shape]
    if len(dims) != 4 or 0 in dims[1:]:
        raise Unsupported("its input's height and width are not known")
    return dims


def _outputs(x: ir.Value, kernel: list[int], strides: list[int], pads: dict[str, Any]) -> list[int]:
    """Height and width of a pool's result."""
    around = np.array(pads.get("pads", [0] * 4)).reshape(2, 2).sum(axis=0)
    sizes = zip(_known(x)[1:3], around, kernel, strides, strict=True)
    return [(size + int(pad) - k) // s + 1 for size, pad, k, s in sizes]


@handler("MaxUnpooling2D")
def max_unpooling_2d(op: OpBuilder, node: ir.Node, x: ir.Value, place: ir.Value) -> ir.Value:
    """MaxUnpooling2D => every value at its place, zeros elsewhere.

    Options: TfLitePoolParams. MediaPipe's has places in the windows, as floats; LiteRT's has places in the result, as
    int32 (max_unpooling_2d.cc).
    """
    kernel, strides = _windows(node)
    shape = _known(x)
    n, h, w, c = shape
    if place.dtype == _D.INT32:
        same = _ints(node)[0] == 1
        sizes = [d * s if same else (d - 1) * s + k for d, s, k in zip((h, w), strides, kernel, strict=True)]
        return _scattered(op, x, op.Cast(place, to=_D.INT64), [n, *sizes, c])
    if kernel == strides:
        return _spread(op, x, place, shape, kernel)
    sizes = [d * k for d, k in zip((h, w), kernel, strict=True)]
    begins = [max(0, (d - 1) * s + k - size) // 2 for d, s, k, size in zip((h, w), strides, kernel, sizes, strict=True)]
    inside = op.Cast(place, to=_D.INT64)
    at = [op.Div(inside, op.const(kernel[1])), op.Mod(inside, op.const(kernel[1]))]
    starts = [np.arange(d) * s - b for d, s, b in zip((h, w), strides, begins, strict=True)]
    row, column = (
        op.Add(v, op.const(f.reshape(g))) for v, f, g in zip(at, starts, ((1, -1, 1, 1), (1, 1, -1, 1)), strict=True)
    )
    fits = [
        op.And(op.GreaterOrEqual(v, op.const(0)), op.Less(v, op.const(d)))
        for v, d in ((row, sizes[0]), (column, sizes[1]))
    ]
    flat = op.Add(op.Mul(op.Add(op.Mul(row, op.const(sizes[1])), column), op.const(c)), op.const(np.arange(c)))
    return _scattered(op, x, op.Where(op.And(*fits), flat, op.const(sizes[0] * sizes[1] * c)), [n, *sizes, c])


def _scattered(op: OpBuilder, x: ir.Value, flat: ir.Value, shape: list[int]) -> ir.Value:
    """The values at flat places of each image of this shape; one place more takes those that fit nowhere.

    shape: its first dimension may be unknown (0).
    """
    n, size = shape[0], math.prod(shape[1:])
    room((max(n, 1), size + 1), 4, "its empty result")
    rows = [op.Reshape(v, op.const([n, -1])) for v in (flat, x)]
    empty = op.const(np.zeros((max(n, 1), size + 1), np.float32))
    if not n:
        empty = op.Expand(empty, op.Concat(dims(op, x, [0]), op.const([1]), axis=0))
    made = op.ScatterElements(empty, *rows, axis=1)
    return op.Reshape(op.Slice(made, op.const([0]), op.const([size]), op.const([1])), op.const(shape))


def _spread(op: OpBuilder, x: ir.Value, place: ir.Value, shape: list[int], kernel: list[int]) -> ir.Value:
    """Windows side by side: value and place enlarged, and 0 wherever the place is another one.

    With `exact`, which knows infinite values, a Where over each window. [1, 64, 64, 32] to [1, 128, 128, 32]:
    7150 => 280 us.
    """
    n, h, w, c = shape
    room(kernel, 8, "its window")
    if not op.options.exact:
        room((h * kernel[0], w * kernel[1]), 4, "the numbers of its cells")
        number = np.arange(math.prod(kernel), dtype=np.float32).reshape(kernel)
        places = np.tile(number, (h, w)).reshape(1, 1, h * kernel[0], w * kernel[1])
        value, at = (to_channels_first(op, v) for v in (x, op.Floor(place)))
        value, at = (_enlarged(op, v, kernel) for v in (value, at))
        return to_channels_last(op, op.Mul(value, op.Cast(op.Equal(at, op.const(places)), to=_D.FLOAT)))
    cells = np.arange(kernel[0] * kernel[1], dtype=np.int64).reshape(1, 1, kernel[0], 1, kernel[1], 1)
    where = op.Reshape(op.Cast(place, to=_D.INT64), op.const([n, h, 1, w, 1, c]))
    spread = op.Where(op.Equal(where, op.const(cells)), op.Reshape(x, op.const([n, h, 1, w, 1, c])), np.float32(0))
    return op.Reshape(spread, op.const([n, h * kernel[0], w * kernel[1], c]))


def _enlarged(op: OpBuilder, x: ir.Value, factors: list[int]) -> ir.Value:
    """Each element of an image (channels first) as often as this, down and to the right."""
    scales = np.array([1, 1, *factors], np.float32)
    options = {"mode": "nearest", "coordinate_transformation_mode": "asymmetric", "nearest_mode": "floor"}
    return op.node("Resize", [x, None, scales], options).outputs[0]


def _pool(node: ir.Node, x: ir.Value) -> tuple[list[int], list[int], dict[str, Any]]:
    kernel, strides = _windows(node)
    return kernel, strides, dict(pad_attributes(x, "SAME" if _ints(node)[0] == 1 else "VALID", kernel, strides))


def _windows(node: ir.Node) -> tuple[list[int], list[int]]:
    """Kernel and strides, as (height, width)."""
    _, stride_w, stride_h, filter_w, filter_h, *_ = _ints(node)
    return [filter_h, filter_w], [stride_h, stride_w]
