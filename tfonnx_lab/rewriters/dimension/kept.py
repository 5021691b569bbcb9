"""Which stored sizes of computed tensors still hold when inputs get another shape.

A tensor that does not depend on those inputs keeps its shape. One of which the moved dimension is followed (see
`follow.py`) gets its new size there. Of the others, an op's rule tells which dimensions follow from
dimensions that stay; the rest is forgotten.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import onnx_ir as ir

from tfonnx_lab.graph import TFLITE, OpBuilder, all_nodes, attr, constant_array, static_shape, subgraphs
from tfonnx_lab.graph.op_families import BROADCASTING, REDUCING
from tfonnx_lab.rewriters.dimension.families import ALONG_FIRST, ELEMENTWISE, WITHOUT_LAST
from tfonnx_lab.rewriters.dimension.state import Follows

Axes = frozenset[int]
NOTHING: Axes = frozenset()
_STATEFUL = frozenset(["READ_VARIABLE", "CALL_ONCE"])
"""What they give may depend on an input without an edge of the graph."""


def forget_shapes(
    op: OpBuilder, changed: Mapping[ir.Value, Axes], found: Mapping[ir.Value, Follows | str], size: int | str | None
) -> None:
    """Forget the stored sizes of computed tensors that belong to the old shapes of inputs.

    changed: input => the dimensions that keep their size.
    found: where the one dimension that moved stands in the tensors; empty where that is not known.
    size: what it is now; a name, or None for any.
    """
    kept = dict(changed)
    for node in op.editor.graph:
        inside = [inner for graph in subgraphs(node) for inner in all_nodes(graph)]
        used = [v for n in (node, *inside) for v in n.inputs if v is not None]
        if not any(v in kept for v in used) and node.op_type not in _STATEFUL:
            continue
        for inner in inside:
            for value in inner.outputs:
                _set(op, value, NOTHING)
        for value in node.outputs:
            state = found.get(value)
            if isinstance(state, Follows) and value.shape is not None:
                kept[value] = frozenset(range(len(value.shape))) - {state.axis}
                _set(op, value, kept[value], {state.axis: _times(size, state)})
            else:
                kept[value] = _kept(node, value, kept)
                _set(op, value, kept[value])


def _times(size: int | str | None, state: Follows) -> int | str | None:
    """The size of the dimension that holds the moved one; None where a name would have to be multiplied."""
    many = state.outer * state.inner
    return size * many if isinstance(size, int) else size if many == 1 else None


def _set(op: OpBuilder, value: ir.Value, kept: Axes, new: Mapping[int, int | str | None] | None = None) -> None:
    if value.shape is not None:
        dims = [d if i in kept else (new or {}).get(i) for i, d in enumerate(value.shape)]
        op.editor.retype(value, shape=ir.Shape(dims))


def _kept(node: ir.Node, out: ir.Value, kept: Mapping[ir.Value, Axes]) -> Axes:
    """The dimensions of the output that have their stored size still."""
    rule = _RULES.get(node.op_type) if node.domain == TFLITE else None
    if rule is None or out.shape is None or any(v is not None and v.shape is None for v in node.inputs):
        return NOTHING
    return rule(node, [_axes(v, kept) for v in node.inputs], len(out.shape))


def _axes(value: ir.Value | None, kept: Mapping[ir.Value, Axes]) -> Axes:
    if value is None or value.shape is None:
        return NOTHING
    return kept.get(value, frozenset(range(len(value.shape))))


def _first(node: ir.Node, given: Sequence[Axes], rank: int) -> Axes:
    """Each dimension of the output follows from the same one of the first input."""
    return given[0]


def _filtered(node: ir.Node, given: Sequence[Axes], rank: int) -> Axes:
    """Positions follow from the positions; the channels are those of the weights."""
    weights, out = static_shape(node.inputs[1]), node.outputs[0].shape
    if weights is None or out is None or len(given[1]) != len(weights):
        return NOTHING
    channels = weights[{"DEPTHWISE_CONV_2D": -1, "CONV_3D": -1}.get(node.op_type, 0)]
    last = frozenset([rank - 1]) if out[rank - 1] == channels else NOTHING
    if node.op_type == "TRANSPOSE_CONV" or (
        node.op_type == "FULLY_CONNECTED" and not attr(node, "keep_num_dims", False)
    ):
        return last
    return (given[0] - {rank - 1}) | last


def _resized(node: ir.Node, given: Sequence[Axes], rank: int) -> Axes:
    told = constant_array(node.inputs[1]) is not None
    return (given[0] & {0, 3}) | (frozenset([1, 2]) if told else NOTHING)


def _broadcast(node: ir.Node, given: Sequence[Axes], rank: int) -> Axes:
    """Stretched to the widest: from the last dimension on; SELECT's vector stands for rows."""
    result = frozenset(range(rank))
    for index, (value, axes) in enumerate(zip(node.inputs, given, strict=True)):
        own = len(value.shape) if value is not None and value.shape is not None else 0
        behind = 0 if node.op_type == "SELECT" and index == 0 and own == 1 else rank - own
        result -= {behind + a for a in range(own) if a not in axes}
    return result


def _transposed(node: ir.Node, given: Sequence[Axes], rank: int) -> Axes:
    perm = constant_array(node.inputs[1])
    return NOTHING if perm is None else frozenset(i for i, p in enumerate(perm.reshape(-1)) if int(p) in given[0])


def _joined(node: ir.Node, given: Sequence[Axes], rank: int) -> Axes:
    return frozenset.intersection(*given)


def _padded(node: ir.Node, given: Sequence[Axes], rank: int) -> Axes:
    return NOTHING if constant_array(node.inputs[1]) is None else given[0]


def _reduced(node: ir.Node, given: Sequence[Axes], rank: int) -> Axes:
    axes, shape = constant_array(node.inputs[1]), node.inputs[0].shape if node.inputs[0] is not None else None
    if axes is None or shape is None:
        return NOTHING
    gone = {int(a) % len(shape) for a in axes.reshape(-1)}
    if attr(node, "keep_dims", False):
        return given[0] | gone
    left = [a for a in range(len(shape)) if a not in gone]
    return frozenset(i for i, a in enumerate(left) if a in given[0])


def _rank(node: ir.Node, given: Sequence[Axes], rank: int) -> Axes:
    """SHAPE: as many numbers as dimensions."""
    return frozenset([0])


_RULES: Mapping[str, Callable[[ir.Node, Sequence[Axes], int], Axes]] = {
    **dict.fromkeys(ELEMENTWISE | WITHOUT_LAST | ALONG_FIRST, _first),
    **dict.fromkeys(("CONV_2D", "CONV_3D", "DEPTHWISE_CONV_2D", "TRANSPOSE_CONV", "FULLY_CONNECTED"), _filtered),
    **dict.fromkeys(("RESIZE_BILINEAR", "RESIZE_NEAREST_NEIGHBOR"), _resized),
    **dict.fromkeys(BROADCASTING, _broadcast),
    **dict.fromkeys(REDUCING, _reduced),
    **dict.fromkeys(("PAD", "PADV2", "MIRROR_PAD"), _padded),
    "CONCATENATION": _joined,
    "SHAPE": _rank,
    "TRANSPOSE": _transposed,
}
