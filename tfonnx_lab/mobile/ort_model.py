"""What a file of the ORT format holds, as plain data."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from tfonnx_lab.mobile.ort_json import graph_dict
from tfonnx_lab.mobile.ort_nodes import OrtGraph, OrtNode, OrtRecord
from tfonnx_lab.mobile.ort_tensors import OrtTensor, OrtValue
from tfonnx_lab.mobile.shown import Answer, Section, tail
from tfonnx_lab.runtime.sessions import REPLAY
from tfonnx_lab.texts import human


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
            "graphs": [graph_dict(self.value, graph) for graph in self.graphs],
            "resolver": {op: {t: [list(a) for a in args] for t, args in types.items()} for op,
            types in self.resolver.items()},
        }  # fmt: skip


def _described(value: OrtValue) -> str:
    shape = "?" if value.shape is None else ",".join("?" if d is None else str(d) for d in value.shape)
    return f"{tail(value.name, 32)} {value.type or '?'}" + (f"[{shape}]" if value.kind in ("tensor", "") else "")
