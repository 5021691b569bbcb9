"""TensorFlow's tensor lists, in which loops collect their results: typed as the tensors that their elements stack
to."""

from __future__ import annotations

from collections.abc import Iterator

import onnx_ir as ir

from tfonnx_lab.graph import TFLITE_CUSTOM, OpBuilder, all_nodes, attr, constant_array, rank
from tfonnx_lab.readers.nodedef import NodeDef
from tfonnx_lab.rewriters.resource_variables import subgraphs
from tfonnx_lab.rules import rewriter

_KEEPERS = ("FlexTensorListSetItem", "FlexTensorListPushBack", "FlexTensorListPopBack", "FlexTensorListResize")
_GROWING = ("FlexTensorListPushBack", "FlexTensorListPopBack", "FlexTensorListResize")
_MAKERS = {"FlexTensorListReserve": 0, "FlexEmptyTensorList": 0, "FlexTensorListFromTensor": 1}
"""Op => its input that says the elements' shape."""

Kind = tuple[ir.DataType, list[int | None]]
"""The dtype and the dimensions of the tensor that a list is."""


@rewriter(phase="prepare", after=("channels_first_outputs", "flex_names"))
def type_tensor_lists(op: OpBuilder) -> bool | None:
    """FlexTensorListReserve: a variant => a tensor with one more axis than the list's elements, through loops and
    branches."""
    owners = _owners(op)
    found: dict[ir.Value, Kind] = {}
    for node in all_nodes(op.editor.graph):
        if node.domain != TFLITE_CUSTOM or node.op_type not in _MAKERS:
            continue
        values = _follow(node.outputs[0], owners)
        kind = _kind(node, values)
        if kind is not None:
            found.update(dict.fromkeys(values, kind))
            op.note(str(node.name))
    for value, (dtype, dims) in found.items():
        op.editor.retype(value, dtype=dtype, shape=ir.Shape(dims))
    return True if found else None


def _owners(op: OpBuilder) -> dict[ir.Graph, ir.Node]:
    """Subgraph => the op that runs it."""
    return {graph: node for node in all_nodes(op.editor.graph) for graph in subgraphs(node)}


def _kind(node: ir.Node, values: list[ir.Value]) -> Kind | None:
    """What the list is that an op makes; None where not even the number of its elements' dimensions is known."""
    dtype = NodeDef(node).get("element_dtype")
    if dtype is None:
        return None
    if node.op_type == "FlexTensorListFromTensor":
        x = node.inputs[0]
        if x is None or x.shape is None:
            return None
        dims: list[int | None] | None = [d if isinstance(d, int) else None for d in x.shape]
    else:
        element = _elements(node, values)
        sizes = constant_array(node.inputs[1]) if node.op_type == "FlexTensorListReserve" else None
        first = None if sizes is None else int(sizes.ravel()[0])
        dims = None if element is None else [first, *element]
    if dims is None:
        return None
    return dtype, [None if any(_grows(user) for v in values for user, _ in v.uses()) else dims[0], *dims[1:]]


def _grows(user: ir.Node) -> bool:
    """Whether an op makes a list longer or shorter."""
    if user.op_type == "FlexTensorListSetItem":
        return bool(NodeDef(user).get("resize_if_index_out_of_bounds", False))
    return user.op_type in _GROWING


def _elements(node: ir.Node, values: list[ir.Value]) -> list[int | None] | None:
    """The dimensions of the elements: what the op says, else those of what is put in or read."""
    said = constant_array(node.inputs[_MAKERS[node.op_type]])
    if said is not None and said.ndim == 1:
        return [int(d) if d >= 0 else None for d in said]
    for value in values:
        for user, at in value.uses():
            item = _item(user, at)
            if item is not None and item.shape is not None and rank(item) is not None:
                dims = [d if isinstance(d, int) else None for d in item.shape]
                return dims[1:] if user.op_type == "FlexTensorListStack" else dims
    return None


def _item(user: ir.Node, at: int) -> ir.Value | None:
    """An element that an op puts into the list, or the stack that it makes of it."""
    if at != 0:
        return None
    if user.op_type == "FlexTensorListSetItem":
        return user.inputs[2]
    if user.op_type == "FlexTensorListPushBack":
        return user.inputs[1]
    return user.outputs[0] if user.op_type == "FlexTensorListStack" else None


def _follow(value: ir.Value, owners: dict[ir.Graph, ir.Node]) -> list[ir.Value]:
    """The value and what hands it on, in the order in which they are found."""
    found: dict[ir.Value, None] = {}
    waiting = [value]
    while waiting:
        value = waiting.pop()
        if value not in found:
            found[value] = None
            for user, at in value.uses():
                waiting += _handed_on(user, at)
            waiting += _handed_out(value, owners)
    return list(found)


def _handed_on(user: ir.Node, at: int) -> Iterator[ir.Value]:
    if (user.op_type in _KEEPERS and at == 0) or user.op_type == "Identity":
        yield user.outputs[0]
    elif user.op_type == "WHILE":
        for name in ("cond_subgraph", "body_subgraph"):
            yield attr(user, name).inputs[at]
        yield user.outputs[at]
    elif user.op_type == "IF" and at:
        for name in ("then_subgraph", "else_subgraph"):
            yield attr(user, name).inputs[at - 1]


def _handed_out(value: ir.Value, owners: dict[ir.Graph, ir.Node]) -> Iterator[ir.Value]:
    """The outputs of the op that runs a branch whose outputs the value is among."""
    producer = value.producer()
    graph = producer.graph if producer is not None else value.graph
    owner = owners.get(graph) if isinstance(graph, ir.Graph) else None
    if owner is None or owner.op_type != "IF" or graph is None:
        return
    for at, output in enumerate(graph.outputs):
        if output is value:
            yield owner.outputs[at]
