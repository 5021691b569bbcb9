"""Max and Min as the activation that they are, which ONNX Runtime runs in one pass or within a convolution.

Ops: MAXIMUM, MINIMUM (Max, Min). Not for accelerators, some of which take few of these, and not with `exact`, as NaN
may end otherwise.
"""

from __future__ import annotations

import numpy as np
import onnx_ir as ir

from tfonnx_lab.graph import OpBuilder, constant_array, is_onnx, rank
from tfonnx_lab.patterns import onnx, var
from tfonnx_lab.rules import optimizer

_F = ir.DataType.FLOAT


@optimizer(onnx.Max(var("a"), var("b"), name="node"), phase="fuse")
def leaky_relu_of_maximum(op: OpBuilder, node: ir.Node, a: ir.Value, b: ir.Value) -> ir.Value | None:
    """Max(x, slope * x) => LeakyRelu(x), for one slope of 0 to 1."""
    for x, scaled in ((a, b), (b, a)):
        made = scaled.producer()
        if made is None or not is_onnx(made, "Mul") or x not in made.inputs:
            continue
        found = _with_number(op, made)
        if found is not None and found[0] is x and 0 <= found[1] <= 1:
            return op.like(op.LeakyRelu(x, alpha=found[1]), node.outputs[0])
    return None


@optimizer(onnx.Max(var("a"), var("b"), name="node"), phase="fuse")
def relu_of_maximum(op: OpBuilder, node: ir.Node, a: ir.Value, b: ir.Value) -> ir.Value | None:
    """Max(x, 0) => Relu(x)."""
    found = _with_number(op, node)
    return None if found is None or found[1] != 0 else op.like(op.Relu(found[0]), node.outputs[0])


@optimizer(onnx["Max", "Min"](var("a"), var("b"), name="node"), phase="fuse")
def clip_of_limits(op: OpBuilder, node: ir.Node, a: ir.Value, b: ir.Value) -> ir.Value | None:
    """Min(Max(x, low), high) => Clip(x, low, high), for numbers, low being at most high; Max(Min(x)) and Min(Relu(x))
    alike."""
    outer = _with_number(op, node)
    inner = None if outer is None else outer[0].producer()
    if outer is None or inner is None:
        return None
    if is_onnx(inner, "Relu") and inner.inputs[0] is not None:
        within: tuple[ir.Value, float] | None = (inner.inputs[0], 0.0)
    else:
        within = _with_number(op, inner) if is_onnx(inner, "Max", "Min") else None
    if within is None or inner.op_type == node.op_type or (inner.op_type == "Relu" and node.op_type == "Max"):
        return None
    low, high = (outer[1], within[1]) if node.op_type == "Max" else (within[1], outer[1])
    if low > high:
        return None
    return op.like(op.Clip(within[0], np.float32(low), np.float32(high)), node.outputs[0])


def _with_number(op: OpBuilder, node: ir.Node) -> tuple[ir.Value, float] | None:
    """What an op of two float inputs reads and the one number that its other input holds, where that does not enlarge
    it."""
    if op.options.static or op.options.exact or len(node.inputs) != 2:
        return None
    for x, value in (node.inputs, node.inputs[::-1]):
        array, size = constant_array(value), rank(x)
        if x is None or x.dtype != _F or x.const_value is not None or array is None or size is None:
            continue
        if array.size == 1 and array.ndim <= size and not np.isnan(array.ravel()[0]):
            return x, float(array.ravel()[0])
    return None
