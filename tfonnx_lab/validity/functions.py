"""Ops that ONNX defines by other ops: where ONNX Runtime has no kernel for one, it puts those in its place.

Source: InlineFunctions in onnxruntime/core/framework/graph_partitioner.cc.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import Any

import onnx
import onnx_ir as ir

from tfonnx_lab.validity.types import type_of

Parts = tuple[int, list[ir.Node]]
"""The opset and the nodes, with their dtypes, that stand for one node."""


def parts(node: ir.Node, opset: int) -> Parts | None:
    """What stands for the node; None for an op that is not defined by others."""
    dtypes = tuple(None if value is None else value.dtype for value in node.inputs)
    typed = all(map(type_of, node.inputs))
    return _parts(_written(node).SerializeToString(deterministic=True), opset, dtypes, typed)


@lru_cache(maxsize=256)
def _parts(written: bytes, opset: int, dtypes: tuple[ir.DataType | None, ...], typed: bool) -> Parts | None:
    """`parts` of a node that is written so; most of a model's nodes of such an op are alike.

    typed: whether the types of all inputs are known.
    """
    proto = onnx.NodeProto.FromString(written)
    schema = onnx.defs.get_schema(proto.op_type, opset, proto.domain)
    function = _function(schema, dtypes if typed else None, proto)
    if function is None:
        return None
    body = onnx.GraphProto(name="function")
    body.node.extend(_without_references(function, schema, proto))
    for name, dtype in zip(function.input, dtypes, strict=False):
        if dtype is not None:
            body.input.append(onnx.helper.make_tensor_value_info(name, int(dtype), None))
    body.output.extend(onnx.ValueInfoProto(name=name) for name in function.output)
    versions = {o.domain: o.version for o in function.opset_import} or {"": schema.since_version}
    opsets = [onnx.helper.make_opsetid(domain, version) for domain, version in versions.items()]
    made = onnx.shape_inference.infer_shapes(onnx.helper.make_model(body, opset_imports=opsets))
    return versions.get("", schema.since_version), list(ir.serde.deserialize_model(made).graph)


def _written(node: ir.Node) -> onnx.NodeProto:
    """The node with names of its own: while a handler runs, values have none."""
    proto = onnx.NodeProto(op_type=node.op_type, domain=node.domain)
    proto.input.extend("" if v is None else f"input{i}" for i, v in enumerate(node.inputs))
    proto.output.extend(f"output{i}" for i in range(len(node.outputs)))
    proto.attribute.extend(ir.serde.serialize_attribute(a) for a in node.attributes.values())
    return proto


def _function(
    schema: Any, dtypes: Sequence[ir.DataType | None] | None, proto: onnx.NodeProto
) -> onnx.FunctionProto | None:
    """dtypes: of the inputs; None where one is not known."""
    if schema.has_function:
        body: onnx.FunctionProto = schema.function_body
        return body
    if not schema.has_context_dependent_function or dtypes is None:
        return None
    types = [onnx.helper.make_tensor_type_proto(int(dtype or 0), None).SerializeToString() for dtype in dtypes]
    made = onnx.FunctionProto()
    made.ParseFromString(schema.get_context_dependent_function(proto.SerializeToString(), types))
    return made if made.node else None


def _without_references(function: onnx.FunctionProto, schema: Any, proto: onnx.NodeProto) -> Iterator[onnx.NodeProto]:
    """The function's nodes, with the caller's attributes, or their defaults, where they refer to those."""
    given = {a.name: a for a in proto.attribute}
    for node in function.node:
        made = onnx.NodeProto()
        made.CopyFrom(node)
        del made.attribute[:]
        for attribute in node.attribute:
            source = attribute.ref_attr_name
            value = attribute if not source else given.get(source) or schema.attributes[source].default_value
            if value.type:
                made.attribute.add().CopyFrom(value)
                made.attribute[-1].name = attribute.name
        yield made
