"""TensorFlow's tensor lists, in which loops collect their results: typed as the tensors that their elements stack
to."""

from __future__ import annotations

from collections.abc import Iterator

import onnx_ir as ir

from tfonnx_lab.graph import TFLITE_CUSTOM, OpBuilder, all_nodes, attr, constant_array
from tfonnx_lab.readers.nodedef import NodeDef
from tfonnx_lab.rules import rewriter

_KEEPERS = ("FlexTensorListSetItem",)
Kind = tuple[ir.DataType, list[int | None]]
"""The dtype and the dimensions of the tensor that a list is."""


@rewriter(phase="prepare", after=("channels_first_outputs",))
def type_tensor_lists(op: OpBuilder) -> bool | None:
    """FlexTensorListReserve: a variant => a tensor with one more axis than the list's elements, through loops and
    branches."""
    found: dict[ir.Value, Kind] = {}
    for node in all_nodes(op.editor.graph):
        kind = _made(node) if node.domain == TFLITE_CUSTOM else None
        if kind is not None:
            _follow(node.outputs[0], kind, found)
            op.note(str(node.name))
    for value, (dtype, dims) in found.items():
        op.editor.retype(value, dtype=dtype, shape=ir.Shape(dims))
    return True if found else None


def _made(node: ir.Node) -> Kind | None:
    """What a list is that this op makes; None for other ops, and where its elements' rank is not known."""
    dtype = NodeDef(node).get("element_dtype") if node.op_type.startswith("FlexTensorList") else None
    if dtype is None:
        return None
    if node.op_type == "FlexTensorListFromTensor":
        x = node.inputs[0]
        return None if x is None or x.shape is None else (dtype, [d if isinstance(d, int) else None for d in x.shape])
    if node.op_type != "FlexTensorListReserve":
        return None
    dims, size = (constant_array(v) if v is not None else None for v in node.inputs[:2])
    if dims is None or dims.ndim != 1:
        return None
    return dtype, [None if size is None else int(size.ravel()[0]), *(int(d) if d >= 0 else None for d in dims)]


def _follow(value: ir.Value, kind: Kind, found: dict[ir.Value, Kind]) -> None:
    """Mark the value and what hands it on."""
    waiting = [value]
    while waiting:
        value = waiting.pop()
        if value not in found:
            found[value] = kind
            for user, at in value.uses():
                waiting += _handed_on(user, at, value)


def _handed_on(user: ir.Node, at: int, value: ir.Value) -> Iterator[ir.Value]:
    if user.op_type in _KEEPERS and at == 0:
        yield user.outputs[0]
    elif user.op_type == "WHILE":
        for name in ("cond_subgraph", "body_subgraph"):
            yield attr(user, name).inputs[at]
        yield user.outputs[at]
