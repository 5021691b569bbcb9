"""A dimension of an input that gets another size, the batch mostly, followed through the ops of the file.

Constants of the file hold the old size where an op is told a shape: of RESHAPE and SLICE. They follow. Nothing is
guessed: where an op mixes the dimension with others, or is not known here, it is lost, and a RESHAPE behind that cannot
follow is an error.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
import onnx_ir as ir

from tfonnx_lab.errors import ConversionError
from tfonnx_lab.graph import TFLITE, TFLITE_CUSTOM, OpBuilder, attr, constant_array, static_shape
from tfonnx_lab.graph.meta import PLACE
from tfonnx_lab.graph.op_families import BROADCASTING, REDUCING
from tfonnx_lab.rewriters.dimension_bodies import CONTROL, through_bodies
from tfonnx_lab.rewriters.dimension_moves import MOVING
from tfonnx_lab.rewriters.dimension_ops import ALONG_FIRST, ELEMENTWISE, PAIRWISE, WITHOUT_LAST
from tfonnx_lab.rewriters.dimension_state import LOST, MIXED, Follows, Mixed, Refused, Rules, State


def follow(op: OpBuilder, changed: Mapping[ir.Value, int], size: int) -> dict[ir.Value, Follows | str]:
    """Let the constants of RESHAPE and SLICE follow inputs of which one dimension changes.

    changed: input => which dimension.
    size: what it was, the same for all.
    Returns where the dimension stands in each tensor that depends on them, or why that is not known.
    Raises ConversionError, with op, place and remedy, for a RESHAPE to a constant shape that cannot follow; of a new
    batch (each dimension is the first) also for an op that would leave out its entries or mix what it is merged with,
    and for an output that had the file's batch and is not known to follow.
    """
    batch = not any(changed.values())
    found = _walk(op, op.editor.graph, {value: Follows(axis) for value, axis in changed.items()}, size, batch)
    for value in op.editor.graph.outputs if batch else ():
        state = found.get(value)
        if isinstance(state, str) and not isinstance(state, Mixed) and size in (static_shape(value) or [size]):
            raise ConversionError(_refusal(f"the output {value.name} does not follow the new batch: {state}"))
    return found


def _walk(
    op: OpBuilder, graph: ir.Graph, known: Mapping[ir.Value, State], size: int, batch: bool
) -> dict[ir.Value, Follows | str]:
    """As `follow`, of one graph, whose inputs are known."""
    found = {value: state for value, state in known.items() if state is not None}
    for node in list(graph):
        given = [found.get(v) if v is not None else None for v in node.inputs]
        if not any(given):
            continue
        for value, state in zip(node.outputs, _states(op, node, given, size, batch), strict=True):
            if node.op_type == "RESHAPE" and isinstance(state, str) and _is_fixed(node):
                raise ConversionError(_cannot(node, state))
            if batch and isinstance(state, Refused):
                raise ConversionError(_refusal(state))
            if batch and isinstance(state, str) and _parts(given):
                raise ConversionError(_refusal(f"{state}, in a dimension that holds the batch and more"))
            if state is not None:
                found[value] = state
    return found


def _parts(given: Sequence[State]) -> bool:
    """Whether an op that mixes the dimension mixes entries of different examples with it; LiteRT never does."""
    known = [state for state in given if state is not None]
    return any(isinstance(s, Follows) and s.merged for s in known) and not any(isinstance(s, str) for s in known)


def _states(op: OpBuilder, node: ir.Node, given: Sequence[State], size: int, batch: bool) -> list[State]:
    """Where the dimension stands in each output of the op."""
    if node.domain == TFLITE and node.op_type in CONTROL:
        states = through_bodies(node, given, lambda graph, known: _walk(op, graph, known, size, batch))
        return [_placed(node, state) if isinstance(state, Refused) else state for state in states]
    lost = sorted((s for s in given if isinstance(s, str)), key=lambda s: isinstance(s, Mixed))
    if lost:
        return [lost[0]] * len(node.outputs)
    follows = [s if isinstance(s, Follows) else None for s in given]
    return [_after(op, node, follows, value, size) for value in node.outputs]


def _placed(node: ir.Node, why: str) -> str:
    """The reason of an op, with where it stands."""
    return type(why)(f"{node.op_type} ({node.meta.get(PLACE, node.name)}) {why}")


def _refusal(why: str) -> str:
    return (
        f"inputs: {why}. Convert with the file's own shapes, or make the file again with that batch (or with an open "
        "one) in TensorFlow"
    )


def _is_fixed(node: ir.Node) -> bool:
    """Whether a RESHAPE is told each dimension by a constant."""
    target = _target(node)
    return target is not None and -1 not in target


def _cannot(node: ir.Node, why: str) -> str:
    before, after = static_shape(node.inputs[0]), _target(node)
    return (
        f"inputs: RESHAPE ({node.meta.get(PLACE, node.name)}) is told to make {after} of {before}, as the file has "
        f"it, and cannot follow the new shape of the input: {why}. Convert with the file's own shapes, or make the "
        "file again with that batch (or with an open one) in TensorFlow"
    )


def _target(node: ir.Node) -> list[int] | None:
    """The shape that a RESHAPE is told by a constant or an option; None where it is computed."""
    if len(node.inputs) > 1 and node.inputs[1] is not None:
        array = constant_array(node.inputs[1])
        return None if array is None else [int(d) for d in array.reshape(-1)]
    return [int(d) for d in attr(node, "new_shape", None) or ()] or static_shape(node.outputs[0])


def _after(op: OpBuilder, node: ir.Node, given: Sequence[Follows | None], out: ir.Value, size: int) -> State:
    """Where the dimension stands in an output of the op."""
    rule = {TFLITE: _RULES, TFLITE_CUSTOM: _CUSTOM_RULES}.get(node.domain, {}).get(node.op_type)
    if rule is None:  # of a custom op nothing is known, also not that it is wrong
        state: State = LOST if node.domain == TFLITE else MIXED
    else:
        state = rule(op, node, given, out, size)
    if state in (LOST, MIXED):
        return _placed(node, type(state)("mixes it with others"))
    return _placed(node, state) if isinstance(state, Refused) else state


def _same(op: OpBuilder, node: ir.Node, given: Sequence[Follows | None], out: ir.Value, size: int) -> State:
    return given[0] if given[0] is not None else LOST


def _along_first(op: OpBuilder, node: ir.Node, given: Sequence[Follows | None], out: ir.Value, size: int) -> State:
    """Ops that take the entries of the first dimension one by one."""
    return given[0] if given[0] is not None and not any(given[1:]) and given[0].axis == 0 else LOST


def _images(op: OpBuilder, node: ir.Node, given: Sequence[Follows | None], out: ir.Value, size: int) -> State:
    """Ops that take images one by one, and what belongs to each from other inputs: places of MaxUnpooling2D."""
    states = {state for state in given if state is not None}
    return given[0] if given[0] is not None and len(states) == 1 and given[0].axis == 0 else LOST


def _one_image(op: OpBuilder, node: ir.Node, given: Sequence[Follows | None], out: ir.Value, size: int) -> State:
    """An op of one image, in LiteRT as well. Source: kBatchSize in detection_postprocess.cc."""
    raise ConversionError(
        f"inputs: {node.op_type} ({node.meta.get(PLACE, node.name)}) takes one image at a time, in LiteRT "
        "as well. Convert with the file's own batch, and run it once for each image"
    )


def _without_last(op: OpBuilder, node: ir.Node, given: Sequence[Follows | None], out: ir.Value, size: int) -> State:
    """Ops that mix the last dimension alone."""
    shape = static_shape(node.inputs[0])
    if given[0] is None or shape is None:
        return LOST
    return given[0] if given[0].axis != len(shape) - 1 else LOST if given[0].merged else MIXED


def _broadcast(op: OpBuilder, node: ir.Node, given: Sequence[Follows | None], out: ir.Value, size: int) -> State:
    shape = static_shape(out)
    if shape is None:
        return LOST
    found = set()
    for index, state in enumerate(given):
        own = static_shape(node.inputs[index])
        if state is not None and own is not None:
            found.add(replace(state, axis=state.axis + _missing(node, index, len(own), len(shape))))
    if len(found) != 1:
        return LOST
    state = found.pop()
    for index, known in enumerate(given):
        own = static_shape(node.inputs[index]) if node.inputs[index] is not None else []
        place = -1 if own is None else state.axis - _missing(node, index, len(own), len(shape))
        if known is None and (own is None or (0 <= place < len(own) and own[place] != 1)):
            return LOST
    return state


def _missing(node: ir.Node, index: int, own: int, wide: int) -> int:
    """How many dimensions of the output stand before an input's first; SELECT's vector chooses rows."""
    return 0 if node.op_type == "SELECT" and index == 0 and own == 1 else wide - own


def _stretched(op: OpBuilder, node: ir.Node, given: Sequence[Follows | None], out: ir.Value, size: int) -> State:
    """Entry by entry; an input that is as long as the dimension was, and stays so, is an error."""
    shape = static_shape(out) or []
    for left, state in enumerate(given):
        one = static_shape(node.inputs[left])
        if state is None or one is None:
            continue
        axis = state.axis + _missing(node, left, len(one), len(shape))
        for index, known in enumerate(given):
            own = static_shape(node.inputs[index]) or []
            place = axis - _missing(node, index, len(own), len(shape))
            if known is None and 0 <= place < len(own) and own[place] == state.outer * size * state.inner > 1:
                name = node.inputs[index].name  # type: ignore[union-attr] # it has a shape
                raise ConversionError(
                    f"inputs: {node.op_type} ({node.meta.get(PLACE, node.name)}) takes {name}, of the fixed shape "
                    f"{own}, entry by entry with a tensor of which dimension {state.axis} is {own[place]} no more. "
                    "Convert with the file's own shapes, or make the file again with that batch in TensorFlow"
                )
    return _broadcast(op, node, given, out, size)


def _transpose(op: OpBuilder, node: ir.Node, given: Sequence[Follows | None], out: ir.Value, size: int) -> State:
    perm = constant_array(node.inputs[1])
    return (
        LOST
        if given[0] is None or perm is None
        else replace(given[0], axis=[int(p) for p in perm].index(given[0].axis))
    )


def _reduce(op: OpBuilder, node: ir.Node, given: Sequence[Follows | None], out: ir.Value, size: int) -> State:
    shape, axes = static_shape(node.inputs[0]), constant_array(node.inputs[1])
    if given[0] is None or shape is None or axes is None:
        return LOST
    gone = {int(a) % len(shape) for a in axes.reshape(-1)}
    if given[0].axis in gone:  # provably gone: what is merged with it would be mixed
        return LOST if given[0].merged else None
    kept = bool(attr(node, "keep_dims", False))
    return given[0] if kept else replace(given[0], axis=given[0].axis - sum(a < given[0].axis for a in gone))


def _pad(op: OpBuilder, node: ir.Node, given: Sequence[Follows | None], out: ir.Value, size: int) -> State:
    pads = constant_array(node.inputs[1])
    if given[0] is None or pads is None:
        return LOST
    return given[0] if not pads[given[0].axis].any() else LOST if given[0].merged else MIXED


def _rows(op: OpBuilder, node: ir.Node, given: Sequence[Follows | None], out: ir.Value, size: int) -> State:
    """FULLY_CONNECTED: rows of the last dimension; without keep_num_dims all others become one."""
    shape, weights = static_shape(node.inputs[0]), static_shape(node.inputs[1])
    if given[0] is None or shape is None or weights is None or any(given[1:]):
        return LOST
    if attr(node, "keep_num_dims", False):
        return LOST if given[0].axis == len(shape) - 1 else given[0]
    rows = math.prod(shape) // weights[1] if weights[1] else 0
    return _parted(shape, given[0], [rows, weights[1]], size, only=0)


def _matrices(op: OpBuilder, node: ir.Node, given: Sequence[Follows | None], out: ir.Value, size: int) -> State:
    """BATCH_MATMUL: the dimensions before the two of the matrices broadcast; so do the rows of the first matrix."""
    shapes = [static_shape(v) for v in node.inputs]
    wide = static_shape(out)
    if wide is None or None in shapes:
        return LOST
    state = _broadcast(op, node, given, out, size)
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


def _expand(op: OpBuilder, node: ir.Node, given: Sequence[Follows | None], out: ir.Value, size: int) -> State:
    axis, shape = constant_array(node.inputs[1]), static_shape(out)
    if given[0] is None or axis is None or shape is None:
        return LOST
    return replace(given[0], axis=given[0].axis + (int(axis.reshape(-1)[0]) % len(shape) <= given[0].axis))


def _squeeze(op: OpBuilder, node: ir.Node, given: Sequence[Follows | None], out: ir.Value, size: int) -> State:
    shape, dims = static_shape(node.inputs[0]), attr(node, "squeeze_dims", None)
    if given[0] is None or shape is None or not dims:
        return LOST
    gone = {int(d) % len(shape) for d in dims}
    return (
        Refused("takes out the dimension of the batch, which is 1 in the file")
        if given[0].axis in gone
        else replace(given[0], axis=given[0].axis - sum(d < given[0].axis for d in gone))
    )


def _blocks(op: OpBuilder, node: ir.Node, given: Sequence[Follows | None], out: ir.Value, size: int) -> State:
    """SPACE_TO_BATCH_ND and BATCH_TO_SPACE_ND: the positions within a block stand outside of the batch."""
    block = constant_array(node.inputs[1])
    if given[0] is None or block is None or given[0].axis:
        return LOST
    many = int(block.prod())
    if node.op_type == "SPACE_TO_BATCH_ND":
        return replace(given[0], outer=given[0].outer * many)
    return LOST if not many or given[0].outer % many else replace(given[0], outer=given[0].outer // many)


def _slice(op: OpBuilder, node: ir.Node, given: Sequence[Follows | None], out: ir.Value, size: int) -> State:
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


def _strided_slice(op: OpBuilder, node: ir.Node, given: Sequence[Follows | None], out: ir.Value, size: int) -> State:
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


def _reshape(op: OpBuilder, node: ir.Node, given: Sequence[Follows | None], out: ir.Value, size: int) -> State:
    """The dimension of the target that holds it becomes -1."""
    shape, told = static_shape(node.inputs[0]), _target(node)
    if told is None:  # computed at run time, as LiteRT computes it
        return MIXED
    if given[0] is None or shape is None:
        return LOST
    many = math.prod(shape)
    rest = math.prod(d for d in told if d != -1)
    full = [many // rest if d == -1 and rest else d for d in told]
    if math.prod(full) != many:
        return LOST
    state = _parted(shape, given[0], full, size)
    if isinstance(state, Follows) and told[state.axis] != -1:
        new = np.array([-1 if i == state.axis else d for i, d in enumerate(full)], np.int32)
        if len(node.inputs) > 1 and node.inputs[1] is not None:
            op.editor.set_input(node, 1, op.const(new))
        else:
            op.editor.set_attribute(node, "new_shape", new.tolist())
        op.note(f"{out.name} is reshaped to {new.tolist()}")
    return state


def _parted(before: Sequence[int], state: Follows, after: Sequence[int], size: int, only: int | None = None) -> State:
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


_RULES: Rules = {
    **dict.fromkeys(ELEMENTWISE, _same),
    **dict.fromkeys(ALONG_FIRST, _along_first),
    **dict.fromkeys(WITHOUT_LAST | {"TOPK_V2"}, _without_last),
    **dict.fromkeys(BROADCASTING | PAIRWISE, _stretched),
    **dict.fromkeys(REDUCING, _reduce),
    **dict.fromkeys(("PAD", "PADV2", "MIRROR_PAD"), _pad),
    **dict.fromkeys(("SPACE_TO_BATCH_ND", "BATCH_TO_SPACE_ND"), _blocks),
    **MOVING,
    "BATCH_MATMUL": _matrices,
    "EXPAND_DIMS": _expand,
    "FULLY_CONNECTED": _rows,
    "RESHAPE": _reshape,
    "SLICE": _slice,
    "SQUEEZE": _squeeze,
    "STRIDED_SLICE": _strided_slice,
    "TRANSPOSE": _transpose,
}

_CUSTOM_RULES: Rules = {
    **dict.fromkeys(
        ("Convolution2DTransposeBias", "MaxPoolWithArgmax", "MaxPoolingWithArgmax2D", "MaxUnpooling2D"), _images
    ),
    "TFLite_Detection_PostProcess": _one_image,
}
