"""Options of custom ops."""

from __future__ import annotations

from typing import Any

import onnx_ir as ir
from flatbuffers import flexbuffers

from tfonnx_lab.graph import attr


def option_bytes(node: ir.Node) -> bytes:
    """The custom op's options as they stand in the file."""
    tensor = attr(node, "custom_options")
    return b"" if tensor is None else tensor.numpy().tobytes()


def custom_options(node: ir.Node) -> dict[str, Any]:
    """The custom op's options where they are a flexbuffer map, else nothing."""
    raw = option_bytes(node)
    if not raw:
        return {}
    try:
        found = flexbuffers.Loads(raw)
    except (ValueError, TypeError, IndexError, AttributeError, OverflowError):
        return {}
    return found if isinstance(found, dict) else {}
