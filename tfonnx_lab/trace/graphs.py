"""The graphs at one moment of a trace, as records: who stands where, who makes and who uses each value."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from tfonnx_lab.trace.records import Record, graphs_of

_CLOSE = 32
"""Nodes before and behind the last place of a graph that are looked at first."""


class Graphs:
    """What edits change (`edits.World`), and what their inverses are read from.

    graphs, nodes, values: records by id as in docs/trace.md. Those of nodes and values are never changed in place, so a
    trace's own can stand in it. Nodes that were erased stay among `nodes`, since their names are still told.
    home: the graph of each node that stands in one, also in a subgraph that nothing holds any more.
    maker, users: of each value, the nodes that stand somewhere.
    size: how many nodes stand in the main graph and in the subgraphs that it holds, as `graph.all_nodes` counts them.
    """

    def __init__(self, start: Record) -> None:
        self.nodes: dict[int, Record] = {n["id"]: n for n in start["nodes"]}
        self.values: dict[int, Record] = {v["id"]: v for v in start["values"]}
        self.graphs: dict[int, Record] = {g["id"]: {**g, "nodes": list(g["nodes"])} for g in start["graphs"]}
        self.main: int = start["graphs"][0]["id"]
        self.home: dict[int, int] = {}
        self.maker: dict[int, int] = {}
        self.users: dict[int, dict[int, None]] = {}
        self._held: dict[int, set[int]] = {}
        self._near: dict[int, int] = {}
        for graph in self.graphs.values():
            if graph["owner"] is not None:
                self._held.setdefault(graph["owner"], set()).add(graph["id"])
            for number in graph["nodes"]:
                self._enter(self.nodes[number], graph["id"])
        self.size = self._count(self.main)

    # what is there

    def live(self) -> list[int]:
        """The ids of the main graph and of the subgraphs that nodes of it hold, each before those inside of it."""
        found = [self.main]
        for graph in found:
            found += sorted(g for owner, held in self._held.items() if self.home.get(owner) == graph for g in held)
        return found

    def standing(self) -> Iterator[int]:
        """The ids of the nodes in the live graphs."""
        for graph in self.live():
            yield from self.graphs[graph]["nodes"]

    def after(self, node: int) -> int | None:
        """The node behind a node in its graph; None at the end."""
        graph = self.home[node]
        nodes = self.graphs[graph]["nodes"]
        position = self._position(graph, node) + 1
        return nodes[position] if position < len(nodes) else None

    def named(self, attrs: Record) -> list[int]:
        """The subgraphs that attributes name and that are there."""
        return [g for item in attrs.values() for g in graphs_of(item) if g in self.graphs]

    # edits.World

    def know(self, value: Record) -> None:
        self.values[value["id"]] = value

    add_constant = know

    def insert(self, graph: int, before: int | None, node: Record) -> None:
        nodes = self.graphs[graph]["nodes"]
        position = len(nodes) if before is None else self._position(graph, before)
        held = self.named(node["attrs"])
        for inner in held:
            self.set_owner(inner, None)
        nodes.insert(position, node["id"])
        self.nodes[node["id"]] = node
        self._enter(node, graph)
        self.size += self._alive(graph)
        for inner in held:
            self.set_owner(inner, node["id"])

    def erase(self, node: int) -> None:
        graph = self.home[node]
        del self.graphs[graph]["nodes"][self._position(graph, node)]
        if self._alive(graph):
            self.size -= 1 + sum(map(self._count, self._held.get(node, ())))
        self._leave(self.nodes[node])

    def set_input(self, node: int, index: int, value: int | None) -> None:
        record = self.nodes[node]
        inputs = list(record["in"])
        old, inputs[index] = inputs[index], value
        self.nodes[node] = {**record, "in": inputs}
        if node not in self.home:
            return
        if old is not None and old not in inputs:
            self.users[old].pop(node, None)
        if value is not None:
            self.users.setdefault(value, {})[node] = None

    def set_output(self, graph: int, index: int, value: int) -> None:
        outputs = list(self.graphs[graph]["outputs"])
        outputs[index] = value
        self.graphs[graph]["outputs"] = outputs

    def set_inputs(self, graph: int, values: Sequence[int]) -> None:
        self.graphs[graph]["inputs"] = list(values)

    def set_outputs(self, graph: int, values: Sequence[int]) -> None:
        self.graphs[graph]["outputs"] = list(values)

    def retype(self, value: int, changed: Record) -> None:
        self.values[value] = {**self.values[value], **changed}

    def set_attribute(self, node: int, name: str, item: Any) -> None:
        record = self.nodes[node]
        attrs = {k: v for k, v in record["attrs"].items() if k != name}
        for inner in self.named({name: record["attrs"].get(name)}):
            self.set_owner(inner, None)
        self.nodes[node] = {**record, "attrs": attrs if item is None else attrs | {name: item}}
        for inner in self.named({name: item}):
            self.set_owner(inner, node)

    def add_graph(self, graph: Record) -> None:
        self.graphs[graph["id"]] = {**graph, "nodes": list(graph["nodes"])}

    # inverses alone

    def drop_graph(self, graph: int) -> None:
        """The subgraph is not there yet."""
        self.set_owner(graph, None)
        del self.graphs[graph]

    def set_owner(self, graph: int, owner: int | None) -> None:
        """The subgraph is held by this node."""
        record = self.graphs[graph]
        if record["owner"] == owner:
            return
        if self._alive(graph):
            self.size -= self._count(graph)
        self._held.get(record["owner"], set()).discard(graph)
        record["owner"] = owner
        if owner is not None:
            self._held.setdefault(owner, set()).add(graph)
        if self._alive(graph):
            self.size += self._count(graph)

    def _position(self, graph: int, node: int) -> int:
        """Where a node stands in its graph: mostly close to the one that was looked for before."""
        nodes, near = self.graphs[graph]["nodes"], self._near.get(graph, 0)
        try:
            found: int = nodes.index(node, max(0, near - _CLOSE), near + _CLOSE)
        except ValueError:
            found = nodes.index(node)
        self._near[graph] = found
        return found

    def _alive(self, graph: int) -> bool:
        """Whether the graph is the main one, or held by a node that stands in a live one."""
        for _ in range(len(self.graphs)):
            if graph == self.main:
                return True
            home = self.home.get(self.graphs[graph]["owner"])
            if home is None:
                return False
            graph = home
        raise ValueError("a graph is inside of itself")

    def _count(self, graph: int) -> int:
        """How many nodes the graph and those inside of it hold."""
        inner = (g for owner, held in self._held.items() if self.home.get(owner) == graph for g in held)
        return len(self.graphs[graph]["nodes"]) + sum(map(self._count, inner))

    def _enter(self, node: Record, graph: int) -> None:
        number = node["id"]
        self.home[number] = graph
        for value in node["out"]:
            self.maker[value] = number
        for value in node["in"]:
            if value is not None:
                self.users.setdefault(value, {})[number] = None

    def _leave(self, node: Record) -> None:
        number = node["id"]
        del self.home[number]
        for value in node["out"]:
            self.maker.pop(value, None)
        for value in node["in"]:
            if value is not None:
                self.users[value].pop(number, None)
