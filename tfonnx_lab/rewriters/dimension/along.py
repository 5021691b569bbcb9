"""Ops that compute along some dimensions: where another one, that gets another size, stands behind them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

import onnx_ir as ir

from tfonnx_lab.graph import OpBuilder, attr, constant_array, static_shape
from tfonnx_lab.rewriters.dimension.entries import broadcast
from tfonnx_lab.rewriters.dimension.shapes import parted
from tfonnx_lab.rewriters.dimension.state import LOST, MIXED, Follows, State


def without_last(op: OpBuilder, node: ir.Node, given: Sequence[Follows | None], out: ir.Value, size: int) -> State:
    """Ops that mix the last dimension alone."""
    shape = static_shape(node.inputs[0])
    if given[0] is None or shape is None:
        return LOST
    return given[0] if given[0].axis != len(shape) - 1 else LOST if given[0].merged else MIXED


def reduced(op: OpBuilder, node: ir.Node, given: Sequence[Follows | None], out: ir.Value, size: int) -> State:
    """Ops that reduce other dimensions; along it nothing of it is left."""
    shape, axes = static_shape(node.inputs[0]), constant_array(node.inputs[1])
    if given[0] is None or shape is None or axes is None:
        return LOST
    gone = {int(a) % len(shape) for a in axes.reshape(-1)}
    if given[0].axis in gone:  # provably gone: what is merged with it would be mixed
        return LOST if given[0].merged else None
    kept = bool(attr(node, "keep_dims", False))
    return given[0] if kept else replace(given[0], axis=given[0].axis - sum(a < given[0].axis for a in gone))


def rows(op: OpBuilder, node: ir.Node, given: Sequence[Follows | None], out: ir.Value, size: int) -> State:
    """FULLY_CONNECTED: rows of the last dimension; without keep_num_dims all others become one."""
    shape, weights = static_shape(node.inputs[0]), static_shape(node.inputs[1])
    if given[0] is None or shape is None or weights is None or any(given[1:]):
        return LOST
    if attr(node, "keep_num_dims", False):
        return LOST if given[0].axis == len(shape) - 1 else given[0]
    rows = math.prod(shape) // weights[1] if weights[1] else 0
    return parted(shape, given[0], [rows, weights[1]], size, only=0)


def products(op: OpBuilder, node: ir.Node, given: Sequence[Follows | None], out: ir.Value, size: int) -> State:
    """BATCH_MATMUL: the dimensions before the two of the matrices broadcast; so do the rows of the first matrix."""
    shapes = [static_shape(v) for v in node.inputs]
    wide = static_shape(out)
    if wide is None or None in shapes:
        return LOST
    state = broadcast(op, node, given, out, size)
    if isinstance(state, Follows) and state.axis < len(wide) - 2:
        return state
    left = given[0]
    rows = (
        left is not None
        and given[1] is None
        and left.axis == len(shapes[0] or ()) - 2
        and not attr(node, "adj_x", False)
    )
    return replace(left, axis=len(wide) - 2) if rows and left is not None else LOST
