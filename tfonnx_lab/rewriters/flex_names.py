"""TensorFlow ops that are no Flex ops, because TensorFlow's list of those is not complete: custom ops of the ops' own
names."""

from __future__ import annotations

import onnx_ir as ir

from tfonnx_lab.graph import ORIGIN, TFLITE_CUSTOM, OpBuilder, all_nodes
from tfonnx_lab.graph.meta import PLACE
from tfonnx_lab.rewriters.flex_builtin import FLEX_BUILTIN
from tfonnx_lab.rules import HANDLERS, rewriter


@rewriter(phase="prepare")
def flex_names(op: OpBuilder) -> bool | None:
    """Asinh(x) of the file => FlexAsinh(x), as it is called where TensorFlow's list has the op.

    A handler for the file's own name, the package's or a user's, goes before.
    """
    found = [node for node in all_nodes(op.editor.graph) if _is_tensorflow(node)]
    for node in found:
        _rename(op, node)
    return True if found else None


def _is_tensorflow(node: ir.Node) -> bool:
    """Whether a custom op has no handler of its own name, but one of a Flex op's."""
    if node.domain != TFLITE_CUSTOM or HANDLERS.find(TFLITE_CUSTOM, node.op_type) is not None:
        return False
    flex = f"Flex{node.op_type}"
    return flex in FLEX_BUILTIN or HANDLERS.find(TFLITE_CUSTOM, flex) is not None


def _rename(op: OpBuilder, node: ir.Node) -> None:
    op.editor.origin = node.meta.get(ORIGIN, frozenset())
    made = ir.Node(
        TFLITE_CUSTOM, f"Flex{node.op_type}", list(node.inputs), list(node.attributes.values()),
        num_outputs=len(node.outputs), name=node.name,
    )  # fmt: skip
    op.editor.inherit(made, node, PLACE)
    for new, old in zip(made.outputs, node.outputs, strict=True):
        op.like(new, old)
    op.editor.insert(made, before=node)
    for new, old in zip(made.outputs, node.outputs, strict=True):
        op.editor.replace(old, new)
    op.editor.erase(node)
