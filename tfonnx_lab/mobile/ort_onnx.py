"""An ORT format file as an ONNX model: the same nodes, types and constants, for whoever reads ONNX only."""

from __future__ import annotations

from typing import Any

import numpy as np
import onnx
from onnx import helper

from tfonnx_lab.mobile.ort_model import OrtModel
from tfonnx_lab.mobile.ort_nodes import OrtAttribute, OrtGraph
from tfonnx_lab.mobile.ort_tensors import DTYPES, OrtTensor, OrtValue

_NUMBERS = {name: number for number, name in DTYPES.items()}


def as_onnx(model: OrtModel) -> onnx.ModelProto:
    """The ONNX model with the file's graph. What was recorded for later, and which provider a node was given to, has no
    place there; neither has a constant that lies outside of the file (raises ValueError)."""
    used = {n.domain for n in model.nodes} | {""}
    imports = [helper.make_opsetid(d, v) for d, v in model.opsets.items() if d in used]
    made = helper.make_model(_graph(model, model.graph), opset_imports=imports, ir_version=model.ir_version)
    helper.set_model_props(made, model.metadata)
    return made


def _graph(model: OrtModel, graph: OrtGraph) -> onnx.GraphProto:
    edge = {*graph.inputs, *graph.outputs}
    return helper.make_graph(
        [_node(model, graph, index) for index in range(len(graph.nodes))],
        graph.path or model.name,
        [_value(model.value(name, graph.path)) for name in graph.inputs],
        [_value(model.value(name, graph.path)) for name in graph.outputs],
        [_tensor(t) for t in graph.initializers.values()],
        value_info=[_value(v) for v in graph.values.values() if v.name in graph.made - edge and v.type],
    )


def _node(model: OrtModel, graph: OrtGraph, index: int) -> onnx.NodeProto:
    node = graph.nodes[index]
    made = helper.make_node(node.op, node.inputs, node.outputs, name=node.name, domain=node.domain)
    made.attribute.extend(_attribute(model, a) for a in node.attributes if a.value is not None)
    return made


def _attribute(model: OrtModel, attribute: OrtAttribute) -> onnx.AttributeProto:
    value: Any = attribute.value
    if attribute.kind == "GRAPH":
        value = _graph(model, next(g for g in model.graphs if g.path == value))
    elif attribute.kind == "TENSOR":
        value = _tensor(value)
    elif attribute.kind == "TENSORS":
        value = [_tensor(t) for t in value]
    elif isinstance(value, tuple):
        value = list(value)
    return helper.make_attribute(
        attribute.name, value, attr_type=onnx.AttributeProto.AttributeType.Value(attribute.kind)
    )


def _tensor(tensor: OrtTensor) -> onnx.TensorProto:
    made = onnx.TensorProto(name=tensor.name, data_type=_NUMBERS[tensor.dtype], dims=tensor.shape)
    if isinstance(tensor.data, tuple):
        made.string_data.extend(tensor.data)
    elif isinstance(tensor.data, np.ndarray):
        made.raw_data = tensor.data.tobytes()
    else:
        raise ValueError(f"{tensor.name}: its contents are not in the file")
    return made


def _value(value: OrtValue) -> onnx.ValueInfoProto:
    made = onnx.ValueInfoProto(name=value.name)
    if value.kind == "tensor":
        made.type.CopyFrom(
            helper.make_tensor_type_proto(_NUMBERS[value.dtype], None if value.shape is None else list(value.shape))
        )
    elif value.type:
        made.type.CopyFrom(_type(value.type))
    return made


def _type(text: str) -> onnx.TypeProto:
    """ "sequence(map(int64, float32))" as ONNX has it."""
    if text.startswith("sequence("):
        return helper.make_sequence_type_proto(_type(text[9:-1]))
    if text.startswith("map("):
        key, inner = text[4:-1].split(", ", 1)
        return helper.make_map_type_proto(_NUMBERS[key], _type(inner))
    return helper.make_tensor_type_proto(_NUMBERS[text], None)
