"""A template for a handler: what to paste into a cell for an op that has none, or a wrong one."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Mapping, Sequence
from typing import Any

import onnx_ir as ir

from tfonnx_lab.graph import TFLITE_CUSTOM, attr, quantization
from tfonnx_lab.graph.intermediate import ON_CODES
from tfonnx_lab.graph.op_schema import known_options
from tfonnx_lab.handlers.custom.attributes import custom_options
from tfonnx_lab.texts import as_identifier, in_comment, in_quotes

_WIDTH = 100
_NAMES = {1: ["x"], 2: ["a", "b"]}
_TEXT = '''\
@lab.handler("{op}")
def {function}({arguments}):
    """{op}({inputs}) => ..."""
{facts}
    # op.Add({first}, 1.0) makes an ONNX node and returns its output; so do all ops of ONNX
    return {result}  # to be replaced; for {outputs}


lab.retry();
'''


def skeleton(node: ir.Node, inputs: Sequence[ir.Value | None]) -> str:
    """The text of a cell that defines and registers a handler of the op, and tries again.

    inputs: the op's; a node that was taken out of its graph has none any more.
    """
    names = _NAMES.get(len(inputs), [f"x{i}" for i in range(len(inputs))])
    first = names[0] if names else "0.0"
    facts = [f"    # {name}: {_told(value)}" for name, value in zip(names, inputs, strict=True)]
    return _TEXT.format(
        op=in_quotes(node.op_type),
        function=_function(node.op_type),
        arguments=_arguments(["op", "node", *names], _keywords(node)),
        inputs=", ".join(names),
        facts="\n".join([*facts, *_options(node), *_numbers(dict(zip(names, inputs, strict=True)), node)]),
        first=first,
        result=", ".join([f"op.Identity({first})"] * len(node.outputs)),
        outputs=", ".join(_told(value) for value in node.outputs) or "no output",
    )


def _function(op_type: str) -> str:
    """`CONV_2D` => `conv_2d`, `MyOp` => `my_op`."""
    words = op_type if op_type.isupper() else re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", op_type)
    return as_identifier(words.lower())


def _keywords(node: ir.Node) -> dict[str, Any]:
    """The op's options, those that are subgraphs aside, and the schema's defaults, which a handler's keywords have."""
    known = known_options(node.domain, node.op_type) or {}
    return {
        name: () if default is None else default
        for name, default in known.items()
        if name != ON_CODES and _is_plain(node, name)
    }


def _is_plain(node: ir.Node, name: str) -> bool:
    attribute = node.attributes.get(name)
    return not name.endswith(("subgraph", "subgraphs")) and (
        attribute is None or not isinstance(attribute.value, (ir.Graph, ir.TensorProtocol))
    )


def _arguments(names: list[str], options: dict[str, Any]) -> str:
    """The function's parameters, on lines of their own where they are many."""
    if not options:
        return ", ".join(names)
    line = ", ".join([*names, "*", *(f"{name}={default!r}" for name, default in options.items())])
    if len(line) < _WIDTH:
        return line
    return "\n" + textwrap.fill(line, _WIDTH, initial_indent="    ", subsequent_indent="    ") + ",\n"


def _numbers(inputs: Mapping[str, ir.Value | None], node: ir.Node) -> list[str]:
    """Scale and zero point of inputs and outputs that are codes, to compute on real numbers with."""
    outputs = {"y" if len(node.outputs) == 1 else f"y{i}": value for i, value in enumerate(node.outputs)}
    lines = []
    for name, value in {**inputs, **outputs}.items():
        quant = None if value is None or value.const_value is not None else quantization(value)
        if value is None or quant is None or not quant.per_tensor or value.dtype is None:
            continue
        dtype = value.dtype.name.lower()
        scale, zero = float(quant.scale.flat[0]), int(quant.zero_point.flat[0])
        lines.append(f'    {name}_scale, {name}_zero = op.const({scale!r}, "float32"), op.const({zero}, "{dtype}")')
    if lines:
        first = next((n for n in inputs if any(line.startswith(f"    {n}_scale") for line in lines)), "x")
        lines.append(
            f"    # real numbers: op.DequantizeLinear({first}, {first}_scale, {first}_zero); codes again: "
            "op.QuantizeLinear(...)"
        )
    return lines


def _options(node: ir.Node) -> list[str]:
    if node.domain == TFLITE_CUSTOM:
        return [f"    options = lab.custom_options(node)  # {in_comment(str(custom_options(node)))}"]
    return [
        f"    # {name} is {in_comment(repr(attr(node, name, default)))}" for name, default in _keywords(node).items()
    ]


def _told(value: ir.Value | None) -> str:
    if value is None:
        return "left out"
    shape = "unknown shape" if value.shape is None else list(value.shape)
    kind = ", a constant" if value.const_value is not None else ""
    quant = quantization(value)
    codes = (
        "" if quant is None else f", real = {quant.formula()}" if quant.per_tensor else f", {quant.scale.size} scales"
    )
    return in_comment(f"{value.dtype.name if value.dtype is not None else 'unknown dtype'} {shape}{kind}{codes}")
