"""What a file of the ORT format holds, as plain data."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import ml_dtypes
import numpy as np

from tfonnx_lab.mobile.shown import Answer, Section, tail
from tfonnx_lab.runtime.sessions import REPLAY
from tfonnx_lab.texts import human

DTYPES: dict[int, str] = {
    0: "undefined", 1: "float32", 2: "uint8", 3: "int8", 4: "uint16", 5: "int16", 6: "int32", 7: "int64", 8: "string",
    9: "bool",
    10: "float16", 11: "float64", 12: "uint32", 13: "uint64", 14: "complex64", 15: "complex128", 16: "bfloat16",
    17: "float8e4m3fn", 18: "float8e4m3fnuz", 19: "float8e5m2", 20: "float8e5m2fnuz",
    21: "uint4", 22: "int4", 23: "float4e2m1", 24: "float8e8m0", 25: "uint2", 26: "int2",
}  # fmt: skip
"""Number of an element type in the file => its name. The schema of format 6 ends at 20; the rest are ONNX's numbers,
which ONNX Runtime writes and cannot read again."""

LAST_OF_SCHEMA = 20
"""The last element type of the ORT format."""

_NUMPY: dict[str, Any] = {
    "bfloat16": ml_dtypes.bfloat16,
    "float8e4m3fn": ml_dtypes.float8_e4m3fn,
    "float8e4m3fnuz": ml_dtypes.float8_e4m3fnuz,
    "float8e5m2": ml_dtypes.float8_e5m2,
    "float8e5m2fnuz": ml_dtypes.float8_e5m2fnuz,
}

Shape = tuple[int | str | None, ...] | None
"""None: not known. A dimension is a number, a name, or None where it is not known."""


@dataclass(frozen=True)
class OrtValue:
    """A value of a graph.

    dtype: the element type ("float32"); of a sequence or a map that of what it holds at last, "" where the file has
        none.
    kind: "tensor", "sequence", "map" or "" (not known).
    type: as ONNX writes it: "tensor(float)" is "float32", "sequence(float32)", "map(int64, float32)".
    """

    name: str
    dtype: str = ""
    shape: Shape = None
    kind: str = ""
    type: str = ""

    @property
    def is_static(self) -> bool:
        """Every dimension is a number."""
        return self.shape is not None and all(isinstance(d, int) for d in self.shape)


@dataclass(frozen=True, eq=False)
class OrtTensor:
    """A constant.

    shape: of numbers.
    data: its bytes in the file's order (little-endian), a view of the file; of strings the strings. None where they lie
        outside of the file.
    """

    name: str
    dtype: str
    shape: tuple[int, ...]
    data: np.ndarray | tuple[bytes, ...] | None = field(repr=False, default=None)

    def __eq__(self, other: object) -> bool:
        """The same name, type and contents."""
        if not isinstance(other, OrtTensor):
            return NotImplemented
        same = (self.name, self.dtype, self.shape) == (other.name, other.dtype, other.shape)
        if isinstance(self.data, np.ndarray) and isinstance(other.data, np.ndarray):
            return same and np.array_equal(self.data, other.data)
        return same and type(self.data) is type(other.data) and self.data == other.data

    def __hash__(self) -> int:
        return hash((self.name, self.dtype, self.shape))

    @property
    def nbytes(self) -> int:
        """How many bytes its contents take in the file."""
        if isinstance(self.data, np.ndarray):
            return int(self.data.nbytes)
        return sum(map(len, self.data or ()))

    def numpy(self) -> np.ndarray:
        """The contents. Raises ValueError where the file does not have them or numpy has no such type."""
        if self.data is None:
            raise ValueError(f"{self.name}: its contents are not in the file")
        if isinstance(self.data, tuple):
            return np.array(self.data, object).reshape(self.shape)
        if self.dtype == "undefined" or self.dtype not in list(DTYPES.values())[: LAST_OF_SCHEMA + 1]:
            raise ValueError(f"{self.name}: the ORT format has no {self.dtype} tensors")
        return self.data.view(_NUMPY.get(self.dtype, self.dtype)).reshape(self.shape)


@dataclass(frozen=True)
class OrtAttribute:
    """An attribute of a node.

    kind: ONNX's name of its type ("INT", "FLOATS", "TENSOR", "GRAPH" ...).
    value: a number, a text, a tuple of these, an OrtTensor; of a subgraph its path.
    """

    name: str
    kind: str
    value: Any


@dataclass(frozen=True)
class OrtNode:
    """A node.

    index: its number in its graph.
    path: of its graph ("" is the main one).
    domain: "" is ai.onnx.
    since_version: of the op's definition.
    provider: which execution provider it was given to.
    inputs, outputs: names of values, "" where one is left out.
    implicit_inputs: what its subgraphs read from around them.
    """

    index: int
    name: str
    domain: str
    op: str
    since_version: int
    provider: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    implicit_inputs: tuple[str, ...] = ()
    attributes: tuple[OrtAttribute, ...] = ()
    path: str = ""

    @property
    def identifier(self) -> str:
        """As ONNX Runtime names an op's definition: "ai.onnx:Conv:11"."""
        return f"{self.domain or 'ai.onnx'}:{self.op}:{self.since_version}"

    def attribute(self, name: str, default: Any = None) -> Any:
        """The value of an attribute."""
        return next((a.value for a in self.attributes if a.name == name), default)


@dataclass(frozen=True)
class OrtRecord:
    """What a Runtime-style file has recorded for later: an optimization that a session with replay applies when it
    loads.

    nodes: indices of the nodes that it takes, inputs first, then the one that it is about, then outputs; None where an
        optional one is missing.
    produced: definitions of the ops that it may make ("com.microsoft:FusedConv:1").
    """

    optimizer: str
    action: str
    nodes: tuple[int | None, ...]
    num_inputs: int
    num_outputs: int
    produced: tuple[str, ...]
    path: str = ""


@dataclass(frozen=True)
class OrtGraph:
    """The main graph, or a body of an If, Loop or Scan.

    path: "" for the main graph, else "NODE.ATTRIBUTE" after the path of the graph around it and "/".
    nodes: each behind those whose outputs it takes.
    values: every value that the file describes, also those that no node uses any more.
    inputs and outputs: names.
    initializers: by name.
    """

    path: str
    nodes: tuple[OrtNode, ...]
    values: dict[str, OrtValue]
    initializers: dict[str, OrtTensor]
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    records: tuple[OrtRecord, ...] = ()
    parent: str | None = None

    @cached_property
    def made(self) -> frozenset[str]:
        """Values that this graph itself is fed or computes; `values` also has those that it reads from around it."""
        return frozenset([*self.inputs, *(v for n in self.nodes for v in n.outputs)])


@dataclass(frozen=True)
class OrtModel(Answer):
    """A file of the ORT format, read: nodes, types, constants, what was recorded for later.

    name: of the file.
    size: its bytes.
    format_version: of the ORT format.
    opsets: domain ("" is ai.onnx) => version.
    graphs: the main one first, then the bodies in the order of their nodes.
    resolver: definition of an op => its type strings (T, Tind ...) => the inputs and outputs whose type they are, as
        ("input" or "output", index).
    """

    name: str
    size: int
    format_version: str
    ir_version: int
    opsets: dict[str, int]
    producer: str
    metadata: dict[str, str]
    graphs: tuple[OrtGraph, ...]
    resolver: dict[str, dict[str, tuple[tuple[str, int], ...]]]

    @property
    def graph(self) -> OrtGraph:
        """The main graph."""
        return self.graphs[0]

    @cached_property
    def nodes(self) -> tuple[OrtNode, ...]:
        """All nodes, those of the bodies of If, Loop and Scan behind those of the main graph."""
        return tuple(n for graph in self.graphs for n in graph.nodes)

    @property
    def records(self) -> tuple[OrtRecord, ...]:
        """What was recorded for later, in all graphs."""
        return tuple(r for graph in self.graphs for r in graph.records)

    @property
    def initializers(self) -> tuple[OrtTensor, ...]:
        """The constants of all graphs."""
        return tuple(t for graph in self.graphs for t in graph.initializers.values())

    @property
    def inputs(self) -> tuple[OrtValue, ...]:
        """What the model is fed (constants that a caller may override are not among them)."""
        return tuple(self.value(name) for name in self.graph.inputs if name not in self.graph.initializers)

    @property
    def outputs(self) -> tuple[OrtValue, ...]:
        """What the model gives."""
        return tuple(self.value(name) for name in self.graph.outputs)

    @property
    def style(self) -> str:
        """ "Runtime" where optimizations are recorded for later, else "Fixed" (also a Runtime-style file without
        any)."""
        return "Runtime" if self.records else "Fixed"

    def value(self, name: str, path: str = "") -> OrtValue:
        """A value as the graph at `path` sees it: its own, else one of the graphs around it.

        One without a type if unknown.
        """
        here: str | None = path
        while here is not None:
            graph = self._by_path[here]
            if name in graph.values and graph.values[name].type:
                return graph.values[name]
            here = graph.parent
        return OrtValue(name)

    def constant(self, name: str, path: str = "") -> OrtTensor | None:
        """The constant of that name as the graph at `path` sees it; None where it is no constant."""
        here: str | None = path
        while here is not None:
            graph = self._by_path[here]
            if name in graph.initializers:
                return graph.initializers[name]
            if name in graph.made:
                return None
            here = graph.parent
        return None

    @cached_property
    def _by_path(self) -> dict[str, OrtGraph]:
        return {graph.path: graph for graph in self.graphs}

    @property
    def title(self) -> str:
        """The heading."""
        return f"{self.name}: ORT format {self.format_version}, {self.style} style"

    def facts(self) -> Iterator[tuple[str, str]]:
        """Size, opsets, inputs and outputs, what is recorded."""
        yield "size", human(self.size)
        yield "opsets", ", ".join(f"{d or 'ai.onnx'} {v}" for d, v in self.opsets.items())
        yield "inputs", ", ".join(map(_described, self.inputs)) or "none"
        yield "outputs", ", ".join(map(_described, self.outputs)) or "none"
        yield (
            "nodes",
            f"{len(self.nodes)}, in {len(self.graphs)} graphs" if len(self.graphs) > 1 else str(len(self.nodes)),
        )
        weights: Counter[str] = Counter()
        for tensor in self.initializers:
            weights[tensor.dtype] += tensor.nbytes
        yield "constants", ", ".join(f"{d} {human(n)}" for d, n in weights.most_common()) or "none"
        if self.records:
            yield "recorded", f"{len(self.records)} optimizations for later; replayed with {REPLAY}=1 only"

    def sections(self) -> Iterator[Section]:
        """Ops, what is recorded, nodes."""
        counts = Counter((n.identifier, n.provider) for n in self.nodes)
        yield Section("Ops", ("op and version", "provider", "nodes"),
                      tuple((op, provider, str(n)) for (op, provider), n in sorted(counts.items())), 1)  # fmt: skip
        found = Counter((r.optimizer, r.action, ", ".join(r.produced)) for r in self.records)
        yield Section("Recorded for later", ("optimizer", "action", "may make", "times"),
                      tuple((*row, str(n)) for row, n in found.most_common()), 1)  # fmt: skip
        yield Section("Nodes", ("graph", "index", "op", "name", "inputs => outputs"), tuple(self._rows()))

    def _rows(self) -> Iterator[tuple[str, ...]]:
        for n in self.nodes:
            sides = (
                ", ".join(_described(self.value(v, n.path)) if v else "-" for v in side)
                for side in (n.inputs, n.outputs)
            )
            yield n.path or "main", str(n.index), n.identifier, n.name, " => ".join(sides)

    def to_json(self) -> dict[str, Any]:
        """All of the file as plain data, but the contents of its constants."""
        return {
            "name": self.name, "size": self.size, "format_version": self.format_version, "style": self.style,
            "ir_version": self.ir_version, "opsets": {d or "ai.onnx": v for d, v in self.opsets.items()},
            "producer": self.producer, "metadata": self.metadata,
            "graphs": [_graph_dict(self, graph) for graph in self.graphs],
            "resolver": {op: {t: [list(a) for a in args] for t, args in types.items()} for op,
            types in self.resolver.items()},
        }  # fmt: skip


def _described(value: OrtValue) -> str:
    shape = "?" if value.shape is None else ",".join("?" if d is None else str(d) for d in value.shape)
    return f"{tail(value.name, 32)} {value.type or '?'}" + (f"[{shape}]" if value.kind in ("tensor", "") else "")


def _graph_dict(model: OrtModel, graph: OrtGraph) -> dict[str, Any]:
    used = dict.fromkeys(
        [*graph.inputs, *graph.outputs, *(v for n in graph.nodes for v in (*n.inputs, *n.outputs) if v)]
    )
    return {
        "path": graph.path, "inputs": list(graph.inputs), "outputs": list(graph.outputs),
        "nodes": [_node_dict(n) for n in graph.nodes],
        "values": {v: _value_dict(model.value(v, graph.path)) for v in used},
        "initializers": {t.name: {"dtype": t.dtype, "shape": list(t.shape),
        "bytes": t.nbytes} for t in graph.initializers.values()},
        "recorded": [{"optimizer": r.optimizer, "action": r.action, "nodes": list(r.nodes),
        "produced": list(r.produced)} for r in graph.records],
    }  # fmt: skip


def _value_dict(value: OrtValue) -> dict[str, Any]:
    return {"type": value.type, "shape": None if value.shape is None else list(value.shape)}


def _node_dict(n: OrtNode) -> dict[str, Any]:
    return {
        "index": n.index, "name": n.name, "domain": n.domain or "ai.onnx", "op": n.op, "since_version": n.since_version,
        "provider": n.provider, "inputs": list(n.inputs), "outputs": list(n.outputs),
        "implicit_inputs": list(n.implicit_inputs), "attributes": {a.name: _plain(a.value) for a in n.attributes},
    }  # fmt: skip


def _plain(value: Any) -> Any:
    if isinstance(value, OrtTensor):
        return {"dtype": value.dtype, "shape": list(value.shape), "bytes": value.nbytes}
    if isinstance(value, tuple):
        return [_plain(v) for v in value]
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)  # JSON has no infinity
    return value
