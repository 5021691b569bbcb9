"""A Transpose moves behind ops with axes: these move along, and those that are gone leave the permutation.

Source: onnxruntime/core/optimizer/transpose_optimization/onnx_transpose_optimization.cc.
"""

from __future__ import annotations

import numpy as np

from tfonnx_lab.mobile.layout import perms
from tfonnx_lab.mobile.layout.inputs import (
    ints_of,
    transpose_input,
    transpose_inputs,
    transpose_output,
    transpose_outputs,
)
from tfonnx_lab.mobile.layout.moves import Move, first_and_all, moved, set_axes


def reduce(move: Move) -> bool:
    """Axes move along; axes that are gone leave the permutation."""
    graph, node = move.graph, move.node
    keep = bool(node.attributes.get("keepdims", 1))
    if graph.opset < (13 if node.op == "ReduceSum" else 18):
        found = node.attributes.get("axes")
        if found is None:
            return first_and_all(move, move.perm if keep else ())
        axes = perms.normalized(tuple(found), move.rank)
        if axes is None:
            return False
        new = moved(axes, move.perm)
        node.attributes["axes"] = list(new)
        return first_and_all(move, move.perm if keep else perms.squeezed(new, move.perm))
    given = len(node.inputs) > 1 and bool(node.inputs[1])
    value = graph.constant(node.inputs[1]) if given else None
    if not given or (value is not None and value.size == 0):
        whole = keep or bool(node.attributes.get("noop_with_empty_axes", 0))
        return first_and_all(move, move.perm if whole else ())
    axes = None if value is None else perms.normalized(tuple(int(v) for v in value.ravel()), move.rank)
    if axes is None:
        return False
    new = moved(axes, move.perm)
    set_axes(graph, node, 1, new)
    return first_and_all(move, move.perm if keep else perms.squeezed(new, move.perm))


def squeeze(move: Move) -> bool:
    """Axes move along and leave the permutation."""
    graph, node = move.graph, move.node
    found = ints_of(graph, node, "axes", 1, 13)
    axes = None if found is None else perms.normalized(found, move.rank)
    if axes is None:
        return False
    new = moved(axes, move.perm)
    if graph.opset < 13:
        node.attributes["axes"] = list(new)
    else:
        set_axes(graph, node, 1, new)
    return first_and_all(move, perms.squeezed(new, move.perm))


def unsqueeze(move: Move) -> bool:
    """Axes stay; the permutation grows around them."""
    found = ints_of(move.graph, move.node, "axes", 1, 13)
    axes = None if found is None else perms.normalized(found, move.rank + len(found))
    if axes is None:
        return False
    transpose_input(move.graph, move.node, 0, move.inv)
    transpose_output(move.graph, move.node, 0, perms.unsqueezed(axes, move.perm))
    return True


def arg(move: Move) -> bool:
    """The axis moves along, and leaves the permutation where it is dropped."""
    axis = perms.normalized((int(move.node.attributes.get("axis", 0)),), move.rank)
    if axis is None:
        return False
    new = move.perm[axis[0]]
    move.node.attributes["axis"] = new
    keep = int(move.node.attributes.get("keepdims", 1)) != 0
    transpose_inputs(move.graph, move.node, move.inv, move.at)
    transpose_outputs(move.graph, move.node, move.perm if keep else perms.squeezed((new,), move.perm))
    return True


def slices(move: Move) -> bool:
    """Axes move along, in their order; without axes they are written."""
    graph, node = move.graph, move.node
    if graph.opset < 10:
        found = node.attributes.get("axes", range(len(node.attributes.get("starts", ()))))
        axes = perms.normalized(tuple(found), move.rank)
        if axes is None:
            return False
        node.attributes["axes"] = [move.perm[a] for a in axes]
        return first_and_all(move, move.perm)
    if len(node.inputs) < 4 or not node.inputs[3]:
        starts = graph.shape(node.inputs[1])
        if starts is None or len(starts) != 1 or not isinstance(starts[0], int):
            return False
        kind = np.int32 if graph.dtype(node.inputs[1]) == 6 else np.int64
        graph.set_input(node, 3, graph.add_initializer(np.asarray(move.perm[: starts[0]], kind)))
        return first_and_all(move, move.perm)
    value = graph.constant(node.inputs[3])
    axes = None if value is None else perms.normalized(tuple(int(v) for v in value.ravel()), move.rank)
    if axes is None or value is None:
        return False
    set_axes(graph, node, 3, [move.perm[a] for a in axes], value.dtype.type)
    return first_and_all(move, move.perm)


def gather(move: Move) -> bool:
    """One constant index: the axis moves along and leaves the permutation (from ONNX Runtime 1.29)."""
    graph, node = move.graph, move.node
    axes = perms.normalized([int(node.attributes.get("axis", 0))], move.rank)
    index = graph.constant(node.inputs[1])
    if axes is None or index is None or index.ndim:
        return False
    new = (move.perm[axes[0]],)
    node.attributes["axis"] = new[0]
    return first_and_all(move, perms.squeezed(new, move.perm))
