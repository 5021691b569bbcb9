"""Where values stand among a graph's outputs, found without a look at all of them: a graph may have ten thousand."""

from __future__ import annotations

import onnx_ir as ir


class OutputPlaces:
    """The indices of graph outputs by value. It is right as long as it is told of each change; else it looks again."""

    def __init__(self) -> None:
        self._graph: ir.Graph | None = None
        self._places: dict[int, list[int]] = {}

    def of(self, graph: ir.Graph, value: ir.Value) -> list[int]:
        """At which indices the value is an output of the graph, in order."""
        if graph is self._graph:
            found = self._places.get(id(value), [])
            if found and all(i < len(graph.outputs) and graph.outputs[i] is value for i in found):
                return sorted(found)
        self._graph = graph
        self._places = {}
        for index, output in enumerate(graph.outputs[:]):
            self._places.setdefault(id(output), []).append(index)
        return list(self._places.get(id(value), []))

    def moved(self, graph: ir.Graph, index: int, old: ir.Value, new: ir.Value) -> None:
        """The output of this index is now another value."""
        if graph is self._graph:
            known = self._places.get(id(old), [])
            if index in known:
                known.remove(index)
            self._places.setdefault(id(new), []).append(index)

    def forget(self) -> None:
        """The outputs are others now."""
        self._graph = None
