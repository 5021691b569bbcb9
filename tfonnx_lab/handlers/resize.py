"""RESIZE_BILINEAR and RESIZE_NEAREST_NEIGHBOR."""

from __future__ import annotations

import numpy as np
import onnx_ir as ir

from tfonnx_lab.graph import OpBuilder, attr
from tfonnx_lab.handlers._layout import to_channels_first, to_channels_last
from tfonnx_lab.handlers._shape import dims, ints, vector
from tfonnx_lab.rules import handler

_D = ir.DataType


@handler("RESIZE_BILINEAR")
def resize_bilinear(op: OpBuilder, node: ir.Node, x: ir.Value, size: ir.Value) -> ir.Value:
    """RESIZE_BILINEAR => Transpose, Resize{linear}, Transpose. Source: resize_bilinear.h."""
    y = _resize(op, to_channels_first(op, x), x, size, mode="linear", coordinate_transformation_mode=_coordinates(node))
    return to_channels_last(op, y)


@handler("RESIZE_NEAREST_NEIGHBOR")
def resize_nearest_neighbor(op: OpBuilder, node: ir.Node, x: ir.Value, size: ir.Value) -> ir.Value:
    """RESIZE_NEAREST_NEIGHBOR => Resize{nearest} by whole factors, else Gather of LiteRT's rows and columns.

    Source: GetNearestNeighbor in resize_nearest_neighbor.h.
    """
    target = ints(size)
    spatial = None if x.shape is None else list(x.shape)[1:3]
    align, half = bool(attr(node, "align_corners", False)), bool(attr(node, "half_pixel_centers", False))
    if target is None or spatial is None or not all(isinstance(d, int) for d in spatial):
        return _resize_nearest(op, x, size, align, half)
    known = [int(d) for d in spatial]  # type: ignore[arg-type]
    factors = [t // s if s and t % s == 0 else 0 for t, s in zip(target, known, strict=True)]
    if all(factors) and not align and x.dtype in (_D.FLOAT, _D.INT8, _D.UINT8):
        return _resize_nearest(op, x, size, align, half=False)
    for axis, (old, new) in enumerate(zip(known, target, strict=True), 1):
        x = op.Gather(x, op.const(nearest(old, new, align, half)), axis=axis)
    return x


def nearest(old: int, new: int, align: bool, half: bool) -> np.ndarray:
    """The index that each of the new positions takes, in LiteRT's float32 arithmetic."""
    scale = np.float32((old - 1) / np.float32(new - 1)) if align and new > 1 else np.float32(old / np.float32(new))
    position = (np.arange(new, dtype=np.float32) + np.float32(0.5 if half else 0)) * scale
    index = np.floor(position + np.float32(0.5)) if align else np.floor(position)
    return np.clip(index, 0, old - 1).astype(np.int64)


def _resize_nearest(op: OpBuilder, x: ir.Value, size: ir.Value, align: bool, half: bool) -> ir.Value:
    how = "align_corners" if align else "half_pixel" if half else "asymmetric"
    rounding = "round_prefer_ceil" if align or half else "floor"
    y = _resize(
        op, to_channels_first(op, x), x, size, mode="nearest", coordinate_transformation_mode=how, nearest_mode=rounding
    )
    return to_channels_last(op, y)


def _coordinates(node: ir.Node) -> str:
    if attr(node, "align_corners", False):
        return "align_corners"
    return "half_pixel" if attr(node, "half_pixel_centers", False) else "asymmetric"


def _resize(op: OpBuilder, first: ir.Value, x: ir.Value, size: ir.Value, **options: str) -> ir.Value:
    """Resize of channels-first `first` to the height and width in `size`."""
    target = ints(size)
    whole = op.Concat(dims(op, x, [0, 3]), vector(op, size), axis=0)
    made = op.node("Resize", [first, None, None, whole], dict(options))
    made.outputs[0].type = x.type
    if first.shape is not None:
        lead = list(first.shape)[:2]
        spatial: list[int | None] = [None, None] if target is None else [*target]
        made.outputs[0].shape = ir.Shape([*lead, *spatial])
    return made.outputs[0]
