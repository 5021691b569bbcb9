"""Detection: boxes chosen by their scores.

Ops: NON_MAX_SUPPRESSION_V4, NON_MAX_SUPPRESSION_V5, TFLite_Detection_PostProcess.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import onnx_ir as ir

from tfonnx_lab.errors import Unsupported
from tfonnx_lab.graph import OpBuilder, constant_array, is_quantized, quantization
from tfonnx_lab.graph.budget import room
from tfonnx_lab.handlers.custom.attributes import custom_options
from tfonnx_lab.handlers.lowering.numeric import cast
from tfonnx_lab.handlers.lowering.shape import vector
from tfonnx_lab.handlers.quantize import dequantize_linear
from tfonnx_lab.rules import handler

_D = ir.DataType


@handler("TFLite_Detection_PostProcess")
def detection_post_process(
    op: OpBuilder, node: ir.Node, encodings: ir.Value, scores: ir.Value, anchors: ir.Value
) -> list[ir.Value]:
    """TFLite_Detection_PostProcess => decoded boxes, NonMaxSuppression, Gather, zeros up to the full size.

    Boxes with a score of at least the threshold are kept in order of their scores, earlier ones first among equals.
    Source: detection_postprocess.cc.
    """
    options = custom_options(node)
    boxes = _decoded(op, _real(op, encodings), _real(op, anchors), options)
    classes = int(options["num_classes"])
    scores = op.Slice(_real(op, scores), op.const([-classes]), op.const([2**31 - 1]), op.const([2]))
    regular = bool(options.get("use_regular_nms", False))
    chosen = (_regular if regular else _fast)(op, boxes, scores, options)
    return [_as(op, v, out) for v, out in zip(chosen, node.outputs, strict=True)]


def _as(op: OpBuilder, value: ir.Value, out: ir.Value) -> ir.Value:
    return cast(op, value, out.dtype)


def _real(op: OpBuilder, x: ir.Value) -> ir.Value:
    quant = quantization(x)
    return dequantize_linear(op, x, quant) if quant is not None and is_quantized(x) else x


def _decoded(op: OpBuilder, encodings: ir.Value, anchors: ir.Value, options: dict[str, Any]) -> ir.Value:
    """[1, n, 4] corners (y, x, y, x) of boxes given as offsets from anchors; computed in double, as LiteRT does."""
    scales = np.array([options[k] for k in ("y_scale", "x_scale", "h_scale", "w_scale")], np.float64)
    first = op.Slice(encodings, op.const([0]), op.const([4]), op.const([2]))
    part = op.Div(op.Cast(first, to=_D.DOUBLE), op.const(scales))
    anchor = op.Cast(anchors, to=_D.DOUBLE)
    centre, size = (op.Slice(part, op.const([a]), op.const([a + 2]), op.const([2])) for a in (0, 2))
    anchor_centre, anchor_size = (op.Slice(anchor, op.const([a]), op.const([a + 2]), op.const([1])) for a in (0, 2))
    middle = op.Cast(op.Add(op.Mul(centre, anchor_size), anchor_centre), to=_D.FLOAT)
    half = op.Cast(op.Mul(op.Mul(op.const(np.float64(0.5)), op.Exp(size)), anchor_size), to=_D.FLOAT)
    return op.Concat(op.Sub(middle, half), op.Add(middle, half), axis=2)


def _suppressed(op: OpBuilder, boxes: ir.Value, scores: ir.Value, most: int, options: dict[str, Any]) -> ir.Value:
    """ONNX keeps scores above the threshold, LiteRT also those at it."""
    threshold = np.nextafter(np.float32(options["nms_score_threshold"]), np.float32(-np.inf))
    return op.NonMaxSuppression(
        boxes,
        scores,
        op.const([most]),
        np.array([options["nms_iou_threshold"]], np.float32),
        np.array([threshold], np.float32),
    )


def _fast(op: OpBuilder, boxes: ir.Value, scores: ir.Value, options: dict[str, Any]) -> list[ir.Value]:
    """One suppression over each box's best score; a box brings its best classes along."""
    most, each = int(options["max_detections"]), int(options.get("max_classes_per_detection", 1))
    each = min(each, int(options["num_classes"]))
    best = (
        op.ReduceMax(scores, axes=[2], keepdims=0) if op.opset < 18 else op.ReduceMax(scores, op.const([2]), keepdims=0)
    )
    found = op.Gather(_suppressed(op, boxes, op.Unsqueeze(best, op.const([1])), most, options), op.const(2), axis=1)
    top = op.node("TopK", [op.Squeeze(scores, op.const([0])), op.const([each])], {"axis": -1}, outputs=2)
    values, kinds = (op.Reshape(op.Gather(v, found, axis=0), op.const([-1])) for v in top.outputs)
    corners = op.Gather(op.Squeeze(boxes, op.const([0])), found, axis=0)
    corners = op.Reshape(op.Tile(op.Unsqueeze(corners, op.const([1])), op.const([1, each, 1])), op.const([-1, 4]))
    return _filled(op, corners, kinds, values, op.Size(found), most * each)


def _regular(op: OpBuilder, boxes: ir.Value, scores: ir.Value, options: dict[str, Any]) -> list[ir.Value]:
    """A suppression for each class, the best of all classes together."""
    most = int(options["max_detections"])
    each = min(int(options.get("detections_per_class", 100)), most)
    by_class = op.Transpose(scores, perm=[0, 2, 1])
    found = _suppressed(op, boxes, by_class, each, options)
    values = op.GatherND(by_class, found)
    values.type = ir.TensorType(_D.FLOAT)
    count = op.Min(op.Shape(values), op.const([most]))
    top = op.node("TopK", [values, count], {"axis": 0}, outputs=2)
    kept = op.Gather(found, top.outputs[1], axis=0)
    corners = op.Gather(op.Squeeze(boxes, op.const([0])), op.Gather(kept, op.const(2), axis=1), axis=0)
    top.outputs[0].type = ir.TensorType(_D.FLOAT)
    whole = most * int(options.get("max_classes_per_detection", 1))
    return _filled(
        op, corners, op.Gather(kept, op.const(1), axis=1), top.outputs[0], op.Squeeze(count, op.const([0])), whole
    )


def _filled(
    op: OpBuilder, corners: ir.Value, kinds: ir.Value, values: ir.Value, count: ir.Value, size: int
) -> list[ir.Value]:
    """Each list with zeros behind it, up to its full size, and a batch of one before it."""
    parts = []
    room((size, 6), 4, "its empty list of detections")
    for part, zeros in (
        (corners, np.zeros((size, 4), np.float32)),
        (op.Cast(kinds, to=_D.FLOAT), np.zeros(size, np.float32)),
        (values, np.zeros(size, np.float32)),
    ):
        whole = op.Slice(op.Concat(part, op.const(zeros), axis=0), op.const([0]), op.const([size]), op.const([0]))
        parts.append(op.Unsqueeze(whole, op.const([0])))
    return [*parts, op.Reshape(op.Cast(count, to=_D.FLOAT), op.const([1]))]


@handler("NON_MAX_SUPPRESSION_V4")
def non_max_suppression_v4(
    op: OpBuilder, node: ir.Node, boxes: ir.Value, scores: ir.Value, most: ir.Value, overlap: ir.Value, lowest: ir.Value
) -> list[ir.Value]:
    """NON_MAX_SUPPRESSION_V4 => NonMaxSuppression and zeros up to the full size. Source: non_max_suppression.h."""
    found = _selected(op, boxes, scores, most, overlap, lowest)
    return [zeros_behind(op, op.Cast(found, to=_D.INT32), most), op.Cast(op.Size(found), to=_D.INT32)]


@handler("NON_MAX_SUPPRESSION_V5")
def non_max_suppression_v5(
    op: OpBuilder,
    node: ir.Node,
    boxes: ir.Value,
    scores: ir.Value,
    most: ir.Value,
    overlap: ir.Value,
    lowest: ir.Value,
    sigma: ir.Value,
) -> list[ir.Value]:
    """NON_MAX_SUPPRESSION_V5 => NonMaxSuppression, or a Loop where scores are softened.

    Source: non_max_suppression.h.
    """
    counts = [v.shape[0] for v in (boxes, scores) if v.shape is not None and len(v.shape)]
    if len({count for count in counts if isinstance(count, int)}) > 1:
        raise Unsupported(f"it has {counts[0]} boxes and {counts[1]} scores")
    known = constant_array(sigma)
    if known is not None and float(known) <= 0:
        found = _selected(op, boxes, scores, most, overlap, lowest)
        values = op.Gather(scores, found, axis=0)
    else:
        found, values = softened(op, boxes, scores, most, overlap, lowest, sigma)
    behind = [zeros_behind(op, v, most) for v in (op.Cast(found, to=_D.INT32), values)]
    return [*behind, op.Cast(op.Size(found), to=_D.INT32)]


_JUST_BELOW = 1e-7
"""About one step of float32 at an overlap of one: ONNX suppresses above the limit, LiteRT at it."""
_LOST = -3e38
"""A score below every other in float32: of a box that is taken, or suppressed."""


def _selected(
    op: OpBuilder, boxes: ir.Value, scores: ir.Value, most: ir.Value, overlap: ir.Value, lowest: ir.Value
) -> ir.Value:
    """ONNX suppresses above the overlap, LiteRT also at it."""
    known = constant_array(overlap)
    if known is not None:
        limit: Any = np.nextafter(known.astype(np.float32).reshape(1), np.float32(-np.inf))
    else:
        limit = op.Reshape(op.Sub(overlap, np.float32(_JUST_BELOW)), op.const([1]))
    found = op.NonMaxSuppression(
        op.Unsqueeze(boxes, op.const([0])),
        op.Unsqueeze(scores, op.const([0, 1])),
        vector(op, most),
        limit,
        op.Reshape(lowest, op.const([1])),
    )
    return op.Gather(found, op.const(2), axis=1)


def zeros_behind(op: OpBuilder, part: ir.Value, most: ir.Value) -> ir.Value:
    """The list cut, or filled up with zeros, to `most` elements."""
    assert part.dtype is not None
    size = vector(op, most)
    zeros = op.ConstantOfShape(size, value=ir.tensor(np.zeros(1, part.dtype.numpy())))
    return op.Slice(op.Concat(part, zeros, axis=0), op.const([0]), size, op.const([0]))


def softened(
    op: OpBuilder,
    boxes: ir.Value,
    scores: ir.Value,
    most: ir.Value,
    overlap: ir.Value,
    lowest: ir.Value,
    sigma: ir.Value,
) -> tuple[ir.Value, ir.Value]:
    """Soft suppression: the best box is taken, every other score shrinks by exp(-iou^2 / (2 sigma)), and so on."""
    number = ir.Value(name="iteration", type=ir.TensorType(_D.INT64), shape=ir.Shape([]))
    going = ir.Value(name="going", type=ir.TensorType(_D.BOOL), shape=ir.Shape([]))
    left = ir.Value(name="scores_left", type=scores.type, shape=scores.shape)
    graph = op.editor.subgraph("soft_nms", [number, going, left])
    inner = OpBuilder(op.editor, op.opset, op.options)
    best = inner.ArgMax(left, axis=0, keepdims=0)
    value = inner.Gather(left, best, axis=0)
    box = inner.Unsqueeze(inner.Gather(boxes, best, axis=0), inner.const([0]))
    iou = _overlap(inner, boxes, box)
    factor = inner.Exp(inner.Div(inner.Mul(iou, iou), inner.Mul(sigma, np.float32(-2))))
    lost = np.float32(_LOST)
    after = inner.Where(inner.GreaterOrEqual(iou, overlap), lost, inner.Mul(left, factor))
    mine = inner.Equal(
        inner.Range(inner.const(0), inner.Squeeze(inner.Shape(left), inner.const([0])), inner.const(1)), best
    )
    after = inner.Where(mine, lost, after)
    again = inner.Greater(inner.ReduceMax(after, keepdims=0), inner.Reshape(lowest, inner.const(np.zeros(0, np.int64))))
    outputs = [
        inner.Reshape(again, inner.const(np.zeros(0, np.int64))),
        after,
        inner.Identity(best),
        inner.Identity(value),
    ]
    for made in inner.tape:
        op.editor.insert(made, graph=graph)
    op.editor.set_outputs(graph, outputs)
    none = op.const(np.zeros(0, np.int64))
    first = op.Reshape(op.Greater(op.ReduceMax(scores, keepdims=0), op.Reshape(lowest, none)), none)
    loop = op.node("Loop", [op.Reshape(vector(op, most), none), first, scores], {"body": graph}, outputs=3)
    for made_value, dtype in zip(loop.outputs, (_D.FLOAT, _D.INT64, _D.FLOAT), strict=True):
        made_value.type = ir.TensorType(dtype)
    return loop.outputs[1], loop.outputs[2]


def _overlap(op: OpBuilder, boxes: ir.Value, box: ir.Value) -> ir.Value:
    """Intersection over union of each box with one; corners may come in any order."""

    def corners(x: ir.Value) -> list[ir.Value]:
        y1, x1, y2, x2 = (op.Gather(x, op.const(i), axis=1) for i in range(4))
        return [op.Min(y1, y2), op.Min(x1, x2), op.Max(y1, y2), op.Max(x1, x2)]

    a, b = corners(boxes), corners(box)
    zero = np.float32(0)
    height = op.Max(op.Sub(op.Min(a[2], b[2]), op.Max(a[0], b[0])), zero)
    width = op.Max(op.Sub(op.Min(a[3], b[3]), op.Max(a[1], b[1])), zero)
    area = [op.Mul(op.Sub(c[2], c[0]), op.Sub(c[3], c[1])) for c in (a, b)]
    both = op.Mul(height, width)
    union = op.Sub(op.Add(*area), both)
    return op.Where(
        op.Greater(union, zero), op.Div(both, op.Where(op.Greater(union, zero), union, np.float32(1))), zero
    )
