"""Ops that join, take apart and choose: where a dimension of another size stands behind them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import onnx_ir as ir

from tfonnx_lab.graph import OpBuilder, attr, constant_array, quantization, static_shape
from tfonnx_lab.graph.meta import QUANTIZATION
from tfonnx_lab.rewriters.dimension.state import LOST, MIXED, Follows, Refused, Rules, State


def _one_of(node: ir.Node, index: int) -> int | None:
    """The only number of a constant input."""
    array = constant_array(node.inputs[index])
    return int(array.reshape(-1)[0]) if array is not None and array.size == 1 else None


def transposed_conv(op: OpBuilder, node: ir.Node, given: Sequence[Follows | None], out: ir.Value, size: int) -> State:
    """Images one by one; of the output's constant shape only the positions count. Source: transpose_conv.cc."""
    state = given[2]
    return state if state is not None and state.axis == 0 and not any(given[:2]) else LOST


def tile(op: OpBuilder, node: ir.Node, given: Sequence[Follows | None], out: ir.Value, size: int) -> State:
    """Once along the dimension: as it stands; more often is what LiteRT does, too. Source: tile.cc."""
    many = constant_array(node.inputs[1])
    if given[0] is None or many is None:
        return LOST
    return given[0] if int(many.reshape(-1)[given[0].axis]) == 1 else LOST if given[0].merged else MIXED


def joined(op: OpBuilder, node: ir.Node, given: Sequence[Follows | None], out: ir.Value, size: int) -> State:
    """CONCATENATION along another dimension; what is computed for one example only is repeated for each."""
    shape = static_shape(out)
    states = {state for state in given if state is not None}
    if shape is None or len(states) != 1:
        return LOST
    (state,) = states
    if state.axis == attr(node, "axis", 0) % len(shape):
        return LOST if state.merged else MIXED
    return _all_as_long(op, node, given, state, size)


def packed(op: OpBuilder, node: ir.Node, given: Sequence[Follows | None], out: ir.Value, size: int) -> State:
    """PACK: a new dimension, before it or behind it."""
    shape = static_shape(out)
    states = {state for state in given if state is not None}
    if shape is None or len(states) != 1:
        return LOST
    state = _all_as_long(op, node, given, states.pop(), size)
    if not isinstance(state, Follows):
        return state
    return replace(state, axis=state.axis + (attr(node, "axis", 0) % len(shape) <= state.axis))


def _all_as_long(op: OpBuilder, node: ir.Node, given: Sequence[Follows | None], state: Follows, size: int) -> State:
    """Repeat the inputs that do not have the dimension, where they are of one example."""
    source = next(v for v, known in zip(node.inputs, given, strict=True) if known is not None)
    for index, (value, known) in enumerate(zip(node.inputs, given, strict=True)):
        if known is not None:
            continue
        own = None if value is None else static_shape(value)
        if value is None or source is None or own is None:
            return LOST
        if size != 1 or state.merged or own[state.axis] != 1:
            return Refused(f"takes {value.name}, of the fixed shape {own}, with a tensor of the new batch")
        op.editor.set_input(node, index, _repeated(op, node, value, source, len(own), state.axis))
        op.note(f"{value.name} is repeated for each of the batch")
    return state


def _repeated(op: OpBuilder, node: ir.Node, value: ir.Value, source: ir.Value, size: int, axis: int) -> ir.Value:
    """Expand(value), as long as another tensor is along the axis."""

    def made(op_type: str, inputs: list[ir.Value], **attributes: int) -> ir.Value:
        new = op.node(op_type, inputs, attributes, domain="")
        op.editor.insert(new, before=node)
        return new.outputs[0]

    long = made("Gather", [made("Shape", [source]), op.const(np.array([axis], np.int64))], axis=0)
    ones = [op.const(np.ones(n, np.int64)) for n in (axis, size - axis - 1)]
    parts = [part for part, n in ((ones[0], axis), (long, 1), (ones[1], size - axis - 1)) if n]
    wide = made("Expand", [value, made("Concat", parts, axis=0) if len(parts) > 1 else long])
    op.editor.describe(wide, QUANTIZATION, quantization(value))
    return wide


def unpacked(op: OpBuilder, node: ir.Node, given: Sequence[Follows | None], out: ir.Value, size: int) -> State:
    """UNPACK along another dimension, which goes."""
    shape = static_shape(node.inputs[0])
    if given[0] is None or shape is None:
        return LOST
    axis = attr(node, "axis", 0) % len(shape)
    if axis == given[0].axis:
        return Refused("takes the batch apart into as many tensors as the file's batch had entries")
    return replace(given[0], axis=given[0].axis - (axis < given[0].axis))


def split(op: OpBuilder, node: ir.Node, given: Sequence[Follows | None], out: ir.Value, size: int) -> State:
    """Along another dimension; along it into one part, which is all of it."""
    index = 1 if node.op_type == "SPLIT" else 0
    axis, state, shape = _one_of(node, 0 if index else 2), given[index], static_shape(out)
    if state is None or axis is None or shape is None:
        return LOST
    if axis % len(shape) != state.axis or (node.op_type == "SPLIT" and len(node.outputs) == 1):
        return state
    return Refused("splits the batch into parts of the sizes that belong to the file's")


def gathered(op: OpBuilder, node: ir.Node, given: Sequence[Follows | None], out: ir.Value, size: int) -> State:
    """GATHER: dimensions before and behind the axis stay, in its place stand those of the indices."""
    shapes = [static_shape(v) for v in node.inputs[:2]]
    if shapes[0] is None or shapes[1] is None:
        return LOST
    many = int(attr(node, "batch_dims", 0))
    many = many % (len(shapes[1]) + 1) if many < 0 else many
    axis = int(attr(node, "axis", 0)) % len(shapes[0])
    data, places = given[0], given[1]
    if many:  # rows of indices belong to rows of data
        return data if data is not None and data == places and data.axis < many else LOST
    if data is not None and places is not None:
        return LOST
    if places is not None:
        return replace(places, axis=places.axis + axis)
    if data is None or data.axis == axis:
        only = data is not None and size == 1 and not data.merged
        return Refused("takes entries of the batch by their places in the file's") if only else LOST
    return data if data.axis < axis else replace(data, axis=data.axis - 1 + len(shapes[1]))


def looked_up(op: OpBuilder, node: ir.Node, given: Sequence[Follows | None], out: ir.Value, size: int) -> State:
    """EMBEDDING_LOOKUP and GATHER_ND: for each index what stands there in a table."""
    index = 0 if node.op_type == "EMBEDDING_LOOKUP" else 1
    shape, state = static_shape(node.inputs[index]), given[index]
    if state is None or shape is None or given[1 - index] is not None:
        return LOST
    return LOST if index and state.axis == len(shape) - 1 else state


def one_hot(op: OpBuilder, node: ir.Node, given: Sequence[Follows | None], out: ir.Value, size: int) -> State:
    """ONE_HOT: a new dimension."""
    shape = static_shape(out)
    if given[0] is None or shape is None or any(given[1:]):
        return LOST
    return replace(given[0], axis=given[0].axis + (attr(node, "axis", -1) % len(shape) <= given[0].axis))


def best(op: OpBuilder, node: ir.Node, given: Sequence[Follows | None], out: ir.Value, size: int) -> State:
    """ARG_MAX and ARG_MIN: the dimension that they look along goes."""
    shape, axis = static_shape(node.inputs[0]), _one_of(node, 1)
    if given[0] is None or shape is None or axis is None:
        return LOST
    gone = axis % len(shape)
    if gone == given[0].axis:
        return LOST if given[0].merged else None
    return replace(given[0], axis=given[0].axis - (gone < given[0].axis))


def along(op: OpBuilder, node: ir.Node, given: Sequence[Follows | None], out: ir.Value, size: int) -> State:
    """CUMSUM and REVERSE_V2 along other dimensions."""
    shape, axes = static_shape(node.inputs[0]), constant_array(node.inputs[1])
    if given[0] is None or shape is None or axes is None:
        return LOST
    mixes = given[0].axis in {int(a) % len(shape) for a in axes.reshape(-1)}
    return given[0] if not mixes else LOST if given[0].merged else MIXED


def matrices(op: OpBuilder, node: ir.Node, given: Sequence[Follows | None], out: ir.Value, size: int) -> State:
    """RFFT2D: the last two dimensions mix."""
    shape = static_shape(node.inputs[0])
    return LOST if given[0] is None or shape is None or given[0].axis >= len(shape) - 2 else given[0]


def updated(op: OpBuilder, node: ir.Node, given: Sequence[Follows | None], out: ir.Value, size: int) -> State:
    """DYNAMIC_UPDATE_SLICE of all of the dimension. Source: dynamic_update_slice.cc."""
    begin = constant_array(node.inputs[2])
    if given[0] is None or given[0] != given[1] or begin is None:
        return LOST
    return LOST if int(begin.reshape(-1)[given[0].axis]) else given[0]


def reversed_rows(op: OpBuilder, node: ir.Node, given: Sequence[Follows | None], out: ir.Value, size: int) -> State:
    """REVERSE_SEQUENCE: each of the batch by a length of its own. Source: reverse_sequence.cc."""
    own = given[0] is not None and given[1] is not None and replace(given[1], axis=given[0].axis) == given[0]
    return given[0] if own and given[0] and given[0].axis == attr(node, "batch_dim", 0) else LOST


def second(op: OpBuilder, node: ir.Node, given: Sequence[Follows | None], out: ir.Value, size: int) -> State:
    """HASHTABLE_FIND: each key by itself."""
    return given[1] if given[1] is not None and not given[0] and not any(given[2:]) else LOST


def diagonal(op: OpBuilder, node: ir.Node, given: Sequence[Follows | None], out: ir.Value, size: int) -> State:
    """MATRIX_DIAG and BITCAST: another last dimension, or one less."""
    shape = static_shape(node.inputs[0])
    return LOST if given[0] is None or shape is None or given[0].axis == len(shape) - 1 else given[0]


def of_its_shape(op: OpBuilder, node: ir.Node, given: Sequence[Follows | None], out: ir.Value, size: int) -> State:
    """SHAPE and what counts entries: numbers that are those of the new shape, as LiteRT's are."""
    return MIXED


def one_at_a_time(op: OpBuilder, node: ir.Node, given: Sequence[Follows | None], out: ir.Value, size: int) -> State:
    """NON_MAX_SUPPRESSION chooses among the boxes of one image. Source: non_max_suppression.cc."""
    return Refused("takes the boxes of one image at a time")


def told(op: OpBuilder, node: ir.Node, given: Sequence[Follows | None], out: ir.Value, size: int) -> State:
    """BROADCAST_TO a constant shape, which holds the file's size."""
    target, shape = constant_array(node.inputs[1]), static_shape(node.inputs[0])
    if target is None or shape is None or given[0] is None:
        return LOST
    return Refused(f"is told to make {[int(d) for d in target.reshape(-1)]}, as the file has it")


MOVING: Rules = {
    **dict.fromkeys(("ARG_MAX", "ARG_MIN"), best),
    **dict.fromkeys(("CUMSUM", "REVERSE_V2"), along),
    **dict.fromkeys(("EMBEDDING_LOOKUP", "GATHER_ND"), looked_up),
    **dict.fromkeys(("NON_MAX_SUPPRESSION_V4", "NON_MAX_SUPPRESSION_V5"), one_at_a_time),
    **dict.fromkeys(("SHAPE", "WHERE", "UNIQUE"), of_its_shape),
    **dict.fromkeys(("SPLIT", "SPLIT_V"), split),
    **dict.fromkeys(("TRANSPOSE_CONV", "CONV_3D_TRANSPOSE"), transposed_conv),
    "BROADCAST_TO": told,
    "CONCATENATION": joined,
    "GATHER": gathered,
    **dict.fromkeys(("BITCAST", "MATRIX_DIAG"), diagonal),
    "DYNAMIC_UPDATE_SLICE": updated,
    "HASHTABLE_FIND": second,
    "REVERSE_SEQUENCE": reversed_rows,
    "ONE_HOT": one_hot,
    "PACK": packed,
    "RFFT2D": matrices,
    "TILE": tile,
    "UNPACK": unpacked,
}
