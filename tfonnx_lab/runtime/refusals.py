"""What ONNX Runtime says of a model that it does not load, where more can be said of it."""

from __future__ import annotations

import re

_UNKNOWN_OP = re.compile(r"(?P<domain>[\w.\-]*):(?P<op>[\w.\-]+)\(-?\d+\) is not a registered function/op")


def short(error: Exception) -> str:
    """The first line of what ONNX Runtime says; of an op that it does not know, what to do."""
    said = str(error).strip()
    return unknown_op(said) or (said.splitlines()[0] if said else type(error).__name__)


def unknown_op(said: str) -> str:
    """What to do about a node whose op ONNX Runtime does not know; empty where that is not what it says.

    said: its error message.
    """
    found = _UNKNOWN_OP.search(said)
    if found is None:
        return ""
    op, domain = found["op"], found["domain"] or "ai.onnx"
    return (
        f"it has no op {op} of the domain {domain!r}; write a handler, @lab.handler({op!r}), that makes it of ONNX's "
        "ops and convert without custom_ops=, or run the saved .onnx file where a library of custom ops registers it"
    )
