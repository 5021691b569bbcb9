"""Custom ops that nobody has a handler for, kept as nodes of a domain of the user's choice."""

from __future__ import annotations

from typing import Any

import onnx_ir as ir

from tfonnx_lab.graph import TFLITE_CUSTOM, OpBuilder
from tfonnx_lab.handlers.custom.attributes import custom_options, option_bytes
from tfonnx_lab.patterns import NodePattern
from tfonnx_lab.readers.nodedef import NodeDef
from tfonnx_lab.rules import HANDLERS, Rule

_PLAIN = (bool, int, float, str)


def keep_custom_op(op: OpBuilder, node: ir.Node, *inputs: ir.Value | None) -> list[ir.Value]:
    """MyOp(x) of the file => MyOp(x) of the domain that the option `custom_ops` names, its options as attributes."""
    domain = domain_for(node, op.options)
    assert domain is not None
    given = NodeDef(node).attrs if node.op_type.startswith("Flex") else custom_options(node)
    options = {k: v for k, v in given.items() if _is_plain(v)}
    raw = option_bytes(node)
    attributes: dict[str, Any] = options or ({"custom_options": raw} if raw else {})
    kept = op.node(node.op_type, inputs, attributes, domain=domain, outputs=len(node.outputs))
    op.note(f"a node of {domain}: who runs the model has to bring its kernel")
    return [op.like(made, old) for made, old in zip(kept.outputs, node.outputs, strict=True)]


def _is_plain(value: Any) -> bool:
    if isinstance(value, list):
        return bool(value) and len({type(v) for v in value}) == 1 and isinstance(value[0], _PLAIN)
    return isinstance(value, _PLAIN)


def domain_for(node: ir.Node, options: Any) -> str | None:
    """The domain that the option `custom_ops` names for an op; None where it names none."""
    wanted = None if options is None or node.domain != TFLITE_CUSTOM else options.custom_ops
    return wanted.get(node.op_type, wanted.get("*")) if isinstance(wanted, dict) else wanted


_RULE = Rule(HANDLERS.name, NodePattern(TFLITE_CUSTOM, ("*",)), keep_custom_op, positional=True)
HANDLERS.fallback = lambda node, options: None if domain_for(node, options) is None else _RULE
