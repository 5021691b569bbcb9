"""Normalization by the root mean square in one op, in place of seven.

From opset 23 on it is ONNX's RMSNormalization; below, the seven ops are written as ONNX Runtime takes them for one
(with Pow and Div). [1, 196, 768] takes 82 us as Mul, ReduceMean, Add, Sqrt, Reciprocal, Mul, Mul, then 34 us (40 us
below opset 23); [1, 64, 128] 10.6 us, then 5.3.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import onnx_ir as ir

from tfonnx_lab.graph import OpBuilder, is_onnx
from tfonnx_lab.optimizers._measure import source_of
from tfonnx_lab.optimizers.layer_norm import each_row, mean_of, number, row_of, swapped
from tfonnx_lab.patterns import onnx, var
from tfonnx_lab.rules import optimizer

_FIRST_OPSET = 23


@optimizer(onnx.Mul(var("a"), var("b"), name="node"), phase="fuse")
def rms_normalization(op: OpBuilder, node: ir.Node, a: ir.Value, b: ir.Value) -> ir.Value | None:
    """x / sqrt(mean(x x) + epsilon) gamma => RMSNormalization(x, gamma); below opset 23 by Pow and Div."""
    if op.options.static or op.options.exact or node.outputs[0].dtype != ir.DataType.FLOAT:
        return None
    for x, root, gamma in _readings(a, b):
        epsilon = _epsilon(root, x)
        row = row_of(gamma, node.outputs[0])
        if epsilon is None or row is None or x.shape is None or x.dtype != ir.DataType.FLOAT:
            continue
        if list(x.shape) != list(node.outputs[0].shape or ()) or not each_row(root, x, None):
            continue
        scale = op.const(row.astype(np.float32), name=f"{gamma.name}/row")
        if op.opset >= _FIRST_OPSET:
            return op.like(op.RMSNormalization(x, scale, axis=-1, epsilon=epsilon), node.outputs[0])
        squares = op.Pow(x, np.float32(2))
        mean = op.ReduceMean(squares, op.const([-1])) if op.opset >= 18 else op.ReduceMean(squares, axes=[-1])
        return op.like(op.Mul(op.Div(x, op.Sqrt(op.Add(mean, np.float32(epsilon)))), scale), node.outputs[0])
    return None


def _readings(a: ir.Value, b: ir.Value) -> Iterator[tuple[ir.Value, ir.Value, ir.Value]]:
    """x, the root that divides it, and the gamma of a product of the three."""
    for product, gamma in ((a, b), (b, a)):
        for x, inverse in swapped(product, "Mul"):
            if (root := _inverted(inverse)) is not None:
                yield x, root, gamma
                yield gamma, root, x  # x (gamma / root)
        node = product.producer()
        if node is not None and is_onnx(node, "Div") and node.inputs[0] is not None and node.inputs[1] is not None:
            yield node.inputs[0], node.inputs[1], gamma


def _inverted(value: ir.Value) -> ir.Value | None:
    """What a value is one over."""
    node = source_of(value).producer()
    if node is not None and is_onnx(node, "Reciprocal"):
        return node.inputs[0]
    return node.inputs[1] if node is not None and is_onnx(node, "Div") and number(node.inputs[0]) == 1 else None


def _epsilon(root: ir.Value, x: ir.Value) -> float | None:
    """The epsilon of sqrt(mean(x x) + epsilon), over the last axis; None for anything else."""
    node = source_of(root).producer()
    if node is None or not is_onnx(node, "Sqrt"):
        return None
    for mean, added in swapped(node.inputs[0], "Add"):
        squares = mean_of(source_of(mean))
        if squares is not None and any(left is x and right is x for left, right in swapped(squares, "Mul")):
            return number(added)
    return None
