"""Tensor lists as tensors.

A rewriter has typed each list as the tensor that its elements stack to. Source: list_ops.cc.

Ops: FlexEmptyTensorList, FlexTensorListConcat, FlexTensorListConcatV2, FlexTensorListElementShape,
FlexTensorListFromTensor, FlexTensorListGather, FlexTensorListGetItem, FlexTensorListLength, FlexTensorListPopBack,
FlexTensorListPushBack, FlexTensorListReserve, FlexTensorListResize, FlexTensorListSetItem, FlexTensorListStack.
"""

from __future__ import annotations

import numpy as np
import onnx_ir as ir

from tfonnx_lab.errors import Unsupported
from tfonnx_lab.graph import OpBuilder, constant_array
from tfonnx_lab.handlers.lowering.numeric import cast, number
from tfonnx_lab.handlers.lowering.shape import dims, rank_of, scalar
from tfonnx_lab.readers.nodedef import list_grows
from tfonnx_lab.rules import handler

_INT64 = ir.DataType.INT64


@handler("FlexTensorListReserve")
def reserve(op: OpBuilder, node: ir.Node, shape: ir.Value, size: ir.Value) -> ir.Value:
    """TensorListReserve(element shape, size) => zeros of the shape [size, *element shape]."""
    return _zeros(op, node, shape, op.Reshape(cast(op, size, _INT64), op.const([1])))


@handler("FlexEmptyTensorList")
def empty_list(op: OpBuilder, node: ir.Node, shape: ir.Value, most: ir.Value) -> ir.Value:
    """EmptyTensorList(element shape) => a tensor of the shape [0, *element shape]."""
    return _zeros(op, node, shape, op.const([0]))


def _zeros(op: OpBuilder, node: ir.Node, shape: ir.Value, size: ir.Value) -> ir.Value:
    """Zeros [size, *element shape]; a dimension that is known only when it runs is 0 in a list of no elements."""
    said, out = constant_array(shape), node.outputs[0]
    element = None if said is None or said.ndim != 1 else [int(d) for d in said]
    if (element is None or min(element, default=0) < 0) and out.shape is not None and len(out.shape):
        element = [d if isinstance(d, int) else -1 for d in list(out.shape)[1:]]
    count = constant_array(size)
    if element is None or (min(element, default=0) < 0 and (count is None or count.any())):
        raise Unsupported(
            "a tensor list whose elements' shape is not known; a loop must set one element in each iteration"
        )
    dtype = out.dtype
    assert dtype is not None
    zero = ir.tensor(np.zeros([1], dtype.numpy()))
    made = op.ConstantOfShape(op.Concat(size, op.const([max(d, 0) for d in element]), axis=0), value=zero)
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


@handler("FlexTensorListGather")
def gather_items(op: OpBuilder, node: ir.Node, items: ir.Value, at: ir.Value, shape: ir.Value) -> ir.Value:
    """TensorListGather(list, indices) => Gather(list, indices)."""
    return op.Gather(items, at, axis=0)


@handler("FlexTensorListSetItem")
def set_item(op: OpBuilder, node: ir.Node, items: ir.Value, at: ir.Value, value: ir.Value) -> ir.Value:
    """TensorListSetItem(list, i, x) => ScatterND(list, [[i]], [x]), into a list that is made longer where it may
    grow."""
    place = op.Reshape(cast(op, at, _INT64), op.const([1, 1]))
    if list_grows(node):
        items = _fitted(op, items, value)
        count = op.Slice(op.Shape(items), op.const([0]), op.const([1]), op.const([0]))
        end = op.Add(op.Reshape(place, op.const([1])), op.const(1))
        items = _resized(op, items, op.Max(end, count), count)
    return op.ScatterND(items, place, op.Unsqueeze(value, op.const([0])))


def _fitted(op: OpBuilder, items: ir.Value, value: ir.Value) -> ir.Value:
    """The list with its elements' shape; one of no elements may not know it before the first is there."""
    if all(isinstance(d, int) for d in list(items.shape or [None])[1:]):
        return items
    shape = op.Concat(op.Slice(op.Shape(items), op.const([0]), op.const([1]), op.const([0])), op.Shape(value), axis=0)
    made: ir.Value = op.Reshape(items, shape, allowzero=1) if op.opset >= 14 else op.Reshape(items, shape)
    if made.shape is None and items.shape is not None:
        made.shape = ir.Shape([None] * len(items.shape))
    return made


def _resized(op: OpBuilder, items: ir.Value, size: ir.Value, count: ir.Value) -> ir.Value:
    """The list with so many elements, zeros behind those that it had.

    size, count: int64 lists of one.
    """
    behind = op.Max(op.Sub(size, count), op.const(0))
    axes = rank_of(items)
    pads = op.Concat(op.const([0] * axes), behind, *([op.const([0] * (axes - 1))] if axes > 1 else []), axis=0)
    return op.Pad(items, pads, number(0, items))


@handler("FlexTensorListPushBack")
def push_back(op: OpBuilder, node: ir.Node, items: ir.Value, value: ir.Value) -> ir.Value:
    """TensorListPushBack(list, x) => Concat(list, [x])."""
    return op.Concat(_fitted(op, items, value), op.Unsqueeze(value, op.const([0])), axis=0)


@handler("FlexTensorListPopBack")
def pop_back(op: OpBuilder, node: ir.Node, items: ir.Value, shape: ir.Value) -> list[ir.Value]:
    """TensorListPopBack(list) => all but the last element, and that one."""
    rest = op.Slice(items, op.const([0]), op.const([-1]), op.const([0]))
    return [rest, op.Gather(items, op.const(-1), axis=0)]


@handler("FlexTensorListResize")
def resize_list(op: OpBuilder, node: ir.Node, items: ir.Value, size: ir.Value) -> ir.Value:
    """TensorListResize(list, n) => the list cut, or filled up with zeros."""
    wanted = op.Reshape(scalar(op, size), op.const([1]))
    count = op.Slice(op.Shape(items), op.const([0]), op.const([1]), op.const([0]))
    return op.Slice(_resized(op, items, wanted, count), op.const([0]), wanted, op.const([0]))


@handler("FlexTensorListConcat", "FlexTensorListConcatV2")
def concat_items(op: OpBuilder, node: ir.Node, items: ir.Value, *rest: ir.Value) -> list[ir.Value]:
    """TensorListConcat(list) => the elements one behind the other, and the length of each."""
    size = rank_of(items)
    joined = op.Reshape(items, op.Concat(op.const([-1]), dims(op, items, range(2, size)), axis=0))
    lengths = op.Expand(dims(op, items, [1]), op.Slice(op.Shape(items), op.const([0]), op.const([1]), op.const([0])))
    return [joined, lengths]


@handler("FlexTensorListElementShape")
def element_shape(op: OpBuilder, node: ir.Node, items: ir.Value) -> ir.Value:
    """TensorListElementShape(list) => the list's shape without its first dimension."""
    return cast(
        op, op.Slice(op.Shape(items), op.const([1]), op.const([2**31 - 1]), op.const([0])), node.outputs[0].dtype
    )


@handler("FlexTensorListLength")
def length(op: OpBuilder, node: ir.Node, items: ir.Value) -> ir.Value:
    """TensorListLength(list) => Gather(Shape(list), 0)."""
    return cast(op, op.Gather(op.Shape(items), op.const(0), axis=0), ir.DataType.INT32)
