"""The graph at the end of a trace while further edits are made to it: who makes and who reads each value."""

from __future__ import annotations

import hashlib
from collections.abc import Container
from typing import Any

import numpy as np

from tfonnx_lab.mobile.ort_model import OrtNode, OrtTensor, OrtValue
from tfonnx_lab.trace import Replay, Trace
from tfonnx_lab.trace.records import Record

_NAMES = {"float32": "FLOAT", "float64": "DOUBLE", "": None}
_SHOWN = 16


class Rewiring:
    """Each method makes edits, applies them at once, and returns them for the step that they belong to."""

    def __init__(self, trace: Trace) -> None:
        self.replay = Replay(trace).goto(len(trace))
        self._next = 1 + max([*self.replay.nodes, *self.replay.values, *self.replay.graphs])
        state = self.replay.graph()
        self.main: int = next(g["id"] for g in state["graphs"].values() if g["owner"] is None)
        self._made: dict[int, int] = {}
        self._read: dict[int, set[int]] = {}
        for node in state["nodes"].values():
            self._enter(node)

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
        return len(self.replay.graph()["nodes"])

    def of(self, graph: int) -> list[Record]:
        """The nodes of a graph, in order."""
        return [self.nodes[n] for n in self.replay.graphs[graph]["nodes"]]

    def outputs(self, graph: int) -> list[int]:
        """The outputs of a graph."""
        return list(self.replay.graphs[graph]["outputs"])

    def names(self, graph: int) -> dict[str, int]:
        """Name => value, of what a graph is fed, computes, or reads of constants."""
        read = [v for n in self.of(graph) for v in n["in"] if v is not None and v not in self._made]
        made = [v for n in self.of(graph) for v in n["out"]]
        return {self.values[v]["name"]: v for v in (*read, *self.replay.graphs[graph]["inputs"], *made)}

    def fresh(self) -> int:
        """An id that nothing has."""
        self._next += 1
        return self._next - 1

    def maker(self, value: int | None) -> int | None:
        """The node that makes a value."""
        return None if value is None else self._made.get(value)

    def is_read(self, node: Record) -> bool:
        """Whether a node or a graph's output reads one of its outputs."""
        edge = {v for g in self.replay.graphs.values() for v in g["outputs"]}
        return any(self._read.get(v) or v in edge for v in node["out"])

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
        self.values[made["id"]] = made  # type: ignore[index]
        return made

    # edits

    def apply(self, edits: list[Any]) -> list[Any]:
        """Apply edits of inputs and outputs."""
        for edit in edits:
            if edit[0] == "input":
                self._leave_input(edit[1], edit[2])
            self.replay._apply(edit)
            if edit[0] == "input" and edit[3] is not None:
                self._read.setdefault(edit[3], set()).add(edit[1])
        return edits

    def constant(self, name: str, tensor: OrtTensor) -> tuple[list[Any], int]:
        """A new constant."""
        made = self._value(name, tensor.dtype, list(tensor.shape), _const(tensor))
        return [["constant", made]], made["id"]

    def insert(self, graph: int, before: int | None, node: Record, values: list[Record]) -> list[Any]:
        """A new node."""
        edit = ["insert", graph, before, node, values]
        self.replay._apply(edit)
        self._enter(self.nodes[node["id"]])
        return [edit]

    def moved(self, old: int, new: int, only: Container[int] | None = None) -> list[Any]:
        """Whoever reads `old` reads `new` from now on; `only`: of the nodes, these."""
        edits = [
            ["input", user, i, new]
            for user in sorted(self._read.get(old, ()))
            if only is None or user in only or self._is_inside(user)
            for i, v in enumerate(self.nodes[user]["in"])
            if v == old
        ]
        for graph in self.replay.graphs.values():
            edits += [["output", graph["id"], i, new] for i, v in enumerate(graph["outputs"]) if v == old]
        return self.apply(edits)

    def _is_inside(self, node: int) -> bool:
        """Whether a node stands in a body: what it reads from around it follows at once."""
        return self.replay._home[node] != self.main

    def erase(self, number: int) -> list[Any]:
        """Take a node out."""
        node = self.nodes[number]
        for index in range(len(node["in"])):
            self._leave_input(number, index)
        for value in node["out"]:
            self._made.pop(value, None)
        edit = ["erase", number]
        self.replay._apply(edit)
        return [edit]

    def _enter(self, node: Record) -> None:
        self._made |= dict.fromkeys(node["out"], node["id"])
        for value in node["in"]:
            if value is not None:
                self._read.setdefault(value, set()).add(node["id"])

    def _leave_input(self, number: int, index: int) -> None:
        inputs = self.nodes[number]["in"]
        value = inputs[index]
        if value is not None and all(v != value for i, v in enumerate(inputs) if i != index):
            self._read.get(value, set()).discard(number)


def plain_attributes(node: OrtNode) -> Record:
    """Attributes as JSON holds them: numbers, texts, lists of these."""
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
