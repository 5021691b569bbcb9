"""exact="bits": the handlers that compute on codes what LiteRT's reference kernels do, beside those of real numbers."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

import onnx_ir as ir

from tfonnx_lab.graph import TFLITE, quantization
from tfonnx_lab.patterns import NodePattern
from tfonnx_lab.rules.options import check_options
from tfonnx_lab.rules.registry import HANDLERS
from tfonnx_lab.rules.rule import Rule, RuleFunction
from tfonnx_lab.rules.stage import BITS

F = TypeVar("F", bound=RuleFunction)

Takes = Callable[[ir.Node], str]
"""Why a handler does not take an op; empty where it does."""

_TAKES: dict[str, Takes] = {}


def bits_handler(*op_types: str, takes: Takes) -> Callable[[F], F]:
    """Register the handler of these ops on codes. It gives the codes of LiteRT's reference kernels, all of them.

    A handler reads the scales of inputs and outputs from their quantization. A user's own handler for the op, which
    gets real numbers, goes before it.
    takes: which ops of these types it is for: of others it says why not.
    """

    def register(function: F) -> F:
        for op_type in op_types:
            check_options(function, TFLITE, op_type)
            HANDLERS.add(Rule(HANDLERS.name, NodePattern(TFLITE, (op_type,)), function, positional=True), BITS)
            _TAKES[op_type] = takes
        return function

    return register


def why_not(node: ir.Node) -> str:
    """Why no handler computes the op on its codes; empty where one does."""
    usual = HANDLERS.find(node.domain, node.op_type)
    if usual is not None and not usual.of_the_package:
        return "its handler is your own"
    if HANDLERS.find(node.domain, node.op_type, BITS) is None:
        return "no handler computes it on codes"
    return _TAKES[node.op_type](node)


def codes_of(*dtypes: ir.DataType) -> Takes:
    """Takes ops whose first input and first output are codes of one of these dtypes, each with one scale."""

    def why(node: ir.Node) -> str:
        return next((found for v in (node.inputs[0], node.outputs[0]) if (found := lacking(v, *dtypes))), "")

    return why


def lacking(value: ir.Value | None, *dtypes: ir.DataType) -> str:
    """What a tensor lacks to be codes of one of these dtypes with one scale; empty where it lacks nothing."""
    if value is None or value.dtype not in dtypes:
        what = "no tensor" if value is None or value.dtype is None else value.dtype.name.lower()
        return f"LiteRT has no integer kernel for {what} there" if value is None else f"{value.name} is {what}"
    quant = quantization(value)
    if quant is None:
        return f"{value.name} has no scale"
    return "" if quant.per_tensor else f"{value.name} has more than one scale"
