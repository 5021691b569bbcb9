"""A Transpose moves behind ops of single values, of one axis, and of com.microsoft.

Source: onnxruntime/core/optimizer/transpose_optimization/onnx_transpose_optimization.cc.
ort_transpose_optimization.cc (com.microsoft; MaxPool and Resize move on the CPU only, so not here).
"""

from __future__ import annotations

from collections.abc import Callable

from tfonnx_lab.mobile.graph import Node
from tfonnx_lab.mobile.layout import perms
from tfonnx_lab.mobile.layout.editable import Editable
from tfonnx_lab.mobile.layout.inputs import (
    perm_of,
    transpose_input,
    transpose_inputs,
    transpose_output,
    transpose_outputs,
    unsqueeze_input,
)
from tfonnx_lab.mobile.layout.moves import Move, first_and_all
from tfonnx_lab.mobile.layout.perms import Perm


def simple(move: Move) -> bool:
    """All inputs and outputs are transposed."""
    transpose_inputs(move.graph, move.node, move.inv, move.at)
    transpose_outputs(move.graph, move.node, move.perm)
    return True


def broadcast(move: Move) -> bool:
    """As `simple`; inputs of lower rank are unsqueezed first."""
    graph, node = move.graph, move.node
    ranks = []
    for i in move.at:
        shape = graph.shape(node.inputs[i])
        if shape is None or len(shape) > move.rank:
            return False
        ranks.append(len(shape))
    for i, rank in zip(move.at, ranks, strict=True):
        axes = tuple(range(move.rank - rank))
        if axes:
            unsqueeze_input(graph, node, i, axes, lambda t, u, a=axes: _push_unsqueeze(graph, t, u, a))  # type: ignore[misc]
    return simple(move)


def _push_unsqueeze(graph: Editable, transpose: Node, node: Node, axes: Perm) -> str | None:
    perm = perm_of(transpose)
    if perm is None:
        return None
    transpose_input(graph, node, 0, perms.inverse(perm))
    return transpose_output(graph, node, 0, perms.unsqueezed(axes, perm))


def with_axis(default: int | None) -> Callable[[Move], bool]:
    """As `simple`; the axis attribute moves along."""

    def apply(move: Move) -> bool:
        axis = move.node.attributes.get("axis", default)
        whole = None if axis is None else perms.normalized((int(axis),), move.rank)
        if whole is None:
            return False
        simple(move)
        move.node.attributes["axis"] = move.perm[whole[0]]
        return True

    return apply


def softmax(move: Move) -> bool:
    """From opset 13 with an axis; before, only where nothing crosses the axis that splits the shape."""
    if move.graph.opset >= 13:
        return with_axis(-1)(move)
    axis = perms.normalized((int(move.node.attributes.get("axis", 1)),), move.rank)
    if axis is None or any((i < axis[0]) != (p < axis[0]) for i, p in enumerate(move.perm)):
        return False
    return simple(move)


def quantize(move: Move) -> bool:
    """The axis moves along where there is one scale a channel."""
    node = move.node
    if move.graph.opset >= 13 or node.domain == "com.microsoft":
        scale = move.graph.shape(node.inputs[1])
        if scale != ():
            axis = perms.normalized((int(node.attributes.get("axis", 1)),), move.rank)
            if axis is None:
                return False
            node.attributes["axis"] = move.perm[axis[0]]
    return first_and_all(move, move.perm)


def q_concat_inputs(_: Editable, node: Node) -> tuple[int, ...]:
    """The data of QLinearConcat: every third input from the third on."""
    return tuple(range(2, len(node.inputs), 3))


def q_binary_inputs(_: Editable, __: Node) -> tuple[int, ...]:
    """The two operands of QLinearAdd and QLinearMul."""
    return (0, 3)


def q_pool(move: Move) -> bool:
    """Pools of com.microsoft know both layouts."""
    last = int(move.node.attributes.get("channels_last", 0))
    wanted = perms.last_to_first(move.rank)
    if not ((not last and move.perm == wanted) or (last and move.inv == wanted)):
        return False
    move.node.attributes["channels_last"] = 1 - last
    return first_and_all(move, move.perm)


def cpu_only(_: Move) -> bool:
    """MaxPool and Resize move on the CPU only."""
    return False
