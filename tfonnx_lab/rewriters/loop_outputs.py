"""Loops that gather a value an iteration in a state: the state becomes an output that the loop itself stacks."""

from __future__ import annotations

import onnx_ir as ir

from tfonnx_lab.graph import TFLITE_CUSTOM, Editor, OpBuilder, all_nodes, use_count
from tfonnx_lab.rewriters.recurrent.loops import counted
from tfonnx_lab.rules import Miss, rewriter


@rewriter(phase="patterns")
def collect_in_loops(op: OpBuilder) -> bool | None:
    """WHILE(state[turn] = x) => WHILE{collected}, whose output is the x of all iterations: no iteration
    copies the rest."""
    editor = op.editor
    for node in list(all_nodes(editor.graph)):
        if node.op_type == "WHILE" and node.graph is not None:
            _collect(op, node)
    for node in list(all_nodes(editor.graph)):
        if node.domain == TFLITE_CUSTOM and node.op_type == "FlexTensorListReserve" and not node.outputs[0].uses():
            editor.erase(node)
            op.note(f"{node.name} is not needed")
    return True if op.notes else None


def _collect(op: OpBuilder, node: ir.Node) -> None:
    try:
        loop = counted(node)
    except Miss:
        return
    if not loop.collectors or (isinstance(loop.limit, int) and loop.limit < 1):
        return
    editor = op.editor
    for k, collector in loop.collectors.items():
        editor.set_output(loop.body, k, collector.value)
        editor.set_input(node, k, None)
    editor.set_attribute(node, "collected", [k for k, c in loop.collectors.items() if not c.last])
    editor.set_attribute(node, "collected_last", [k for k, c in loop.collectors.items() if c.last])
    _erase_unused(editor, loop.body)
    op.note(f"{node.name}: {len(loop.collectors)} of {len(node.outputs)} states")


def _erase_unused(editor: Editor, graph: ir.Graph) -> None:
    for node in reversed(list(graph)):
        if not any(use_count(v) or v.is_graph_output() for v in node.outputs):
            editor.erase(node)
