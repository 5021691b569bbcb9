"""Ops that give a tensor another shape: where a dimension of another size stands behind them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import onnx_ir as ir

from tfonnx_lab.graph import OpBuilder, attr, constant_array, static_shape
from tfonnx_lab.rewriters.dimension.state import LOST, MIXED, Follows, Refused, State


def transposed(op: OpBuilder, node: ir.Node, given: Sequence[Follows | None], out: ir.Value, size: int) -> State:
    """TRANSPOSE moves it where the permutation puts it."""
    perm = constant_array(node.inputs[1])
    return (
        LOST
        if given[0] is None or perm is None
        else replace(given[0], axis=[int(p) for p in perm].index(given[0].axis))
    )


def expanded(op: OpBuilder, node: ir.Node, given: Sequence[Follows | None], out: ir.Value, size: int) -> State:
    """EXPAND_DIMS: a new dimension, before it or behind it."""
    axis, shape = constant_array(node.inputs[1]), static_shape(out)
    if given[0] is None or axis is None or shape is None:
        return LOST
    return replace(given[0], axis=given[0].axis + (int(axis.reshape(-1)[0]) % len(shape) <= given[0].axis))


def squeezed(op: OpBuilder, node: ir.Node, given: Sequence[Follows | None], out: ir.Value, size: int) -> State:
    """SQUEEZE takes out other dimensions, which are 1."""
    shape, dims = static_shape(node.inputs[0]), attr(node, "squeeze_dims", None)
    if given[0] is None or shape is None or not dims:
        return LOST
    gone = {int(d) % len(shape) for d in dims}
    return (
        Refused("takes out the dimension of the batch, which is 1 in the file")
        if given[0].axis in gone
        else replace(given[0], axis=given[0].axis - sum(d < given[0].axis for d in gone))
    )


def reshaped(op: OpBuilder, node: ir.Node, given: Sequence[Follows | None], out: ir.Value, size: int) -> State:
    """The dimension of the target that holds it becomes -1."""
    shape, told = static_shape(node.inputs[0]), told_shape(node)
    if told is None:  # computed at run time, as LiteRT computes it
        return MIXED
    if given[0] is None or shape is None:
        return LOST
    many = math.prod(shape)
    rest = math.prod(d for d in told if d != -1)
    full = [many // rest if d == -1 and rest else d for d in told]
    if math.prod(full) != many:
        return LOST
    state = parted(shape, given[0], full, size)
    if isinstance(state, Follows) and told[state.axis] != -1:
        new = np.array([-1 if i == state.axis else d for i, d in enumerate(full)], np.int32)
        if len(node.inputs) > 1 and node.inputs[1] is not None:
            op.editor.set_input(node, 1, op.const(new))
        else:
            op.editor.set_attribute(node, "new_shape", new.tolist())
        op.note(f"{out.name} is reshaped to {new.tolist()}")
    return state


def told_shape(node: ir.Node) -> list[int] | None:
    """The shape that a RESHAPE is told by a constant or an option; None where it is computed."""
    if len(node.inputs) > 1 and node.inputs[1] is not None:
        array = constant_array(node.inputs[1])
        return None if array is None else [int(d) for d in array.reshape(-1)]
    return [int(d) for d in attr(node, "new_shape", None) or ()] or static_shape(node.outputs[0])


def parted(before: Sequence[int], state: Follows, after: Sequence[int], size: int, only: int | None = None) -> State:
    """Where the dimension stands when a tensor's entries are read as another shape.

    only: the one dimension that it may be in.
    """
    outside = math.prod(before[: state.axis]) * state.outer
    found = []
    for axis in range(len(after)):
        ahead, through = math.prod(after[:axis]), math.prod(after[: axis + 1])
        if ahead and through and outside % ahead == 0 and through % (outside * size) == 0:
            found.append(Follows(axis, outside // ahead, through // (outside * size)))
    found = [s for s in found if only in (None, s.axis)]
    return min(found, key=lambda s: (s.outer * s.inner, s.axis)) if found else LOST
