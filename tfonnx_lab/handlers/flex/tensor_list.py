"""Tensor lists as tensors.

A rewriter has typed each list as the tensor that its elements stack to.

Ops: FlexTensorListFromTensor, FlexTensorListGetItem, FlexTensorListLength, FlexTensorListReserve,
FlexTensorListSetItem, FlexTensorListStack.
"""

from __future__ import annotations

import numpy as np
import onnx_ir as ir

from tfonnx_lab.errors import Unsupported
from tfonnx_lab.graph import OpBuilder, constant_array
from tfonnx_lab.handlers.lowering.numeric import cast, number
from tfonnx_lab.readers.nodedef import list_grows
from tfonnx_lab.rules import handler

_INT64 = ir.DataType.INT64


@handler("FlexTensorListReserve")
def reserve(op: OpBuilder, node: ir.Node, shape: ir.Value, size: ir.Value) -> ir.Value:
    """TensorListReserve(element shape, size) => zeros of the shape [size, *element shape]."""
    dims = constant_array(shape)
    if dims is None or dims.ndim != 1 or (dims < 0).any():
        raise Unsupported(
            "a tensor list whose elements' shape is not known; it is converted where a loop sets one element a turn"
        )
    size = op.Reshape(cast(op, size, _INT64), op.const([1]))
    dtype = node.outputs[0].dtype
    assert dtype is not None
    zero = ir.tensor(np.zeros([1], dtype.numpy()))
    made = op.ConstantOfShape(op.Concat(size, op.const(dims.astype(np.int64)), axis=0), value=zero)
    made.type = ir.TensorType(dtype)
    return made


@handler("FlexTensorListFromTensor")
def from_tensor(op: OpBuilder, node: ir.Node, x: ir.Value, shape: ir.Value) -> ir.Value:
    """TensorListFromTensor(x) => x."""
    return x


@handler("FlexTensorListStack")
def stack(op: OpBuilder, node: ir.Node, items: ir.Value, shape: ir.Value) -> ir.Value:
    """TensorListStack(list) => the tensor that the list is."""
    return items


@handler("FlexTensorListGetItem")
def get_item(op: OpBuilder, node: ir.Node, items: ir.Value, at: ir.Value, shape: ir.Value) -> ir.Value:
    """TensorListGetItem(list, i) => Gather(list, i)."""
    return op.Gather(items, at, axis=0)


@handler("FlexTensorListSetItem")
def set_item(op: OpBuilder, node: ir.Node, items: ir.Value, at: ir.Value, value: ir.Value) -> ir.Value:
    """TensorListSetItem(list, i, x) => ScatterND(list, [[i]], [x]); a list that may grow gets zeros up to i first.

    Source: SetItem and its resize_if_index_out_of_bounds in tensorflow/core/kernels/list_kernels.h.
    """
    index = op.Reshape(cast(op, at, _INT64), op.const([1, 1]))
    if list_grows(node):
        items = _long_enough(op, items, op.Reshape(index, op.const([1])))
    return op.ScatterND(items, index, op.Unsqueeze(value, op.const([0])))


def _long_enough(op: OpBuilder, items: ir.Value, index: ir.Value) -> ir.Value:
    """The list with zeros behind it up to an index [i], where it is shorter."""
    sizes = op.Shape(items)
    length, rest = op.Slice(sizes, op.const([0]), op.const([1])), op.Slice(sizes, op.const([1]), op.const([2**31]))
    missing = op.Max(op.Sub(op.Add(index, op.const([1])), length), op.const([0]))
    zero = ir.tensor(number([0], items))
    return op.Concat(items, op.ConstantOfShape(op.Concat(missing, rest, axis=0), value=zero), axis=0)


@handler("FlexTensorListLength")
def length(op: OpBuilder, node: ir.Node, items: ir.Value) -> ir.Value:
    """TensorListLength(list) => Gather(Shape(list), 0)."""
    return cast(op, op.Gather(op.Shape(items), op.const(0), axis=0), ir.DataType.INT32)
