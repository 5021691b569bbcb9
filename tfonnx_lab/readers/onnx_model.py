"""ONNX models that others made, as the graph that our optimizers work on: every node knows its place in the file."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import onnx
import onnx_ir as ir

from tfonnx_lab.errors import ConversionError
from tfonnx_lab.graph import ORIGIN, all_nodes
from tfonnx_lab.graph.meta import describe


def read_onnx(source: Any) -> onnx.ModelProto:
    """The model of a path, of bytes or of a file that was read, with its weights.

    source: the path of an .onnx file (weights beside it are read, too), its bytes, or an onnx.ModelProto.
    Raises ConversionError for what cannot be read, or is no ONNX model.
    """
    if isinstance(source, onnx.ModelProto):
        return source
    try:
        if isinstance(source, (bytes, bytearray, memoryview)):
            model: onnx.ModelProto = onnx.ModelProto.FromString(bytes(source))
        else:
            model = onnx.load(os.fspath(source))
    except Exception as error:  # protobuf's and onnx's errors share no base class
        raise ConversionError(f"{_name(source)} cannot be read as an ONNX model: {error}") from error
    if not model.graph.node and not model.graph.output:
        raise ConversionError(f"{_name(source)} is no ONNX model: it holds no graph")
    return model


def onnx_graph(model: onnx.ModelProto) -> ir.Model:
    """The graph with shapes inferred where ONNX can; the origin of a node is its place in the main graph.

    A node of a subgraph has the origin of the node that it belongs to.
    """
    try:
        inferred = onnx.shape_inference.infer_shapes(model)
    except Exception:  # over 2 GB, or an op that onnx does not know: the shapes stay as the file has them
        inferred = model
    found = ir.from_proto(inferred)
    for place, node in enumerate(found.graph):
        describe(node, ORIGIN, frozenset((place,)))
        for attribute in node.attributes.values():
            for graph in _graphs(attribute):
                for inner in all_nodes(graph):
                    describe(inner, ORIGIN, frozenset((place,)))
    return found


def _graphs(attribute: ir.Attr) -> list[ir.Graph]:
    if attribute.type == ir.AttributeType.GRAPH:
        return [attribute.as_graph()]
    return list(attribute.as_graphs()) if attribute.type == ir.AttributeType.GRAPHS else []


def _name(source: Any) -> str:
    return str(Path(source)) if isinstance(source, (str, os.PathLike)) else "<bytes>"
