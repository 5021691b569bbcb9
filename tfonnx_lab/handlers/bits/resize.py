"""RESIZE_BILINEAR of codes, bit for bit."""

from __future__ import annotations

from typing import Any

import numpy as np
import onnx_ir as ir

from tfonnx_lab.graph import OpBuilder
from tfonnx_lab.handlers.lowering.shape import ints
from tfonnx_lab.handlers.resize import resize_codes
from tfonnx_lab.rules.bits import bits_handler, lacking

_D = ir.DataType
F = np.float32
ONE, HALF = F(1), F(0.5)


def _taken(node: ir.Node) -> str:
    x, size = node.inputs[:2]
    if why := lacking(x, _D.INT8, _D.UINT8, _D.INT16):
        return why
    if x is None or x.dtype != _D.UINT8:
        return ""
    return "" if ints(size) is not None and all(map(_is_known, _spatial(x))) else "its size is computed"


def _is_known(size: Any) -> bool:
    return isinstance(size, int)


def _spatial(x: ir.Value) -> list[Any]:
    return [None] if x.shape is None else list(x.shape)[1:3]


@bits_handler("RESIZE_BILINEAR", takes=_taken)
def resize_bilinear_on_codes(
    op: OpBuilder, node: ir.Node, x: ir.Value, size: ir.Value, *, align_corners: bool = False,
    half_pixel_centers: bool = False,
) -> ir.Value:  # fmt: skip
    """RESIZE_BILINEAR{on_codes} => sums with weights in 1024ths; of uint8 in float32. Source: resize_bilinear.h."""
    if x.dtype != _D.UINT8:
        return resize_codes(op, x, size, align_corners, half_pixel_centers)
    target = ints(size)
    assert target is not None
    ways = [_places(o, n, align_corners, half_pixel_centers) for o, n in zip(_spatial(x), target, strict=True)]
    codes = op.Cast(x, to=_D.FLOAT)
    total: ir.Value | None = None
    for right in (0, 1):
        for below in (0, 1):
            taken = op.Gather(codes, op.const(ways[0][below]), axis=1)
            taken = op.Gather(taken, op.const(ways[1][right]), axis=2)
            term = op.Mul(taken, _weights(op, ways[0][2], below, [-1, 1, 1]))
            term = op.Mul(term, _weights(op, ways[1][2], right, [-1, 1]))
            total = term if total is None else op.Add(total, term)
    return op.like(op.Cast(op.Floor(op.Add(total, HALF)), to=_D.UINT8), node.outputs[0])


def _weights(op: OpBuilder, distance: np.ndarray, far: int, shape: list[int]) -> ir.Value:
    return op.const((distance if far else ONE - distance).astype(F).reshape(shape))


def _places(old: int, new: int, align: bool, half: bool) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The two indices that each new position lies between, and its distance from the first.

    Source: ComputeInterpolationValues in resize_bilinear.h.
    """
    scale = F(F(old - 1) / F(new - 1)) if align and new > 1 else F(F(old) / F(new))
    at = np.arange(new, dtype=F)
    at = (at + HALF) * scale - HALF if half else at * scale
    low = np.maximum(np.floor(at).astype(np.int64), 0)
    high = np.minimum(np.ceil(at).astype(np.int64), old - 1)
    return low, high, at - low.astype(F)
