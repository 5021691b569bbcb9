"""Constants of equal elements: one of them is enough, where the other operand has the shape of the result."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import onnx_ir as ir

from tfonnx_lab.graph import OpBuilder, constant_array, is_onnx, rank, tensor_of
from tfonnx_lab.patterns import onnx
from tfonnx_lab.rules import optimizer

_OPS = ("Add", "Div", "Max", "Min", "Mul", "Sub")


def _may_be_constant(x: ir.Value | None) -> bool:
    """Whether it is a constant, or dequantized, as one may be."""
    if x is None or x.const_value is not None:
        return x is not None
    maker = x.producer()
    return maker is not None and maker.op_type == "DequantizeLinear"


@optimizer(onnx[_OPS](..., name="node"), only=lambda node: any(map(_may_be_constant, node.inputs)))
def operand_of_equal_elements(op: OpBuilder, node: ir.Node) -> ir.Value | None:
    """Add(x, [c, c, c]) => Add(x, c), also behind DequantizeLinear: ONNX Runtime broadcasts one number far faster than
    rows."""
    if len(node.inputs) != 2:
        return None
    for index in (0, 1):
        x, other = node.inputs[index], node.inputs[1 - index]
        single = _single(op, x)
        if single is None or other is None or not _has_shape_of(other, node.outputs[0]):
            continue
        made = op.node(node.op_type, [other, single] if index else [single, other], {}).outputs[0]
        return op.like(made, node.outputs[0])
    return None


def _single(op: OpBuilder, x: ir.Value | None) -> ir.Value | None:
    """The one element of a constant of several equal ones, as a scalar."""
    maker = None if x is None else x.producer()
    if maker is not None and is_onnx(maker, "DequantizeLinear") and rank(maker.inputs[1]) == 0:
        codes = _single(op, maker.inputs[0])
        return None if codes is None else op.DequantizeLinear(codes, *maker.inputs[1:])
    array = constant_array(x)
    if x is None or array is None or array.size < 2 or not _equal(array):
        return None
    return op.const(tensor_of(array.ravel()[:1].reshape(()), x.dtype), name=f"{x.name}/one")


def _equal(array: np.ndarray) -> bool:
    flat = array.ravel()
    return bool(flat[-1] == flat[0] and (flat == flat[0]).all())


def _has_shape_of(x: ir.Value, result: ir.Value) -> bool:
    """Whether x alone gives the result its shape."""
    shapes: list[Sequence[object] | None] = [None if v.shape is None else list(v.shape) for v in (x, result)]
    return shapes[0] is not None and shapes[0] == shapes[1] and None not in shapes[0]
