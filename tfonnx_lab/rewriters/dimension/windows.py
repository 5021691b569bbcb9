"""Ops that cut out, pad or part into blocks: where a dimension of another size stands behind them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import onnx_ir as ir

from tfonnx_lab.graph import OpBuilder, attr, constant_array, static_shape
from tfonnx_lab.rewriters.dimension.state import LOST, MIXED, Follows, Refused, State


def padded(op: OpBuilder, node: ir.Node, given: Sequence[Follows | None], out: ir.Value, size: int) -> State:
    """Pads along other dimensions; along it is what LiteRT does, too."""
    pads = constant_array(node.inputs[1])
    if given[0] is None or pads is None:
        return LOST
    return given[0] if not pads[given[0].axis].any() else LOST if given[0].merged else MIXED


def sliced(op: OpBuilder, node: ir.Node, given: Sequence[Follows | None], out: ir.Value, size: int) -> State:
    """All of the dimension: its size, where it is told, becomes -1."""
    shape, begin, sizes = static_shape(node.inputs[0]), constant_array(node.inputs[1]), constant_array(node.inputs[2])
    if given[0] is None or shape is None or begin is None or sizes is None:
        return LOST
    axis = given[0].axis
    if int(begin[axis]) or int(sizes[axis]) not in (-1, shape[axis]):
        return LOST
    if int(sizes[axis]) != -1:
        new = sizes.copy()
        new[axis] = -1
        op.editor.set_input(node, 2, op.const(new))
    return given[0]


def strided_slice(op: OpBuilder, node: ir.Node, given: Sequence[Follows | None], out: ir.Value, size: int) -> State:
    """All of the dimension: its end is where it ends."""
    shape, begin, end, strides = static_shape(node.inputs[0]), *(constant_array(v) for v in node.inputs[1:4])
    odd = any(attr(node, f"{name}_mask", 0) for name in ("ellipsis", "new_axis"))
    if given[0] is None or shape is None or begin is None or end is None or strides is None or odd:
        return LOST
    axis, shrunk, ends = given[0].axis, int(attr(node, "shrink_axis_mask", 0)), int(attr(node, "end_mask", 0))
    if axis < len(begin):
        starts = int(attr(node, "begin_mask", 0)) >> axis & 1 or int(begin[axis]) == 0
        stops = ends >> axis & 1 or int(end[axis]) >= shape[axis]
        if shrunk >> axis & 1 and size == 1:
            return Refused("takes out the dimension of the batch, which is 1 in the file")
        if not starts or not stops or int(strides[axis]) != 1 or shrunk >> axis & 1:
            return LOST
        if not ends >> axis & 1:
            op.editor.set_attribute(node, "end_mask", ends | 1 << axis)
    return replace(given[0], axis=axis - sum(shrunk >> a & 1 for a in range(axis)))


def blocks(op: OpBuilder, node: ir.Node, given: Sequence[Follows | None], out: ir.Value, size: int) -> State:
    """SPACE_TO_BATCH_ND and BATCH_TO_SPACE_ND: the positions within a block stand outside of the batch."""
    block = constant_array(node.inputs[1])
    if given[0] is None or block is None or given[0].axis:
        return LOST
    many = int(block.prod())
    if node.op_type == "SPACE_TO_BATCH_ND":
        return replace(given[0], outer=given[0].outer * many)
    return LOST if not many or given[0].outer % many else replace(given[0], outer=given[0].outer // many)
