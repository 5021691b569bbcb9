"""Lines drawn into images.

Source: draw_bounding_box_op.cc of TensorFlow.

Ops: FlexDrawBoundingBoxes, FlexDrawBoundingBoxesV2.
"""

from __future__ import annotations

import numpy as np
import onnx_ir as ir

from tfonnx_lab.errors import Unsupported
from tfonnx_lab.graph import OpBuilder
from tfonnx_lab.handlers.lowering.numeric import cast
from tfonnx_lab.handlers.lowering.reduction import reduce
from tfonnx_lab.handlers.lowering.shape import dims
from tfonnx_lab.rules import handler

_D = ir.DataType
_COLOURS = np.array(
    [[1, 1, 0, 1], [0, 0, 1, 1], [1, 0, 0, 1], [0, 1, 0, 1], [0.5, 0, 0.5, 1], [0.5, 0.5, 0, 1], [0.5, 0, 0, 1],
     [0, 0, 0.5, 1], [0, 1, 1, 1], [1, 0, 1, 1]], np.float32
)  # fmt: skip
"""The colours of the first ten boxes where none are given."""


@handler("FlexDrawBoundingBoxes", "FlexDrawBoundingBoxesV2")
def draw_bounding_boxes(
    op: OpBuilder, node: ir.Node, image: ir.Value, boxes: ir.Value, colours: ir.Value | None = None
) -> ir.Value:
    """FlexDrawBoundingBoxesV2(image, boxes, colours) => Where a box's edge lies, its colour; the last box counts."""
    rows, columns = (dims(op, image, [axis]) for axis in (1, 2))
    top, left, bottom, right = (_place(op, boxes, k, columns if k % 2 else rows) for k in range(4))
    row, column = op.Unsqueeze(_line(op, rows), op.const([1])), op.Unsqueeze(_line(op, columns), op.const([0]))
    in_rows = op.And(op.GreaterOrEqual(row, top), op.LessOrEqual(row, bottom))
    in_columns = op.And(op.GreaterOrEqual(column, left), op.LessOrEqual(column, right))
    across = op.And(op.Or(op.Equal(row, top), op.Equal(row, bottom)), in_columns)
    down = op.And(op.Or(op.Equal(column, left), op.Equal(column, right)), in_rows)
    real = op.And(op.LessOrEqual(top, bottom), op.LessOrEqual(left, right))
    edge = op.And(op.Or(across, down), real)  # [batch, boxes, rows, columns]
    number = op.Unsqueeze(op.Add(_line(op, dims(op, boxes, [1])), op.const(1)), op.const([1, 2]))
    none = op.Expand(op.const(0), op.Concat(dims(op, image, [0]), op.const([1]), rows, columns, axis=0))
    drawn = op.Concat(none, op.Where(edge, number, op.const(0)), axis=1)
    last = reduce(op, "ReduceMax", drawn, [1], False)  # [batch, rows, columns]: a box's number, 0 where there is none
    table = _table(op, image, colours)
    count = op.Gather(op.Shape(table), op.const(0), axis=0)
    colour = op.Gather(table, op.Mod(op.Max(op.Sub(last, op.const(1)), op.const(0)), count), axis=0)
    there = op.Unsqueeze(op.Greater(last, op.const(0)), op.const([3]))
    return op.Where(there, cast(op, colour, image.dtype), image)


def _line(op: OpBuilder, count: ir.Value) -> ir.Value:
    return op.Range(op.const(0), op.Reshape(count, op.const(np.zeros(0, np.int64))), op.const(1))


def _place(op: OpBuilder, boxes: ir.Value, side: int, size: ir.Value) -> ir.Value:
    """The row or column of a side of each box, towards zero: [batch, boxes, 1, 1]."""
    share = cast(op, op.Gather(boxes, op.const(side), axis=2), _D.FLOAT)
    reach = op.Cast(op.Sub(size, op.const(1)), to=_D.FLOAT)
    return op.Unsqueeze(op.Cast(op.Mul(share, reach), to=_D.INT64), op.const([2, 3]))


def _table(op: OpBuilder, image: ir.Value, colours: ir.Value | None) -> ir.Value:
    """The colours [count, channels] of the boxes, repeated in order."""
    channels = list(image.shape or [None])[-1]
    given = None if colours is None or colours.shape is None else list(colours.shape)
    if colours is not None and (given is None or given[0] != 0):
        if given is None or not isinstance(given[0], int):
            op.note("the number of colours is not known: taken to be at least one")
        return op.Slice(colours, op.const([0]), dims(op, image, [3]), op.const([1]))
    if channels not in (1, 3, 4):
        raise Unsupported("the image's channels are not known to be 1, 3 or 4")
    own = _COLOURS.copy()
    own[:, 0] = 1 if channels == 1 else own[:, 0]
    return op.const(own[:, :channels])
