"""The op namespaces (dialects) that one graph can hold side by side."""

from __future__ import annotations

import onnx_ir as ir

TFLITE = "tflite"
TFLITE_CUSTOM = "tflite.custom"
INTERMEDIATE = "tflite.intermediate"
"""Ops that exist only between two stages (`graph/intermediate.py`)."""
ONNX = ""
MICROSOFT = "com.microsoft"

TFLITE_DOMAINS = frozenset((TFLITE, TFLITE_CUSTOM, INTERMEDIATE))


def is_tflite(node: ir.Node) -> bool:
    """Whether the node still is a TFLite op, builtin or custom, or stands for one between two stages."""
    return node.domain in TFLITE_DOMAINS


def is_onnx(node: ir.Node, *op_types: str) -> bool:
    """Whether the node is an op of ONNX's default domain (of one of these types, where any are given)."""
    return node.domain == ONNX and (not op_types or node.op_type in op_types)
