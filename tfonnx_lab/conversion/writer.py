"""The ONNX file, its weights written straight from where they lie: in the pages of the TFLite file.

A ModelProto would hold a copy of all weights, and its serialized form another one.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import BinaryIO

import onnx
import onnx_ir as ir

from tfonnx_lab.graph import MICROSOFT, ONNX
from tfonnx_lab.graph.collector import collector_paused

HEAVY = 2**16
"""From this many bytes on, a constant is written by itself."""

_GRAPH_OF_MODEL = b"\x3a"
_INITIALIZER_OF_GRAPH = b"\x2a"
_RAW_DATA_OF_TENSOR = b"\x4a"
"""Tags of length-delimited fields: the field's number in onnx.proto times 8, plus 2.

A field may follow the others' end.
"""


_INFERRED = frozenset((ONNX, "ai.onnx.ml", MICROSOFT))
"""Domains of whose ops a runtime knows what they make."""


def to_proto(model: ir.Model, shapes: bool = False) -> onnx.ModelProto:
    """The model as a protobuf.

    shapes: with the type and shape of every value; without, only of those that ops of foreign domains make, as nobody
        can infer these.
    """
    proto = ir.to_proto(model)
    if not shapes:
        inner = bool(model.graph.subgraphs())
        _drop_inferred(proto.graph, inner)
    return proto


def _drop_inferred(graph: onnx.GraphProto, inner: bool) -> None:
    """Leave of the graph's `value_info` what cannot be inferred.

    inner: whether nodes hold subgraphs.
    """
    foreign = {name for node in graph.node if node.domain not in _INFERRED for name in node.output}
    kept = [value for value in graph.value_info if value.name in foreign] if foreign else []
    del graph.value_info[:]
    graph.value_info.extend(kept)
    for attribute in (a for node in graph.node for a in node.attribute) if inner else ():
        for held in (attribute.g, *attribute.graphs) if attribute.type in _HOLDS_GRAPHS else ():
            _drop_inferred(held, inner)


_HOLDS_GRAPHS = (onnx.AttributeProto.GRAPH, onnx.AttributeProto.GRAPHS)


def write_model(model: ir.Model, file: BinaryIO, heavy: int = HEAVY, shapes: bool = False) -> None:
    """Write the model as a protobuf of less than 2 GB; constants of `heavy` bytes or more stand last in it."""
    values = [v for v in model.graph.initializers.values() if _is_heavy(v.const_value, heavy)]
    tensors = [v.const_value for v in values if v.const_value is not None]
    with collector_paused(), _set_aside(values):
        proto = to_proto(model, shapes)
    names = {v.name for v in values}
    light = [t for t in proto.graph.initializer if t.name not in names]
    del proto.graph.initializer[:]
    proto.graph.initializer.extend(light)
    graph = proto.graph.SerializeToString()
    proto.ClearField("graph")
    heads = [_head(v, t) for v, t in zip(values, tensors, strict=True)]
    size = len(graph) + sum(len(head) + t.nbytes for head, t in zip(heads, tensors, strict=True))
    file.write(proto.SerializeToString() + _GRAPH_OF_MODEL + _varint(size) + graph)
    for head, tensor in zip(heads, tensors, strict=True):
        file.write(head)
        tensor.tofile(file)  # type: ignore[attr-defined]


def _is_heavy(tensor: ir.TensorProtocol | None, heavy: int) -> bool:
    return isinstance(tensor, (ir.Tensor, ir.PackedTensor)) and tensor.nbytes >= heavy


@contextmanager
def _set_aside(values: Sequence[ir.Value]) -> Iterator[None]:
    """The values without their contents: a reference to a file takes their place."""
    tensors = [v.const_value for v in values]
    try:
        for value, tensor in zip(values, tensors, strict=True):
            assert tensor is not None and value.name is not None
            value.const_value = ir.ExternalTensor(
                "", 0, tensor.nbytes, tensor.dtype, shape=ir.Shape(tensor.shape.numpy()), name=value.name
            )
        yield
    finally:
        for value, tensor in zip(values, tensors, strict=True):
            value.const_value = tensor


def _head(value: ir.Value, tensor: ir.TensorProtocol) -> bytes:
    """What stands before the bytes of a constant: the field of the graph, and all of the tensor but its bytes."""
    proto = onnx.TensorProto(name=value.name, data_type=int(tensor.dtype), dims=list(tensor.shape.numpy()))
    inner = proto.SerializeToString() + _RAW_DATA_OF_TENSOR + _varint(tensor.nbytes)
    return _INITIALIZER_OF_GRAPH + _varint(len(inner) + tensor.nbytes) + inner


def _varint(number: int) -> bytes:
    """A number in protobuf's base 128, the lowest seven bits first."""
    found = bytearray()
    while number > 127:
        found.append(number & 127 | 128)
        number >>= 7
    return bytes([*found, number])
