"""What the driver says where it cannot go on, and what to do about it."""

from __future__ import annotations

import onnx_ir as ir

from tfonnx_lab.graph import TFLITE_CUSTOM
from tfonnx_lab.rules.rule import Rule


def endless(rule: Rule, node: ir.Node, allowed: int) -> str:
    """What to do about rules that undo each other."""
    whose = "please report this, with the file" if rule.of_the_package else f"it is yours, in {rule.file}"
    return (
        f"the rules do not come to an end: {allowed:,} applications, the last of {rule.name} at {node.name} ({whose}); "
        f'to leave it out: `with lab.without("{rule.name}"): lab.convert(...)`'
    )


def no_handler(node: ir.Node) -> str:
    """What to do about an op that nobody has written a handler for."""
    if node.domain != TFLITE_CUSTOM:
        return "no handler is registered for this op"
    extra = ", custom=True" if node.op_type.isupper() else ""
    return (
        f'no handler is registered for this op; write one, `@handler("{node.op_type}"{extra})`, or keep it as a '
        "custom op with custom_ops="
    )
