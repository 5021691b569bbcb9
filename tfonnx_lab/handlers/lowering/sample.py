"""Pixels of images at computed places."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import onnx_ir as ir

from tfonnx_lab.errors import Unsupported
from tfonnx_lab.graph import OpBuilder, static_shape

_INT64 = ir.DataType.INT64


def image_shape(image: ir.Value) -> list[int]:
    """[n, h, w, c]. Raises Unsupported where it is not known."""
    shape = static_shape(image)
    if shape is None or len(shape) != 4:
        raise Unsupported("the shape of its image is not known; fix the input's shape")
    return shape


def picked(op: OpBuilder, image: ir.Value, row: ir.Value, column: ir.Value, zero_outside: bool = False) -> ir.Value:
    """The pixels of each image at rows and columns [n, ...] (floats): [n, ..., c]; outside the nearest one, or
    zeros."""
    count, height, width, channels = image_shape(image)
    rows, columns = (
        op.Cast(op.Clip(v, np.float32(0), np.float32(size - 1)), to=_INT64)
        for v, size in ((row, height), (column, width))
    )
    first = op.const((np.arange(count) * height * width).reshape(-1, 1, 1))
    at = op.Add(op.Add(first, op.Mul(rows, op.const(width))), columns)
    found = op.Gather(op.Reshape(image, op.const([-1, channels])), at, axis=0)
    if not zero_outside:
        return found
    inside = op.And(_within(op, row, height), _within(op, column, width))
    return op.Where(op.Unsqueeze(inside, op.const([3])), found, np.float32(0))


def _within(op: OpBuilder, x: ir.Value, size: int) -> ir.Value:
    return op.And(op.GreaterOrEqual(x, np.float32(0)), op.LessOrEqual(x, np.float32(size - 1)))


def blended(op: OpBuilder, pixel: Callable[[ir.Value, ir.Value], ir.Value], row: ir.Value, column: ir.Value,
            below: ir.Value, right: ir.Value) -> ir.Value:  # fmt: skip
    """Four pixels, from (row, column) to the right and below, by the shares that those have."""
    down, side = op.Add(row, np.float32(1)), op.Add(column, np.float32(1))
    share_below, share_right = (op.Unsqueeze(v, op.const([3])) for v in (below, right))
    lines = []
    for line in (row, down):
        left, other = pixel(line, column), pixel(line, side)
        lines.append(op.Add(left, op.Mul(op.Sub(other, left), share_right)))
    return op.Add(lines[0], op.Mul(op.Sub(lines[1], lines[0]), share_below))
