"""Flex ops on images.

Ops: FlexAdjustContrastv2, FlexAdjustHue, FlexAdjustSaturation, FlexCropAndResize, FlexExtractImagePatches,
FlexHSVToRGB, FlexRGBToHSV, FlexResizeArea, FlexResizeBicubic.
"""

from __future__ import annotations

import numpy as np
import onnx_ir as ir

from tfonnx_lab.errors import Unsupported
from tfonnx_lab.graph import OpBuilder, static_shape
from tfonnx_lab.graph.budget import room
from tfonnx_lab.handlers.lowering.layout import pad_attributes, to_channels_first, to_channels_last
from tfonnx_lab.handlers.lowering.numeric import cast, number
from tfonnx_lab.handlers.lowering.shape import int64, ints
from tfonnx_lab.readers.nodedef import NodeDef
from tfonnx_lab.rules import handler

_D = ir.DataType


@handler("FlexExtractImagePatches")
def extract_image_patches(op: OpBuilder, node: ir.Node, x: ir.Value) -> ir.Value:
    """FlexExtractImagePatches => Conv with weights that pick one element of the window each."""
    d, channels = NodeDef(node), list(x.shape or [None])[-1]
    if not isinstance(channels, int):
        raise Unsupported("the number of its input's channels is not known")
    kernel, strides, rates = (list(d.get(k) or [1] * 4)[1:3] for k in ("ksizes", "strides", "rates"))
    count = kernel[0] * kernel[1]
    room((count, channels, channels, *map(int, kernel)), 4, "its kernel, which picks the elements of a window,")
    picks = np.zeros((count, channels, channels, *kernel), np.float32)
    for place in range(count):
        picks[place, range(channels), range(channels), place // kernel[1], place % kernel[1]] = 1
    pads = pad_attributes(x, str(d.get("padding", "VALID")), kernel, strides, rates)
    given = cast(op, to_channels_first(op, x), _D.FLOAT)
    weights = op.const(picks.reshape(-1, channels, *kernel))
    y = op.Conv(given, weights, kernel_shape=kernel, strides=strides, dilations=rates, **pads)
    return cast(op, to_channels_last(op, y), node.outputs[0].dtype)


@handler("FlexResizeBicubic")
def resize_bicubic(op: OpBuilder, node: ir.Node, x: ir.Value, size: ir.Value) -> ir.Value:
    """FlexResizeBicubic{half_pixel_centers} => products with a matrix of weights for each axis, as TensorFlow computes
    them."""
    d = NodeDef(node)
    half, corners = bool(d.get("half_pixel_centers", False)), bool(d.get("align_corners", False))
    return _resized(op, x, size, lambda old, new: _cubic(old, new, half, corners))


@handler("FlexResizeArea")
def resize_area(op: OpBuilder, node: ir.Node, x: ir.Value, size: ir.Value) -> ir.Value:
    """FlexResizeArea => products with a matrix for each axis: how much of each old element a new one covers."""
    corners = bool(NodeDef(node).get("align_corners", False))
    return _resized(op, x, size, lambda old, new: _area(old, new, corners))


def _resized(op: OpBuilder, x: ir.Value, size: ir.Value, weights: object) -> ir.Value:
    new, shape = ints(size), None if x.shape is None else list(x.shape)
    if new is None or shape is None or not all(isinstance(n, int) for n in shape[1:3]):
        raise Unsupported("its size, or its input's height and width, are not known")
    rows, columns = (op.const(weights(o, n)) for o, n in zip(shape[1:3], new, strict=True))  # type: ignore[operator]
    first = cast(op, to_channels_first(op, x), _D.FLOAT)
    return to_channels_last(op, op.MatMul(rows, op.MatMul(first, op.Transpose(columns, perm=[1, 0]))))


def _scale(old: int, new: int, corners: bool) -> float:
    return (old - 1) / (new - 1) if corners and new > 1 else old / new


def _cubic(old: int, new: int, half: bool, corners: bool) -> np.ndarray:
    """Keys's kernel: of a = -0.5 with weights that stay inside and are normalized (half pixels), else -0.75, the edge
    repeated.

    Fractions are rounded to 1/1024. Source: resize_bicubic_op.cc.
    """
    room((new, old), 12, "the matrix of its weights")
    a, scale = (-0.5 if half else -0.75), _scale(old, new, corners)
    found = np.zeros((new, old), np.float64)
    for i in range(new):
        at = (i + 0.5) * scale - 0.5 if half else i * scale
        first = int(np.floor(at))
        t = np.rint((at - first) * 1024) / 1024
        for k in range(-1, 3):
            d = abs(k - t)
            w = ((a + 2) * d - (a + 3)) * d * d + 1 if d <= 1 else ((a * d - 5 * a) * d + 8 * a) * d - 4 * a
            inside = 0 <= first + k < old
            if inside or not half:
                found[i, min(max(first + k, 0), old - 1)] += w
        if half and abs(found[i].sum()) >= 1000 * np.finfo(np.float32).tiny:
            found[i] /= found[i].sum()
    return found.astype(np.float32)


def _area(old: int, new: int, corners: bool) -> np.ndarray:
    """The share of each old element in a new one. Source: resize_area_op.cc."""
    room((new, old), 12, "the matrix of its weights")
    scale = _scale(old, new, corners)
    found = np.zeros((new, old), np.float64)
    for i in range(new):
        start, end = i * scale, (i + 1) * scale
        for j in range(int(np.floor(start)), int(np.ceil(end))):
            found[i, min(max(j, 0), old - 1)] += min(j + 1, end) - max(j, start)
        found[i] /= scale
    return found.astype(np.float32)


@handler("FlexCropAndResize")
def crop_and_resize(
    op: OpBuilder, node: ir.Node, image: ir.Value, boxes: ir.Value, which: ir.Value, size: ir.Value
) -> ir.Value:
    """FlexCropAndResize => four gathers a box, weighted by their distance (bilinear), or one (nearest)."""
    d, new, shape = NodeDef(node), ints(size), static_shape(image)
    if new is None or shape is None:
        raise Unsupported("its size, or its image's shape, is not known")
    outside = np.float32(d.get("extrapolation_value", 0.0))
    image = cast(op, image, _D.FLOAT)
    (ys, y_in), (xs, x_in) = (_places(op, boxes, k, new[k], shape[1 + k]) for k in (0, 1))
    ys, xs = op.Unsqueeze(ys, op.const([2])), op.Unsqueeze(xs, op.const([1]))  # [box, h, 1], [box, 1, w]
    if d.get("method", "bilinear") == "nearest":
        away = [op.Floor(op.Add(v, np.float32(0.5))) for v in (ys, xs)]
        made = _picked(op, image, which, away[0], away[1], shape)
    else:
        low = [op.Floor(v) for v in (ys, xs)]
        high = [op.Ceil(v) for v in (ys, xs)]
        share = [op.Unsqueeze(op.Sub(v, f), op.const([3])) for v, f in zip((ys, xs), low, strict=True)]
        lines = []
        for row in (low[0], high[0]):
            left, right = (_picked(op, image, which, row, column, shape) for column in (low[1], high[1]))
            lines.append(op.Add(left, op.Mul(op.Sub(right, left), share[1])))
        made = op.Add(lines[0], op.Mul(op.Sub(lines[1], lines[0]), share[0]))
    inside = op.And(op.Unsqueeze(y_in, op.const([2, 3])), op.Unsqueeze(x_in, op.const([1, 3])))
    return op.Where(inside, made, outside)


def _places(op: OpBuilder, boxes: ir.Value, axis: int, count: int, size: int) -> tuple[ir.Value, ir.Value]:
    """Where in the image each row or column of the results is: [box, count], and whether that is inside."""
    begin, end = (op.Unsqueeze(op.Gather(boxes, op.const(k), axis=1), op.const([1])) for k in (axis, axis + 2))
    last = np.float32(size - 1)
    room(count, 8, "the list of its rows, or columns,")
    if count > 1:
        step = op.Div(op.Mul(op.Sub(end, begin), last), np.float32(count - 1))
        at = op.Add(op.Mul(begin, last), op.Mul(op.const(np.arange(count, dtype=np.float32)), step))
    else:
        at = op.Mul(op.Mul(op.Add(begin, end), np.float32(0.5)), last)
    inside = op.And(op.GreaterOrEqual(at, np.float32(0)), op.LessOrEqual(at, last))
    return op.Clip(at, np.float32(0), last), inside


def _picked(
    op: OpBuilder, image: ir.Value, which: ir.Value, row: ir.Value, column: ir.Value, shape: list[int]
) -> ir.Value:
    """The pixels of the boxes' images at rows and columns: [box, h, w, channels]."""
    _, height, width, channels = shape
    first = op.Unsqueeze(op.Mul(int64(op, which), op.const(height * width)), op.const([1, 2]))
    rows, columns = (op.Cast(v, to=_D.INT64) for v in (row, column))
    at = op.Add(op.Add(first, op.Mul(rows, op.const(width))), columns)
    return op.Gather(op.Reshape(image, op.const([-1, channels])), at, axis=0)


@handler("FlexAdjustContrastv2")
def adjust_contrast(op: OpBuilder, node: ir.Node, x: ir.Value, factor: ir.Value) -> ir.Value:
    """FlexAdjustContrastv2(x, f) => mean + (x - mean) f, the mean of each image's channel."""
    first = to_channels_first(op, x)
    mean = op.GlobalAveragePool(first)
    return to_channels_last(op, op.Add(mean, op.Mul(op.Sub(first, mean), factor)))


@handler("FlexAdjustSaturation", "FlexAdjustHue", "FlexRGBToHSV", "FlexHSVToRGB")
def colours(op: OpBuilder, node: ir.Node, x: ir.Value, *more: ir.Value) -> ir.Value:
    """FlexRGBToHSV and the ops that turn colours by it => the formulas of the colour wheel."""
    kind = node.op_type
    if kind == "FlexHSVToRGB":
        return _to_rgb(op, *_channels(op, x))
    hue, saturation, value = _to_hsv(op, *_channels(op, x))
    if kind == "FlexRGBToHSV":
        return op.Concat(hue, saturation, value, axis=-1)
    if kind == "FlexAdjustHue":
        turned = op.Add(hue, more[0])
        return _to_rgb(op, op.Sub(turned, op.Floor(turned)), saturation, value)
    scaled = op.Clip(op.Mul(saturation, more[0]), number(0, x), number(1, x))
    return _to_rgb(op, hue, scaled, value)


def _channels(op: OpBuilder, x: ir.Value) -> list[ir.Value]:
    return [op.Gather(x, op.const([k]), axis=-1) for k in range(3)]


def _to_hsv(op: OpBuilder, r: ir.Value, g: ir.Value, b: ir.Value) -> tuple[ir.Value, ir.Value, ir.Value]:
    high, low = op.Max(r, g, b), op.Min(r, g, b)
    reach, zero, one = op.Sub(high, low), np.float32(0), np.float32(1)
    grey = op.LessOrEqual(reach, zero)
    sixth = op.Div(np.float32(1 / 6), op.Where(grey, one, reach))
    saturation = op.Where(op.Greater(high, zero), op.Div(reach, op.Where(op.Greater(high, zero), high, one)), zero)
    of_r = op.Mul(op.Sub(g, b), sixth)
    of_g = op.Add(op.Mul(op.Sub(b, r), sixth), np.float32(2 / 6))
    of_b = op.Add(op.Mul(op.Sub(r, g), sixth), np.float32(4 / 6))
    hue = op.Where(op.Equal(high, r), of_r, op.Where(op.Equal(high, g), of_g, of_b))
    hue = op.Where(grey, zero, hue)
    return op.Where(op.Less(hue, zero), op.Add(hue, one), hue), saturation, high


def _to_rgb(op: OpBuilder, hue: ir.Value, saturation: ir.Value, value: ir.Value) -> ir.Value:
    turned, one, zero = op.Mul(hue, np.float32(6)), np.float32(1), np.float32(0)
    parts = [
        op.Sub(op.Abs(op.Sub(turned, np.float32(3))), one),
        op.Sub(np.float32(2), op.Abs(op.Sub(turned, np.float32(2)))),
        op.Sub(np.float32(2), op.Abs(op.Sub(turned, np.float32(4)))),
    ]
    chroma = op.Mul(saturation, value)
    base = op.Sub(value, chroma)
    return op.Concat(*(op.Add(op.Mul(op.Clip(p, zero, one), chroma), base) for p in parts), axis=-1)
