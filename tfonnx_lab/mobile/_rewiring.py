"""The graph at the end of a trace while further edits are made to it: who makes and who reads each value."""

from __future__ import annotations

import hashlib
from collections.abc import Container
from typing import Any

import numpy as np

from tfonnx_lab.mobile.ort_nodes import OrtNode
from tfonnx_lab.mobile.ort_tensors import OrtTensor, OrtValue
from tfonnx_lab.trace import Edit, Erase, Insert, Replay, SetInput, SetOutput, Trace
from tfonnx_lab.trace.edits import AddConstant
from tfonnx_lab.trace.records import Record

_NAMES = {"float32": "FLOAT", "float64": "DOUBLE", "": None}
_SHOWN = 16


class Rewiring:
    """Each method makes edits, applies them at once, and returns them for the step that they belong to."""

    def __init__(self, trace: Trace) -> None:
        self.replay = Replay(trace).goto(len(trace))
        self._next = 1 + max([*self.replay.nodes, *self.replay.values, *self.replay.graphs])
        self.main = self.replay.state.main

    @property
    def nodes(self) -> dict[int, Record]:
        """All nodes that there are or were, by id."""
        return self.replay.nodes

    @property
    def values(self) -> dict[int, Record]:
        """All values, by id."""
        return self.replay.values

    @property
    def size(self) -> int:
        """How many nodes the graph has."""
        return self.replay.size

    def of(self, graph: int) -> list[Record]:
        """The nodes of a graph, in order."""
        return [self.nodes[n] for n in self.replay.graphs[graph]["nodes"]]

    def outputs(self, graph: int) -> list[int]:
        """The outputs of a graph."""
        return list(self.replay.graphs[graph]["outputs"])

    def names(self, graph: int) -> dict[str, int]:
        """Name => value, of what a graph is fed, computes, or reads of constants."""
        read = [v for n in self.of(graph) for v in n["in"] if v is not None and v not in self.replay.state.maker]
        made = [v for n in self.of(graph) for v in n["out"]]
        return {self.values[v]["name"]: v for v in (*read, *self.replay.graphs[graph]["inputs"], *made)}

    def fresh(self) -> int:
        """An id that nothing has."""
        self._next += 1
        return self._next - 1

    def maker(self, value: int | None) -> int | None:
        """The node that makes a value."""
        return None if value is None else self.replay.state.maker.get(value)

    def is_read(self, node: Record) -> bool:
        """Whether a node or a graph's output reads one of its outputs."""
        edge = {v for g in self.replay.graphs.values() for v in g["outputs"]}
        return any(self.replay.state.users.get(v) or v in edge for v in node["out"])

    def is_constant(self, value: int, tensor: OrtTensor) -> bool:
        """Whether a value is a constant of this shape."""
        record = self.values[value]
        return bool(record.get("const")) and list(record.get("shape") or []) == list(tensor.shape)

    # records

    def value(self, name: str, value: OrtValue) -> Record:
        """A new value, as the file describes it."""
        shape = None if value.shape is None else list(value.shape)
        return self._value(name, value.dtype, shape, None)

    def _value(self, name: str, dtype: str, shape: list[Any] | None, const: Record | None) -> Record:
        made = {"id": self.fresh(), "name": name, "dtype": _NAMES.get(dtype, dtype.upper()), "shape": shape,
                "quant": None, "const": const, "tensors": []}  # fmt: skip
        self.replay.state.know(made)
        return made

    # edits

    def apply(self, edits: list[Edit]) -> list[Edit]:
        """Apply edits, and hand them back."""
        for edit in edits:
            edit.apply(self.replay.state)
        return edits

    def constant(self, name: str, tensor: OrtTensor) -> tuple[list[Edit], int]:
        """A new constant."""
        made = self._value(name, tensor.dtype, list(tensor.shape), _const(tensor))
        return [AddConstant(made)], made["id"]

    def insert(self, graph: int, before: int | None, node: Record, values: list[Record]) -> list[Edit]:
        """A new node."""
        return self.apply([Insert(graph, before, node, values)])

    def moved(self, old: int, new: int, only: Container[int] | None = None) -> list[Edit]:
        """Whoever reads `old` reads `new` from now on; `only`: of the nodes, these."""
        edits: list[Edit] = [
            SetInput(user, i, new)
            for user in sorted(self.replay.state.users.get(old, ()))
            if only is None or user in only or self._is_inside(user)
            for i, v in enumerate(self.nodes[user]["in"])
            if v == old
        ]
        for graph in self.replay.graphs.values():
            edits += [SetOutput(graph["id"], i, new) for i, v in enumerate(graph["outputs"]) if v == old]
        return self.apply(edits)

    def _is_inside(self, node: int) -> bool:
        """Whether a node stands in a body: what it reads from around it follows at once."""
        return self.replay.state.home[node] != self.main

    def erase(self, number: int) -> list[Edit]:
        """Take a node out."""
        return self.apply([Erase(number)])


def plain_attributes(node: OrtNode) -> Record:
    """Attributes as JSON holds them: numbers, strings, lists of these."""
    found: Record = {}
    for a in node.attributes:
        value = list(a.value) if isinstance(a.value, tuple) else a.value
        if a.kind in ("INT", "FLOAT", "STRING", "INTS", "FLOATS", "STRINGS"):
            found[a.name] = value.decode("utf-8", "replace") if isinstance(value, bytes) else value
    return found


def _const(tensor: OrtTensor) -> Record:
    """What the trace holds of a constant."""
    record: Record = {
        "dtype": _NAMES.get(tensor.dtype, tensor.dtype.upper()),
        "shape": list(tensor.shape),
        "bytes": tensor.nbytes,
    }
    if not isinstance(tensor.data, np.ndarray):
        return {**record, "hash": hashlib.blake2b(repr(tensor.data).encode(), digest_size=8).hexdigest()}
    record["hash"] = hashlib.blake2b(tensor.data.tobytes(), digest_size=8).hexdigest()
    array = tensor.numpy()
    plain = array if array.dtype.kind in "fiub" else array.astype(np.float32)
    if plain.size:
        record["min"], record["max"] = _number(plain.min()), _number(plain.max())
    if plain.size <= _SHOWN:
        record["data"] = [_number(x) for x in plain.ravel()]
    return record


def _number(x: Any) -> Any:
    found = x.item()
    return found if not isinstance(found, float) or np.isfinite(found) else str(found)
