"""A handler to begin with: what to paste into a cell for an op that has none, or a wrong one."""

from __future__ import annotations

import re

import onnx_ir as ir

from tfonnx_lab.graph import TFLITE_CUSTOM
from tfonnx_lab.handlers._custom import custom_options

_NAMES = {1: ["x"], 2: ["a", "b"]}


def skeleton(node: ir.Node) -> str:
    """The text of a cell that defines and registers a handler of the op, and tries again."""
    count = len(node.inputs)
    names = _NAMES.get(count, [f"x{i}" for i in range(count)])
    name = re.sub(r"\W", "_", re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", node.op_type)).lower()
    what = [f"    # {n}: {_told(v)}" for n, v in zip(names, node.inputs, strict=True)]
    made = ", ".join(_told(v) for v in node.outputs)
    back = "op.Identity({0})".format(names[0] if names else "None")
    several = len(node.outputs) > 1
    lines = [
        f'@lab.handler("{node.op_type}")',
        f"def {name}({', '.join(['op', 'node', *names])}):",
        f'    """{node.op_type}({", ".join(names)}) => ..."""',
        *what,
        *_options(node),
        f"    # op.Add({names[0] if names else 'x'}, 1.0) makes an ONNX node and returns its output; so do all ops of ONNX",
        f"    return {', '.join([back] * len(node.outputs))}  # to be replaced; {'values' if several else 'a value'} for {made}",
        "",
        "",
        "lab.retry();",
    ]
    return "\n".join(lines)


def _options(node: ir.Node) -> list[str]:
    if node.domain == TFLITE_CUSTOM:
        return [f"    options = lab.custom_options(node)  # {custom_options(node)}"]
    plain = {k: a.value for k, a in node.attributes.items() if isinstance(a.value, (int, float, str))}
    return [f'    # node.attributes["{k}"].value: {v!r}' for k, v in plain.items()]


def _told(value: ir.Value | None) -> str:
    if value is None:
        return "left out"
    shape = "unknown shape" if value.shape is None else list(value.shape)
    kind = ", a constant" if value.const_value is not None else ""
    return f"{value.dtype.name if value.dtype is not None else 'unknown dtype'} {shape}{kind}"
