"""The scribe: makes the records of a trace out of what a recorder heard."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import onnx_ir as ir

from tfonnx_lab.patterns.pattern import Bindings
from tfonnx_lab.rules import Rule
from tfonnx_lab.trace.edits import (
    AddConstant,
    AddGraph,
    Edit,
    Erase,
    Insert,
    Retype,
    SetAttribute,
    SetInput,
    SetInputs,
    SetOutput,
    SetOutputs,
)
from tfonnx_lab.trace.now import GraphNow, NodeNow, StartNow, ValueNow
from tfonnx_lab.trace.records import FIELDS, Record, attribute_record, graph_record, node_record, value_record
from tfonnx_lab.trace.trace import Trace


class Scribe:
    """Writes into `trace`. Is told of events in their order, and gives ids at first sight, never one twice.

    kept: id => node, value or graph.
    rules: the rules by their number.
    """

    def __init__(self, trace: Trace) -> None:
        self.trace = trace
        self.kept: dict[int, Any] = {}
        self.rules: list[Rule] = []
        self.edits: list[Edit] = []
        self._ids: dict[int, int] = {}
        self._next = 0
        self._numbers: dict[int, int] = {}

    def number(self, item: Any) -> int:
        """The id of a node, value or graph."""
        found = self._ids.get(id(item))
        if found is None:
            found = self._next
            self.adopt(found, item)
        return found

    def number_of(self, item: Any) -> int | None:
        """The id of something that has one."""
        return self._ids.get(id(item))

    def adopt(self, number: int, item: Any) -> None:
        """Give the item this id, which nothing has."""
        self._ids[id(item)] = number
        self.kept[number] = item
        self._next = max(self._next, number + 1)

    def adopt_rule(self, number: int, rule: Rule) -> None:
        """Write down a rule under this number."""
        self._numbers[id(rule)] = number
        self.rules.append(rule)
        self.trace.add_rule(number, rule)

    def rule(self, rule: Rule) -> int:
        """The number of a rule."""
        found = self._numbers.get(id(rule))
        if found is None:
            found = len(self._numbers)
            self.adopt_rule(found, rule)
        return found

    # what a recorder heard

    def begin(self, start: StartNow) -> None:
        """The graphs before the first step."""
        graphs, nodes, values = [], [], []
        values += [value_record(v, self.number) for v in start.constants]
        for one, inner, inputs in start.graphs:
            values += [value_record(v, self.number) for v in inputs]
            graphs.append(graph_record(one, self.number))
            for node, outputs in inner:
                nodes.append(node_record(node, self.number))
                values += [value_record(v, self.number) for v in outputs]
        self.trace.recorded_start = {"graphs": graphs, "nodes": nodes, "values": values}

    def drop(self) -> None:
        """The edits up to here belong to no step."""
        self.edits = []

    def insert(self, graph: ir.Graph, before: ir.Node | None, node: NodeNow, outputs: Sequence[ValueNow]) -> None:
        """`Listener.inserted`."""
        after = None if before is None else self.number(before)
        made = [value_record(v, self.number) for v in outputs]
        self.edits.append(Insert(self.number(graph), after, node_record(node, self.number), made))

    def erase(self, node: ir.Node) -> None:
        """`Listener.erased`."""
        self.edits.append(Erase(self.number(node)))

    def rewire(self, node: ir.Node, index: int, new: ir.Value | None) -> None:
        """`Listener.rewired`."""
        self.edits.append(SetInput(self.number(node), index, None if new is None else self.number(new)))

    def set_output(self, graph: ir.Graph, index: int, new: ir.Value) -> None:
        """`Listener.output_changed`."""
        self.edits.append(SetOutput(self.number(graph), index, self.number(new)))

    def set_inputs(self, graph: ir.Graph, inputs: Sequence[ValueNow]) -> None:
        """`Listener.inputs_changed`."""
        fresh = [value_record(v, self.number) for v in inputs if id(v.value) not in self._ids]
        self.edits.append(SetInputs(self.number(graph), [self.number(v.value) for v in inputs], fresh))

    def set_outputs(self, graph: ir.Graph, outputs: Sequence[ir.Value]) -> None:
        """`Listener.outputs_changed`."""
        self.edits.append(SetOutputs(self.number(graph), [self.number(v) for v in outputs]))

    def add_constant(self, value: ValueNow) -> None:
        """`Listener.constant_added`."""
        self.edits.append(AddConstant(value_record(value, self.number)))

    def retype(self, value: ir.Value, fields: Record) -> None:
        """`Listener.retyped`.

        fields: what was read of the value (`FIELDS`).
        """
        changed = {field: FIELDS[field][1](fields[field]) for field in sorted(fields)}
        self.edits.append(Retype(self.number(value), changed))

    def set_attribute(self, node: ir.Node, name: str, attribute: ir.Attr | None) -> None:
        """`Listener.attribute_set`."""
        item = attribute_record(attribute, self.number)
        self.edits.append(SetAttribute(self.number(node), name, item))

    def add_graph(self, graph: GraphNow, inputs: Sequence[ValueNow]) -> None:
        """`Listener.graph_added`."""
        made = [value_record(v, self.number) for v in inputs]
        self.edits.append(AddGraph(graph_record(graph, self.number), made))

    def miss(self, rule: Rule, root: ir.Node, why: str) -> None:
        """`RuleListener.missed`."""
        record = {"step": self.trace.count, "rule": self.rule(rule), "node": self.number(root), "why": why}
        self.trace.add("miss", record)

    def step(
        self,
        rule: Rule | None,
        root: ir.Node | None,
        bound: Bindings,
        origins: Sequence[frozenset[int]],
        note: str,
        ms: float,
        error: Record | None,
    ) -> None:
        """The edits since the step before, as one step; the parameters are its fields (docs/trace.md)."""
        bind = {}
        for name, item in bound.items():
            if item is not None:
                bind[name] = {"node" if isinstance(item, ir.Node) else "value": self.number(item)}
        self.trace.add_step(
            {
                "i": self.trace.count,
                "rule": None if rule is None else self.rule(rule),
                "root": None if root is None else self.number(root),
                "bind": bind,
                "origin": sorted(frozenset().union(*origins)),
                "note": note,
                "ms": ms,
                "edits": self.edits,
                "error": error,
            }
        )
        self.edits = []

    def end(self, status: str, nodes: int, ms: float) -> None:
        """The last line."""
        self.trace.add("end", {"status": status, "nodes": nodes, "ms": ms})
