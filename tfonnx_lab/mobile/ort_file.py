"""Reads files of the ORT format (.ort), which ONNX Runtime makes of ONNX models for small devices.

Source of the format: onnxruntime/core/flatbuffers/schema/ort.fbs, and graph_flatbuffers_utils.cc for how it is filled.
"""

from __future__ import annotations

import heapq
import os
import struct
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from tfonnx_lab.errors import ConversionError
from tfonnx_lab.mobile._fbs import Bounds, fbs, text
from tfonnx_lab.mobile.ort_model import OrtModel
from tfonnx_lab.mobile.ort_nodes import OrtAttribute, OrtGraph, OrtNode, OrtRecord
from tfonnx_lab.mobile.ort_tensors import DTYPES, OrtTensor, OrtValue, Shape

__all__ = [
    "OrtAttribute",
    "OrtGraph",
    "OrtModel",
    "OrtNode",
    "OrtRecord",
    "OrtTensor",
    "OrtValue",
    "is_ort",
    "read_ort",
]

_IDENTIFIER = b"ORTM"
_HEAD = 4096
"""How many bytes are looked at to tell what a file is that is no ORT file."""
_NO_NODE = 0xFFFFFFFF
_KINDS = ("UNDEFINED", "FLOAT", "INT", "STRING", "TENSOR", "GRAPH", "FLOATS", "INTS", "STRINGS", "TENSORS", "GRAPHS",
          "SPARSE_TENSOR", "SPARSE_TENSORS")  # fmt: skip
"""Types of an attribute by their number."""

_DAMAGE = (struct.error, ValueError, IndexError, KeyError, TypeError, AttributeError, AssertionError, RecursionError,
           OverflowError, MemoryError)  # fmt: skip
"""What FlatBuffers' classes raise where offsets and lengths of a file make no sense."""


def is_ort(start: bytes) -> bool:
    """Whether a file that begins with these bytes (8 at least) is of the ORT format."""
    return bytes(start[4:8]) == _IDENTIFIER


def read_ort(source: str | os.PathLike[str] | bytes | bytearray | memoryview) -> OrtModel:
    """Read a file of the ORT format, or its bytes.

    Constants are views of the file's bytes. Raises ConversionError for a file that is not there, is of another kind
    (which one is told) or is damaged.
    """
    if isinstance(source, (bytes, bytearray, memoryview)):
        name, data = "<bytes>", bytes(source)
    elif isinstance(source, (str, os.PathLike)):
        name = os.fspath(source)
        try:
            data = Path(source).read_bytes()
        except OSError as error:
            raise ConversionError(f"{name}: {error.strerror or error}") from error
    else:
        raise ConversionError(f"a path or bytes of an .ort file are read, not a {type(source).__name__}")
    if not is_ort(data[:8]):
        raise ConversionError(f"{name}: not a file of the ORT format: {_kind_of(data)}")
    try:
        return _Reader(data).model(name)
    except _DAMAGE as error:
        raise ConversionError(
            f"{name}: the file is damaged ({type(error).__name__}: {error}); write it again"
        ) from error


def _kind_of(data: bytes) -> str:
    """What a file is that is no ORT file."""
    if not data:
        return "it is empty"
    if data[4:8] == b"TFL3":
        return "it is a TFLite model"
    if data[:2] == b"PK":
        return "it is a zip archive"
    if data[:1] == b"\x08" and b"\x3a" in data[:_HEAD]:  # field 1 (ir_version) first, field 7 (graph) somewhere
        return "it looks like an ONNX model; Mobile(model).save(path) writes the ORT format"
    return f"it does not have {_IDENTIFIER.decode()} as its bytes 4 to 7"


class _Reader:
    def __init__(self, data: bytes) -> None:
        self.data = data
        self.bounds = Bounds(len(data))
        self.graphs: list[OrtGraph] = []
        self.paths = {""}

    def model(self, name: str) -> OrtModel:
        session = fbs("InferenceSession").GetRootAs(self.data, 0)
        model, items = session.Model(), self.bounds.items
        if model is None or model.Graph() is None:
            raise ValueError("it holds no graph")
        self._graph(model.Graph(), "", None)
        return OrtModel(
            name=name,
            size=len(self.data),
            format_version=text(session.OrtVersion()),
            ir_version=int(model.IrVersion()),
            opsets={_domain(text(o.Domain())): int(o.Version()) for o in items(model, "OpsetImport")},
            producer=f"{text(model.ProducerName())} {text(model.ProducerVersion())}".strip(),
            metadata={text(p.Key()): text(p.Value()) for p in items(model, "MetadataProps")},
            graphs=tuple(self.graphs),
            resolver=self._resolver(session.KernelTypeStrResolver()),
        )

    def _graph(self, graph: Any, path: str, parent: str | None) -> None:
        items = self.bounds.items
        place = len(self.graphs)
        values = [self._value(v) for v in items(graph, "NodeArgs")]
        nodes = tuple(self._node(n, path) for n in items(graph, "Nodes"))
        tensors = [self._tensor(t) for t in items(graph, "Initializers")]
        tensors += [self._sparse(t) for t in items(graph, "SparseInitializers")]
        found = OrtGraph(
            path=path,
            nodes=_in_order(nodes),
            values={v.name: v for v in values},
            initializers={t.name: t for t in tensors},
            inputs=self.bounds.strings(graph, "Inputs"),
            outputs=self.bounds.strings(graph, "Outputs"),
            records=self._records(graph.RuntimeOptimizations(), path),
            parent=parent,
        )
        self.graphs.insert(place, found)

    def _node(self, node: Any, path: str) -> OrtNode:
        strings, name, index = self.bounds.strings, text(node.Name()), int(node.Index())
        return OrtNode(
            index=index,
            name=name,
            domain=_domain(text(node.Domain())),
            op=text(node.OpType()),
            since_version=int(node.SinceVersion()),
            provider=text(node.ExecutionProviderType()),
            inputs=strings(node, "Inputs"),
            outputs=strings(node, "Outputs"),
            implicit_inputs=strings(node, "ImplicitInputs"),
            attributes=tuple(self._attribute(a, index, name, path) for a in self.bounds.items(node, "Attributes")),
            path=path,
        )

    def _attribute(self, attribute: Any, index: int, node: str, path: str) -> OrtAttribute:
        name, kind = text(attribute.Name()), _KINDS[attribute.Type()]
        items = self.bounds.items
        if kind == "GRAPH":
            inner = self._path(path, node or str(index), name)
            self._graph(attribute.G(), inner, path)
            return OrtAttribute(name, kind, inner)
        read: dict[str, Callable[[], Any]] = {
            "FLOAT": lambda: float(attribute.F()),
            "INT": lambda: int(attribute.I()),
            "STRING": lambda: _string(attribute.S()),
            "TENSOR": lambda: self._tensor(attribute.T()),
            "FLOATS": lambda: tuple(float(x) for x in items(attribute, "Floats")),
            "INTS": lambda: tuple(int(x) for x in items(attribute, "Ints")),
            "STRINGS": lambda: tuple(_string(s) for s in items(attribute, "Strings")),
            "TENSORS": lambda: tuple(self._tensor(t) for t in items(attribute, "Tensors")),
        }
        return OrtAttribute(name, kind, read[kind]() if kind in read else None)

    def _path(self, around: str, node: str, attribute: str) -> str:
        """A path that no other graph has, also where two nodes have one name."""
        first = path = f"{around}/{node}.{attribute}".lstrip("/")
        count = 1
        while path in self.paths:
            count += 1
            path = f"{first}#{count}"
        self.paths.add(path)
        return path

    def _value(self, value: Any) -> OrtValue:
        name, info = text(value.Name()), value.Type()
        if info is None:
            return OrtValue(name)  # an optional input that is left out has a value without a name and a type
        dtype, shape, kind, full = self._type(info)
        return OrtValue(name, dtype, shape, kind, full)

    def _type(self, info: Any) -> tuple[str, Shape, str, str]:
        """Element type, shape, kind, and the type in full."""
        union, held = info.ValueType(), info.Value()
        if union == 1:
            tensor = _as("TensorTypeAndShape", held)
            dtype = _dtype(tensor.ElemType())
            return dtype, self._shape(tensor.Shape()), "tensor", dtype
        if union == 2:
            dtype, _, _, inner = self._type(_as("SequenceType", held).ElemType())
            return dtype, None, "sequence", f"sequence({inner})"
        if union == 3:
            table = _as("MapType", held)
            dtype, _, _, inner = self._type(table.ValueType())
            return dtype, None, "map", f"map({_dtype(table.KeyType())}, {inner})"
        return "", None, "", ""

    def _shape(self, shape: Any) -> Shape:
        return None if shape is None else tuple(_dimension(d.Value()) for d in self.bounds.items(shape, "Dim"))

    def _tensor(self, tensor: Any) -> OrtTensor:
        shape = tuple(int(d) for d in self.bounds.items(tensor, "Dims"))
        dtype = _dtype(tensor.DataType())
        data: np.ndarray | tuple[bytes, ...] | None
        if dtype == "string":
            data = tuple(self.bounds.items(tensor, "StringData"))
        elif tensor.ExternalDataOffset() >= 0:
            data = None
        else:
            raw = tensor.RawDataAsNumpy()
            data = raw if isinstance(raw, np.ndarray) else np.empty(0, np.uint8)
        return OrtTensor(text(tensor.Name()), dtype, shape, data)

    def _sparse(self, tensor: Any) -> OrtTensor:
        """A sparse constant, of which the values are given: its shape is the dense one."""
        values = self._tensor(tensor.Values())
        return OrtTensor(values.name, values.dtype, tuple(int(d) for d in self.bounds.items(tensor, "Dims")), None)

    def _records(self, container: Any, path: str) -> tuple[OrtRecord, ...]:
        if container is None:
            return ()
        items = self.bounds.items
        return tuple(
            self._record(text(entry.OptimizerName()), record, path)
            for entry in items(container, "Records")
            for record in items(entry, "RuntimeOptimizationRecords")
        )

    def _record(self, optimizer: str, record: Any, path: str) -> OrtRecord:
        nodes = record.NodesToOptimizeIndices()
        indices = tuple(None if i == _NO_NODE else int(i) for i in self.bounds.items(nodes, "NodeIndices"))
        produced = tuple(_full(s) for s in self.bounds.strings(record, "ProducedOpIds"))
        return OrtRecord(
            optimizer, text(record.ActionId()), indices, int(nodes.NumInputs()), int(nodes.NumOutputs()), produced, path
        )

    def _resolver(self, resolver: Any) -> dict[str, dict[str, tuple[tuple[str, int], ...]]]:
        if resolver is None:
            return {}
        items = self.bounds.items
        return {
            _full(text(op.OpId())): {
                text(entry.KernelTypeStr()): tuple(
                    ("output" if a.ArgType() else "input", int(a.Index())) for a in items(entry, "Args")
                )
                for entry in items(op, "KernelTypeStrArgs")
            }
            for op in items(resolver, "OpKernelTypeStrArgs")
        }


def _in_order(nodes: Sequence[OrtNode]) -> tuple[OrtNode, ...]:
    """Nodes so that each stands behind those whose outputs it takes, otherwise in the order of the file.

    The file lists them by index, and an optimizer's nodes have higher ones than those behind them. Nodes of a ring,
    which only a damaged file has, come last.
    """
    makers = {name: i for i, n in enumerate(nodes) for name in n.outputs if name}
    needs = [{makers[v] for v in (*n.inputs, *n.implicit_inputs) if v in makers} for n in nodes]
    users: dict[int, list[int]] = {}
    for index, found in enumerate(needs):
        for maker in found:
            users.setdefault(maker, []).append(index)
    ready = [index for index, found in enumerate(needs) if not found]
    heapq.heapify(ready)
    order: list[int] = []
    while ready:
        order.append(heapq.heappop(ready))
        for user in users.get(order[-1], ()):
            needs[user].discard(order[-1])
            if not needs[user]:
                heapq.heappush(ready, user)
    left = sorted(set(range(len(nodes))) - set(order))
    return tuple(nodes[i] for i in (*order, *left))


def _as(table: str, held: Any) -> Any:
    """What a union holds."""
    found = fbs(table)()
    found.Init(held.Bytes, held.Pos)
    return found


def _dimension(value: Any) -> int | str | None:
    if value is None or value.DimType() == 0:
        return None
    return int(value.DimValue()) if value.DimType() == 1 else text(value.DimParam())


def _dtype(number: int) -> str:
    return DTYPES.get(number, f"type {number}")


def _string(found: bytes | None) -> str | bytes:
    """A string; bytes where it is not UTF-8."""
    try:
        return text(found)
    except UnicodeDecodeError:
        return found or b""


def _domain(name: str) -> str:
    return "" if name == "ai.onnx" else name


def _full(identifier: str) -> str:
    """ ":Conv:11" => "ai.onnx:Conv:11"."""
    return f"ai.onnx{identifier}" if identifier.startswith(":") else identifier
