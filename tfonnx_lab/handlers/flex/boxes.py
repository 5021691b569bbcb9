"""Boxes: chosen by their scores, and cut out of images.

Ops: FlexCombinedNonMaxSuppression, FlexCropAndResize, FlexNonMaxSuppression, FlexNonMaxSuppressionV2,
FlexNonMaxSuppressionV3, FlexNonMaxSuppressionV4, FlexNonMaxSuppressionV5.

Source: non_max_suppression_op.cc and crop_and_resize_op.cc of TensorFlow.
"""

from __future__ import annotations

import numpy as np
import onnx_ir as ir

from tfonnx_lab.errors import Unsupported
from tfonnx_lab.graph import OpBuilder, constant_array
from tfonnx_lab.handlers.detection import softened, zeros_behind
from tfonnx_lab.handlers.lowering.numeric import cast
from tfonnx_lab.handlers.lowering.shape import dims, int64, vector
from tfonnx_lab.readers.nodedef import NodeDef
from tfonnx_lab.rules import handler

_D = ir.DataType
_NONE = np.zeros(0, np.int64)
_LEAST = np.float32(np.finfo(np.float32).min)


def _selected(
    op: OpBuilder, boxes: ir.Value, scores: ir.Value, most: ir.Value, overlap: ir.Value, least: ir.Value | None
) -> ir.Value:
    """The boxes in the order of their scores: int64 [count]."""
    one = op.const([1])
    given = [op.Reshape(cast(op, v, _D.FLOAT), one) for v in (overlap, *([] if least is None else [least]))]
    found = op.NonMaxSuppression(
        op.Unsqueeze(cast(op, boxes, _D.FLOAT), op.const([0])),
        op.Unsqueeze(cast(op, scores, _D.FLOAT), op.const([0, 1])),
        op.Reshape(int64(op, most), one),
        *given,
    )
    return op.Gather(found, op.const(2), axis=1)


@handler("FlexNonMaxSuppression", "FlexNonMaxSuppressionV2", "FlexNonMaxSuppressionV3")
def non_max_suppression(
    op: OpBuilder, node: ir.Node, boxes: ir.Value, scores: ir.Value, most: ir.Value, overlap: ir.Value | None,
    least: ir.Value | None,
) -> ir.Value:  # fmt: skip
    """FlexNonMaxSuppressionV3 => NonMaxSuppression of one batch and class, of whose results the last column is the
    box."""
    limit = op.const(np.float32(NodeDef(node).get("iou_threshold", 0.5))) if overlap is None else overlap
    return cast(op, _selected(op, boxes, scores, most, limit, least), _D.INT32)


@handler("FlexNonMaxSuppressionV4", "FlexNonMaxSuppressionV5")
def non_max_suppression_padded(
    op: OpBuilder, node: ir.Node, boxes: ir.Value, scores: ir.Value, most: ir.Value, overlap: ir.Value, least: ir.Value,
    sigma: ir.Value | None,
) -> list[ir.Value]:  # fmt: skip
    """FlexNonMaxSuppressionV5 => NonMaxSuppression, or a Loop where scores are softened; zeros behind where it is
    asked for."""
    known = None if sigma is None else constant_array(sigma)
    if sigma is not None and known is None:
        raise Unsupported("whether scores are softened (soft_nms_sigma) is computed")
    if known is not None and float(known.ravel()[0]) > 0:
        everything = op.const(np.float32(9))  # no overlap is so large: softened scores alone decide
        assert sigma is not None
        real = [cast(op, v, _D.FLOAT) for v in (boxes, scores, least, sigma)]
        found, values = softened(op, real[0], real[1], most, everything, real[2], real[3])
        values = cast(op, values, scores.dtype)
    else:
        found = _selected(op, boxes, scores, most, overlap, least)
        values = op.Gather(scores, found, axis=0)
    results = [cast(op, found, _D.INT32)] if sigma is None else [cast(op, found, _D.INT32), values]
    if NodeDef(node).get("pad_to_max_output_size", False):
        results = [zeros_behind(op, v, most) for v in results]
    return [*results, cast(op, op.Size(found), _D.INT32)]


@handler("FlexCombinedNonMaxSuppression")
def combined_non_max_suppression(
    op: OpBuilder, node: ir.Node, boxes: ir.Value, scores: ir.Value, each: ir.Value, most: ir.Value, overlap: ir.Value,
    least: ir.Value,
) -> list[ir.Value]:  # fmt: skip
    """FlexCombinedNonMaxSuppression => NonMaxSuppression of every class, and the best of all classes by TopK."""
    definition = NodeDef(node)
    own = None if boxes.shape is None or not isinstance(list(boxes.shape)[2], int) else list(boxes.shape)[2]
    if own is None:
        raise Unsupported("whether its classes share their boxes is not known; fix the input's shape")
    batch, count, classes = (op.Reshape(dims(op, scores, [at]), op.const([1])) for at in range(3))
    by_class = op.Transpose(scores, perm=[0, 2, 1])  # [b, c, n]
    first = op.Transpose(boxes, perm=[0, 2, 1, 3])  # [b, q, n, 4]
    corners = op.Reshape(first, op.Concat(op.const([-1]), count, op.const([4]), axis=0))
    per_box = by_class if own == 1 else op.Reshape(by_class, op.Concat(op.const([-1, 1]), count, axis=0))
    one = op.const([1])
    found = op.NonMaxSuppression(
        corners, per_box, op.Reshape(int64(op, each), one), op.Reshape(overlap, one), op.Reshape(least, one)
    )
    nothing = op.Expand(op.const(_LEAST), op.Shape(per_box))
    kept = op.ScatterND(nothing, found, op.GatherND(per_box, found))
    flat = op.Reshape(kept, op.Concat(batch, op.Mul(classes, count), axis=0))
    size = op.Reshape(vector(op, most), one)
    if definition.get("pad_per_class", False):
        size = op.Min(size, op.Mul(op.Reshape(vector(op, each), one), classes))
    behind = op.Expand(op.const(_LEAST), op.Concat(batch, size, axis=0))
    top = op.node("TopK", [op.Concat(flat, behind, axis=1), size], {"axis": 1}, outputs=2)
    values, order = top.outputs
    values.type, order.type = ir.TensorType(_D.FLOAT), ir.TensorType(_D.INT64)
    values.shape = order.shape = ir.Shape([None, None])
    valid = op.Greater(values, op.const(_LEAST))
    order = op.Where(valid, order, op.const(0))
    kinds, place = op.Div(order, count), op.Mod(order, count)
    line = op.Unsqueeze(op.Range(op.const(0), op.Squeeze(batch, op.const([0])), op.const(1)), op.const([1]))
    row = line if own == 1 else op.Add(op.Mul(line, classes), kinds)
    chosen = op.Gather(op.Reshape(corners, op.const([-1, 4])), op.Add(op.Mul(row, count), place), axis=0)
    if definition.get("clip_boxes", True):
        chosen = op.Clip(chosen, np.float32(0), np.float32(1))
    zero = np.float32(0)
    return [
        op.Where(op.Unsqueeze(valid, op.const([2])), chosen, zero), op.Where(valid, values, zero),
        op.Where(valid, op.Cast(kinds, to=_D.FLOAT), zero),
        op.ReduceSum(op.Cast(valid, to=_D.INT32), op.const([1]), keepdims=0),
    ]  # fmt: skip


@handler("FlexCropAndResize")
def crop_and_resize(
    op: OpBuilder, node: ir.Node, image: ir.Value, boxes: ir.Value, which: ir.Value, size: ir.Value
) -> ir.Value:
    """FlexCropAndResize => four gathers a box, weighted by their distance (bilinear), or one (nearest)."""
    definition = NodeDef(node)
    outside = np.float32(definition.get("extrapolation_value", 0.0))
    new, image = vector(op, size), cast(op, image, _D.FLOAT)
    count = [op.Gather(new, op.const(k), axis=0) for k in (0, 1)]
    old = [op.Reshape(dims(op, image, [1 + k]), op.const(_NONE)) for k in (0, 1)]
    (ys, y_in), (xs, x_in) = (_places(op, boxes, k, count[k], old[k]) for k in (0, 1))
    ys, xs = op.Unsqueeze(ys, op.const([2])), op.Unsqueeze(xs, op.const([1]))  # [box, h, 1], [box, 1, w]
    flat = op.Reshape(image, op.Concat(op.const([-1]), dims(op, image, [3]), axis=0))

    def pixels(row: ir.Value, column: ir.Value) -> ir.Value:
        """Those of the boxes' images at rows and columns: [box, h, w, channels]."""
        first = op.Unsqueeze(op.Mul(int64(op, which), op.Mul(*old)), op.const([1, 2]))
        rows, columns = (op.Cast(v, to=_D.INT64) for v in (row, column))
        return op.Gather(flat, op.Add(op.Add(first, op.Mul(rows, old[1])), columns), axis=0)

    if definition.get("method", "bilinear") == "nearest":
        made = pixels(*(op.Floor(op.Add(v, np.float32(0.5))) for v in (ys, xs)))
    else:
        low = [op.Floor(v) for v in (ys, xs)]
        high = [op.Ceil(v) for v in (ys, xs)]
        share = [op.Unsqueeze(op.Sub(v, f), op.const([3])) for v, f in zip((ys, xs), low, strict=True)]
        lines = []
        for row in (low[0], high[0]):
            left, right = (pixels(row, column) for column in (low[1], high[1]))
            lines.append(op.Add(left, op.Mul(op.Sub(right, left), share[1])))
        made = op.Add(lines[0], op.Mul(op.Sub(lines[1], lines[0]), share[0]))
    inside = op.And(op.Unsqueeze(y_in, op.const([2, 3])), op.Unsqueeze(x_in, op.const([1, 3])))
    return op.Where(inside, made, outside)


def _places(op: OpBuilder, boxes: ir.Value, axis: int, count: ir.Value, size: ir.Value) -> tuple[ir.Value, ir.Value]:
    """Where in the image each row or column of the results is: [box, count], and whether that is inside."""
    begin, end = (op.Unsqueeze(op.Gather(boxes, op.const(k), axis=1), op.const([1])) for k in (axis, axis + 2))
    last = op.Cast(op.Sub(size, op.const(1)), to=_D.FLOAT)
    steps = op.Cast(op.Max(op.Sub(count, op.const(1)), op.const(1)), to=_D.FLOAT)
    step = op.Div(op.Mul(op.Sub(end, begin), last), steps)
    line = op.Cast(op.Range(op.const(0), count, op.const(1)), to=_D.FLOAT)
    spread = op.Add(op.Mul(begin, last), op.Mul(line, step))
    middle = op.Mul(op.Mul(op.Add(begin, end), np.float32(0.5)), last)
    at = op.Where(op.Greater(count, op.const(1)), spread, middle)
    inside = op.And(op.GreaterOrEqual(at, np.float32(0)), op.LessOrEqual(at, last))
    return op.Min(op.Max(at, np.float32(0)), last), inside
