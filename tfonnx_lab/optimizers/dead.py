"""Dead, duplicate and identity nodes."""

from __future__ import annotations

import onnx_ir as ir

from tfonnx_lab.graph import OpBuilder, all_graphs, use_count
from tfonnx_lab.patterns import onnx, var
from tfonnx_lab.rules import Miss, optimizer


@optimizer(onnx.Identity(var("x"), name="node"))
def drop_identity(op: OpBuilder, node: ir.Node, x: ir.Value) -> ir.Value | None:
    """Identity(x) => x."""
    out = node.outputs[0]
    if out.is_graph_output() and (x.is_graph_output() or x.producer() is None or x.graph is not out.graph):
        raise Miss("it carries the name of a graph output")
    return x


@optimizer(phase="finish")
def drop_dead_nodes(op: OpBuilder) -> bool | None:
    """Nodes whose outputs nothing uses => nothing."""
    dead = 0
    for graph in all_graphs(op.editor.graph):
        for node in reversed(graph):
            if not any(use_count(v) or v.is_graph_output() for v in node.outputs):
                op.editor.erase(node)
                dead += 1
    op.note(f"{dead} nodes")
    return dead > 0 or None
