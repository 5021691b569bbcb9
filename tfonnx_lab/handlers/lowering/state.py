"""State: what a model keeps from one run to the next becomes a pair of an input and an output."""

from __future__ import annotations

import onnx_ir as ir

from tfonnx_lab.graph import OpBuilder
from tfonnx_lab.graph.meta import NEXT, VARIABLE


def update_state(op: OpBuilder, variable: ir.Value | None, new: ir.Value) -> None:
    """The next run starts with `new` in the place of `variable`: adds the output `<name>_next`, after the model's
    own."""
    if variable is None or not variable.meta.get(VARIABLE):
        return
    node = op.node("Identity", [new], {})
    node.outputs[0].name = f"{variable.name}_next"
    node.outputs[0].type = variable.type
    node.outputs[0].shape = None if variable.shape is None else variable.shape.copy()
    op.editor.describe(node.outputs[0], NEXT, variable)
    graph = op.editor.graph
    op.editor.set_outputs(graph, [*graph.outputs, node.outputs[0]])
