"""A graph for ONNX's shape inference: what it takes long for, and what it knows nothing of, is left out or stood in
for."""

from __future__ import annotations

from collections.abc import Callable

import onnx
import onnx_ir as ir

from tfonnx_lab.graph.dialects import is_onnx
from tfonnx_lab.graph.walk import subgraphs

_SMALL = 1024
"""Elements up to which a constant may be a shape, whose contents inference has to know: more than any tensor has
dimensions, and less than what makes inference slow."""


def _nothing(node: ir.Node) -> onnx.NodeProto | None:
    return None


def outline(graph: ir.Graph, stand_in: Callable[[ir.Node], onnx.NodeProto | None] = _nothing) -> onnx.GraphProto:
    """The graph without large constants: inputs stand for them. Shapes of what is computed are left out, which may be
    stale.

    A Range is an input of unknown length: inference would write out its elements.

    stand_in: the node that takes a node's place, or None where the node itself stands.
    """
    proto = onnx.GraphProto(name="outline")
    for node in graph:
        if is_onnx(node, "Range"):
            kind = node.outputs[0].dtype or ir.DataType.FLOAT
            proto.input.append(onnx.helper.make_tensor_value_info(node.outputs[0].name or "", int(kind), [None]))
        else:
            proto.node.append(stand_in(node) or ir.serde.serialize_node(node))
        if subgraphs(node):
            made = (ir.Value(name=v.name, type=v.type) for v in node.outputs if v.name and v.type is not None)
            proto.value_info.extend(map(ir.serde.serialize_value, made))
    for value in graph.inputs:
        proto.input.append(ir.serde.serialize_value(value))
    for constant in graph.initializers.values():
        tensor = constant.const_value
        if tensor is not None and tensor.size <= _SMALL:
            proto.initializer.append(ir.serde.serialize_tensor(tensor))
            proto.initializer[-1].name = constant.name
        else:
            proto.input.append(ir.serde.serialize_value(constant))
    for output in graph.outputs:
        proto.output.append(ir.serde.serialize_value(ir.Value(name=output.name, type=output.type)))
    return proto
