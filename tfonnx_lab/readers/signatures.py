"""Signatures: what a .tflite file, or whoever made it, calls the inputs and outputs of its subgraphs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

Interface: TypeAlias = tuple[tuple[str, ...], tuple[str, ...]]
"""The caller's names of the inputs and of the outputs, in the order of the main graph's."""


def signatures_of(model: Any) -> dict[str, dict[str, Any]]:
    """Key => its subgraph, and name => index of the tensor, of its inputs and of its outputs."""
    found: dict[str, dict[str, Any]] = {}
    for i in range(model.SignatureDefsLength()):
        signature = model.SignatureDefs(i)
        inputs = map(signature.Inputs, range(signature.InputsLength()))
        outputs = map(signature.Outputs, range(signature.OutputsLength()))
        found[text(signature.SignatureKey(), f"signature_{i}")] = {
            "subgraph": signature.SubgraphIndex(),
            "inputs": {text(m.Name()): m.TensorIndex() for m in inputs},
            "outputs": {text(m.Name()): m.TensorIndex() for m in outputs},
        }
    return found


class CallerNames:
    """What the caller calls the inputs and outputs of a subgraph.

    model: the flatbuffer.
    subgraph: its index.
    signature: of that subgraph, from `signatures_of`; empty where it has none.
    interface: what the source says itself (a TensorFlow model); it goes before the file's signature.
    """

    def __init__(
        self, model: Any, subgraph: int, signature: Mapping[str, Any], interface: Interface | None = None
    ) -> None:
        self._graph = model.Subgraphs(subgraph) if 0 <= subgraph < model.SubgraphsLength() else None
        self._signature = signature
        edges = ((), ()) if self._graph is None else (self._graph.InputsAsNumpy(), self._graph.OutputsAsNumpy())
        self._edges = [ints(edge) for edge in edges]
        fits = interface is not None and [len(edge) for edge in self._edges] == [len(names) for names in interface]
        self._interface = interface if fits else None
        self._told = interface is not None

    @property
    def of_tensors(self) -> dict[int, str]:
        """Index of a tensor => its name; of a tensor that is several of them, the first."""
        if self._interface is not None:
            both = zip(self._edges, self._interface, strict=True)
            pairs = [pair for edge, names in both for pair in zip(edge, names, strict=True)]
        else:
            sides = () if self._told else ("inputs", "outputs")
            pairs = [(i, n) for side in sides for n, i in self._signature.get(side, {}).items()]
        found: dict[int, str] = {}
        for index, name in pairs:
            if name:
                found.setdefault(index, name)
        return found

    @property
    def of_outputs(self) -> list[str]:
        """The names of the outputs in order, empty where there is none."""
        if self._told:
            return [] if self._interface is None else list(self._interface[1])
        names: dict[int, list[str]] = {}
        for name, index in self._signature.get("outputs", {}).items():
            names.setdefault(index, []).append(name)
        return [names[i].pop(0) if names.get(i) else "" for i in self._edges[1]]

    def in_file(self, index: int) -> str:
        """The name of a tensor in the file."""
        graph = self._graph
        return text(graph.Tensors(index).Name()) if graph is not None and 0 <= index < graph.TensorsLength() else ""


def ints(array: Any) -> Sequence[int]:
    """A vector of the file as numbers; an empty one is given as 0."""
    return [] if isinstance(array, int) else array.tolist()


def text(raw: bytes | None, default: str = "") -> str:
    """A string of the file; `default` where there is none."""
    return bytes(raw).decode("utf-8", "replace") if raw else default
