"""Replay: the graph at any step of a trace, forwards and back, from the records alone."""

from __future__ import annotations

import copy
from typing import Any

from tfonnx_lab.graph.collector import collector_paused
from tfonnx_lab.trace.records import Record
from tfonnx_lab.trace.trace import Trace

_EDITS = frozenset(
    [
        "insert",
        "erase",
        "input",
        "output",
        "inputs",
        "outputs",
        "constant",
        "keep",
        "retype",
        "attr",
        "graph",
        "ungraph",
    ]
)


class Replay:
    """The graph of a trace at a position: 0 is the start, `len(trace)` the end.

    graphs, nodes, values: records by id as in docs/trace.md. An applied edit leaves its inverse behind, so going back
    costs what going forwards did.
    """

    def __init__(self, trace: Trace) -> None:
        self.trace = trace
        start = trace.start  # made anew at each call, so it can be changed
        self.graphs: dict[int, Record] = {g["id"]: g for g in start["graphs"]}
        self.nodes: dict[int, Record] = {n["id"]: n for n in start["nodes"]}
        self.values: dict[int, Record] = {v["id"]: v for v in start["values"]}
        self._main: int = start["graphs"][0]["id"]
        self._home: dict[int, int] = {n: g["id"] for g in start["graphs"] for n in g["nodes"]}
        self.position = 0
        self._undo: list[list[list[Any]]] = []

    def goto(self, position: int) -> Replay:
        """Go to a position. Raises IndexError outside of 0 to len(trace), ValueError where the trace is damaged."""
        if not 0 <= position <= len(self.trace):
            raise IndexError(f"position {position} is outside of 0 to {len(self.trace)}")
        with collector_paused():
            while self.position < position:
                try:
                    self._undo.append([self._apply(edit) for edit in self.trace.edits(self.position)])
                except (AttributeError, IndexError, KeyError, TypeError, ValueError) as error:
                    raise ValueError(f"the trace is damaged: step {self.position} cannot be applied") from error
                self.position += 1
            while self.position > position:
                for inverse in reversed(self._undo.pop()):
                    self._apply(inverse)
                self.position -= 1
        return self

    def graph(self) -> Record:
        """The whole state: the graphs in order, with the live nodes and the values that they use."""
        graphs = self._live_graphs()
        live = [n for g in graphs for n in g["nodes"]]
        used = {v for n in live for v in (*self.nodes[n]["in"], *self.nodes[n]["out"]) if v is not None}
        used |= {v for g in graphs for v in (*g["inputs"], *g["outputs"])}
        return {
            "graphs": {g["id"]: dict(g, nodes=list(g["nodes"])) for g in graphs},
            "nodes": {n: self.nodes[n] for n in live},
            "values": {v: self.values[v] for v in sorted(used)},
        }

    def _live_graphs(self) -> list[Record]:
        """The main graph, and the subgraphs whose owner still stands in a live graph."""
        found = [next(g for g in self.graphs.values() if g["owner"] is None and g["id"] == self._main)]
        for graph in found:
            inside = set(graph["nodes"])
            found += [g for g in self.graphs.values() if g["owner"] in inside]
        return found

    def _apply(self, edit: list[Any]) -> list[Any]:
        """Apply one edit and return its inverse."""
        if edit[0] not in _EDITS:
            raise ValueError(f"there is no edit {edit[0]!r}")
        return getattr(self, f"_{edit[0]}")(*edit[1:])

    def _insert(self, graph: int, before: int | None, node: Record, outputs: list[Record]) -> list[Any]:
        nodes = self.graphs[graph]["nodes"]
        nodes.insert(len(nodes) if before is None else nodes.index(before), node["id"])
        self._home[node["id"]] = graph
        self.nodes[node["id"]] = {**node, "in": list(node["in"]), "attrs": dict(node["attrs"])}
        for value in outputs:
            self.values[value["id"]] = dict(value)
        for value in node["attrs"].values():
            if isinstance(value, dict) and value.get("graph") in self.graphs:
                self.graphs[value["graph"]]["owner"] = node["id"]
        return ["erase", node["id"]]

    def _erase(self, number: int) -> list[Any]:
        graph = self.graphs[self._home[number]]
        position = graph["nodes"].index(number)
        del graph["nodes"][position]
        after = graph["nodes"][position] if position < len(graph["nodes"]) else None
        node = self.nodes[number]
        return ["insert", graph["id"], after, node, [self.values[v] for v in node["out"]]]

    def _input(self, number: int, index: int, value: int | None) -> list[Any]:
        inputs = self.nodes[number]["in"]
        old, inputs[index] = inputs[index], value
        return ["input", number, index, old]

    def _output(self, graph: int, index: int, value: int) -> list[Any]:
        outputs = self.graphs[graph]["outputs"]
        old, outputs[index] = outputs[index], value
        return ["output", graph, index, old]

    def _inputs(self, graph: int, numbers: list[int], fresh: list[Record]) -> list[Any]:
        for value in fresh:
            self.values[value["id"]] = dict(value)
        old, self.graphs[graph]["inputs"] = self.graphs[graph]["inputs"], list(numbers)
        return ["inputs", graph, old, []]

    def _outputs(self, graph: int, numbers: list[int]) -> list[Any]:
        old, self.graphs[graph]["outputs"] = self.graphs[graph]["outputs"], list(numbers)
        return ["outputs", graph, old]

    def _constant(self, value: Record) -> list[Any]:
        self.values[value["id"]] = dict(value)
        return ["keep"]

    def _keep(self) -> list[Any]:
        return ["keep"]

    def _retype(self, number: int, fields: Record) -> list[Any]:
        value = self.values[number]
        old = {field: value.get(field) for field in fields}
        value.update(fields)
        return ["retype", number, old]

    def _attr(self, number: int, name: str, new: Any) -> list[Any]:
        attrs = self.nodes[number]["attrs"]
        old = attrs.pop(name, None)
        if new is not None:
            attrs[name] = new
        return ["attr", number, name, old]

    def _graph(self, graph: Record, inputs: list[Record]) -> list[Any]:
        self.graphs[graph["id"]] = copy.deepcopy(graph)
        for value in inputs:
            self.values[value["id"]] = dict(value)
        return ["ungraph", graph["id"]]

    def _ungraph(self, number: int) -> list[Any]:
        graph = self.graphs.pop(number)
        return ["graph", graph, [self.values[v] for v in graph["inputs"]]]
