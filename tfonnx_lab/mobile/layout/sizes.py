"""A Transpose moves behind ops with one value an axis, which are reordered.

Source: onnxruntime/core/optimizer/transpose_optimization/onnx_transpose_optimization.cc.
"""

from __future__ import annotations

import numpy as np

from tfonnx_lab.mobile.layout.inputs import transpose_inputs
from tfonnx_lab.mobile.layout.moves import Move, first_and_all, permute_input, set_axes


def shape(move: Move) -> bool:
    """Shape(Transpose(x)) => Gather(Shape(x), perm)."""
    graph, node = move.graph, move.node
    transpose_inputs(graph, node, move.inv, move.at)
    chosen = move.perm
    if graph.opset >= 15:
        start, end = int(node.attributes.get("start", 0)), int(node.attributes.get("end", move.rank))
        chosen = move.perm[slice(start, end)]
        node.attributes.pop("start", None)
        node.attributes.pop("end", None)
    constant = graph.add_initializer(np.asarray(chosen, np.int64))
    gather = graph.add_node("Gather", ["", constant], {"axis": 0})
    graph.move_output(node, 0, gather, 0)
    graph.set_input(gather, 0, node.outputs[0])
    graph.copy_type(gather.outputs[0], node.outputs[0])
    if len(chosen) != move.rank:
        graph.set_shape(node.outputs[0], (move.rank,))
    return True


def pad(move: Move) -> bool:
    """Pads are reordered."""
    graph, node = move.graph, move.node
    both = (*move.inv, *(p + move.rank for p in move.inv))
    if graph.opset < 11:
        pads = node.attributes.get("pads")
        if pads is None or len(pads) != 2 * move.rank:
            return False
        node.attributes["pads"] = [pads[p] for p in both]
    else:
        permute_input(graph, node, 1, both)
    return first_and_all(move, move.perm)


def tile(move: Move) -> bool:
    """Repeats are reordered."""
    graph, node = move.graph, move.node
    value = graph.constant(node.inputs[1])
    if value is not None:
        set_axes(graph, node, 1, [int(value[p]) for p in move.inv])
    else:
        permute_input(graph, node, 1, move.inv)
    return first_and_all(move, move.perm)
