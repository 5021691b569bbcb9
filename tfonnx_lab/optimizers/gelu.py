"""GELU in the form that ONNX Runtime recognizes and runs as one op, bias included.

Ops: GELU, and what Keras writes of it.
"""

from __future__ import annotations

import math

import numpy as np
import onnx_ir as ir

from tfonnx_lab.arithmetic import constants
from tfonnx_lab.graph import OpBuilder, constant_array, is_onnx
from tfonnx_lab.patterns import onnx, var
from tfonnx_lab.rules import Miss, optimizer


@optimizer(onnx.Mul(var("a"), var("b"), name="node"), phase="fuse")
def gelu_of_erf(op: OpBuilder, node: ir.Node, a: ir.Value, b: ir.Value) -> ir.Value | None:
    """(x / 2) (1 + Erf(x * sqrt(1/2))) => Gelu(x); below opset 20 the same with Erf(x / sqrt(2)).

    ONNX Runtime takes the latter for Gelu and the former not: [1, 196, 768] 144 => 98 us.
    """
    for half, sum_ in ((a, b), (b, a)):
        x, erf = _times(half, 0.5), _one_more(sum_)
        source = None if erf is None or not is_onnx(erf, "Erf") else erf.inputs[0]
        if x is None or source is None or _times(source, math.sqrt(0.5)) is not x or op.options.static:
            continue
        if op.opset >= 20:
            return op.like(op.Gelu(x), node.outputs[0])
        inner = op.Erf(op.like(op.Div(x, np.float32(math.sqrt(2))), x))
        return op.like(op.Mul(half, op.like(op.Add(inner, np.float32(1)), x)), node.outputs[0])
    return None


@optimizer(onnx.Mul(var("a"), var("b"), name="node"), phase="fuse", after=("gelu_of_erf",))
def gelu_of_tanh(op: OpBuilder, node: ir.Node, a: ir.Value, b: ir.Value) -> ir.Value | None:
    """(x / 2) (1 + Tanh((x + 0.044715 x^3) * sqrt(2 / pi))) => Gelu{tanh}(x); below opset 20 ONNX Runtime's own
    FastGelu(x).

    [1, 196, 768]: 185 => 75 us.
    """
    for half, sum_ in ((a, b), (b, a)):
        x, tanh = _times(half, 0.5), _one_more(sum_)
        source = None if tanh is None or not is_onnx(tanh, "Tanh") else tanh.inputs[0]
        if x is None or source is None or not _is_cubic(source, x) or op.options.static:
            continue
        if op.opset >= 20:
            return op.like(op.Gelu(x, approximate="tanh"), node.outputs[0])
        if op.options.target == "portable":
            raise Miss("ONNX has Gelu from opset 20 on")
        return op.like(op.ms.FastGelu(x), node.outputs[0])
    return None


def _is_cubic(value: ir.Value, x: ir.Value) -> bool:
    """Whether a value is (x + 0.044715 x^3) * sqrt(2 / pi)."""
    total = _times(value, math.sqrt(2 / math.pi))
    node = None if total is None else total.producer()
    if node is None or not is_onnx(node, "Add") or x not in node.inputs:
        return False
    other = next((v for v in node.inputs if v is not x), None)
    cube = None if other is None else _times(other, constants.GELU_CUBIC)
    made = None if cube is None else cube.producer()
    if made is None:
        return False
    if is_onnx(made, "Pow"):
        return made.inputs[0] is x and _number(made.inputs[1]) == 3
    square = next((v for v in made.inputs if v is not x and v is not None), None) if is_onnx(made, "Mul") else None
    squared = None if square is None or x not in made.inputs else square.producer()
    return squared is not None and is_onnx(squared, "Mul") and all(v is x for v in squared.inputs)


def _number(value: ir.Value | None) -> float | None:
    array = constant_array(value)
    return float(array.ravel()[0]) if array is not None and array.size == 1 else None


def _times(value: ir.Value, factor: float) -> ir.Value | None:
    """What a value is this many times of."""
    node = value.producer()
    if node is None or not is_onnx(node, "Mul"):
        return None
    for x, number in (node.inputs, node.inputs[::-1]):
        found = _number(number)
        if found is not None and math.isclose(found, factor, rel_tol=1e-6):
            return x
    return None


def _one_more(value: ir.Value) -> ir.Node | None:
    """The node whose result a value is one more than."""
    node = value.producer()
    if node is None or not is_onnx(node, "Add"):
        return None
    for x, number in (node.inputs, node.inputs[::-1]):
        if x is not None and _number(number) == 1:
            return x.producer()
    return None
