"""Taking nodes out in time that grows with their inputs, not with the square of these or with the graph's outputs.

onnx_ir rebuilds the tuple of all inputs for each that it removes, and a set of the graph's outputs for each node
that it removes: a CONCATENATION of 30,000 inputs took 40 seconds. What is used here instead is not public, so `LINEAR`
says whether the installed onnx_ir has it; else its own way is gone.
"""

from __future__ import annotations

from typing import Any

import onnx_ir as ir

from tfonnx_lab.graph.values import use_count


def _is_linear() -> bool:
    x = ir.Value(name="x")
    node = ir.Node("", "Identity", [x])
    graph = ir.Graph([x], [], nodes=[node])
    held: Any = graph
    return (
        hasattr(x, "_remove_usage")
        and isinstance(getattr(node, "_inputs", None), tuple)
        and hasattr(getattr(held, "_nodes", None), "remove")
    )


LINEAR = _is_linear()
"""Whether the installed onnx_ir has what the short way needs."""


def detach(node: ir.Node) -> None:
    """Let the node read nothing any more."""
    if not LINEAR:
        for index in range(len(node.inputs)):
            node.replace_input_with(index, None)
        return
    short: Any = node
    for index, value in enumerate(node.inputs):
        if value is not None:
            value._remove_usage(node, index)
    short._inputs = (None,) * len(node.inputs)


def remove(node: ir.Node) -> None:
    """Take the node out of its graph, and let it read nothing. Raises ValueError where something reads its outputs."""
    graph = node.graph
    assert isinstance(graph, ir.Graph)
    if any(use_count(value) or value.is_graph_output() for value in node.outputs):
        raise ValueError(f"{node.op_type} {node.name} is not taken out, because something reads what it gives")
    detach(node)
    if not LINEAR:
        graph.remove(node)
        return
    held: Any = graph
    node.graph = None
    held._nodes.remove(node)
