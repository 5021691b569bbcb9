"""Names that are unique in a model: values among values, nodes among nodes."""

from __future__ import annotations

from collections.abc import Iterable

import onnx_ir as ir

from tfonnx_lab.graph.walk import all_graphs


class Names:
    """Hands out names that nothing in the model has yet."""

    def __init__(self) -> None:
        self._values: set[str] = set()
        self._nodes: set[str] = set()
        self._counts: dict[str, int] = {}

    @classmethod
    def of(cls, model: ir.Model) -> Names:
        """The names in use in the model, its subgraphs included."""
        names = cls()
        for graph in all_graphs(model.graph):
            names._values.update(v.name for v in graph.inputs if v.name)
            names._values.update(graph.initializers)
            for node in graph:
                names._nodes.add(node.name or "")
                names._values.update(v.name for v in node.outputs if v.name)
        return names

    def value(self, wanted: str) -> str:
        """`wanted`, or `wanted_2`, `wanted_3` ... where a value has that name already."""
        return self._fresh(wanted, self._values)

    def node(self, wanted: str) -> str:
        """`wanted`, or `wanted_2`, `wanted_3` ... where a node has that name already."""
        return self._fresh(wanted, self._nodes)

    def reserve(self, values: Iterable[str] = (), nodes: Iterable[str] = ()) -> None:
        """Never hand these out."""
        self._values.update(values)
        self._nodes.update(nodes)

    def _fresh(self, wanted: str, taken: set[str]) -> str:
        name = wanted
        if wanted in taken:
            count = self._counts.get(wanted, 0)
            while name in taken:
                count += 1
                name = f"{wanted}_{count + 1}"
            self._counts[wanted] = count
        taken.add(name)
        return name
