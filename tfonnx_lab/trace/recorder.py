"""The recorder: a listener of the Editor and the driver that writes down every edit of every step."""

from __future__ import annotations

import time
import traceback
from collections.abc import Sequence
from typing import Any

import onnx_ir as ir

from tfonnx_lab.graph import ORIGIN, all_nodes, subgraphs
from tfonnx_lab.patterns.pattern import Bindings
from tfonnx_lab.rules import STAGES, Rule, RuleListener, StepFailure
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
from tfonnx_lab.trace.records import FIELDS, Record, attribute_record, node_record, value_record
from tfonnx_lab.trace.trace import Trace


class Recorder(RuleListener):
    """Records one conversion into `trace`. Ids are given at first sight and never again."""

    def __init__(self, model: ir.Model, name: str, opset: int, options: dict[str, Any]) -> None:
        self.model = model
        self._ids: dict[int, int] = {}
        self._kept: dict[int, Any] = {}
        self._next = 0
        self._rules: dict[int, int] = {}
        self._kept_rules: list[Rule] = []
        self._edits: list[Edit] = []
        self._context: tuple[Rule, ir.Node | None, Bindings] | None = None
        self._began = time.perf_counter()
        self._start = self._began
        header = {"version": 1, "name": name, "opset": opset, "options": options, "stages": [s.name for s in STAGES]}
        self.trace = Trace(header, self._snapshot(model))

    def number(self, item: Any) -> int:
        """The id of a node, value or graph."""
        found = self._ids.get(id(item))
        if found is None:
            found = self._next
            self.adopt(found, item)
        return found

    def find(self, number: int) -> Any:
        """The node, value or graph with this id."""
        return self._kept[number]

    def number_of(self, item: Any) -> int | None:
        """The id of something that has one."""
        return self._ids.get(id(item))

    def knows(self, number: int) -> bool:
        """Whether something has this id."""
        return number in self._kept

    def adopt(self, number: int, item: Any) -> None:
        """Give the item this id, which nothing has."""
        self._ids[id(item)] = number
        self._kept[number] = item
        self._next = max(self._next, number + 1)

    def adopt_rule(self, number: int, rule: Rule) -> None:
        """Write down a rule under this number."""
        self._rules[id(rule)] = number
        self._kept_rules.append(rule)
        self.trace.add_rule(number, rule)

    def rule(self, number: int) -> Rule:
        """The rule with this number."""
        return self._kept_rules[number]

    def finish(self, status: str, model: ir.Model) -> None:
        """Write the last line."""
        nodes = sum(1 for _ in all_nodes(model.graph))
        self.trace.add(
            "end", {"status": status, "nodes": nodes, "ms": round((time.perf_counter() - self._start) * 1e3, 3)}
        )

    # the driver's events

    def begin(self, rule: Rule, root: ir.Node | None, bound: Bindings) -> None:
        self._edits = []
        self._context = rule, root, bound
        self._began = time.perf_counter()

    def end(self, applied: bool, note: str) -> None:
        if self._context is not None and (self._edits or applied):
            self._step(*self._context, note, None)
        self._context = None
        self._edits = []

    def missed(self, rule: Rule, root: ir.Node, why: str) -> None:
        record = {"step": self.trace.count, "rule": self._rule(rule), "node": self.number(root), "why": why}
        self.trace.add("miss", record)

    def failed(self, failure: StepFailure) -> None:
        error = failure.error
        told = {
            "type": type(error).__name__,
            "message": str(error),
            "traceback": "".join(traceback.format_exception(error)),
        }
        if self._context is None:
            self._began, self._edits = time.perf_counter(), []
        rule, root, bound = self._context or (failure.rule, failure.node, {})
        self._step(rule, root, bound, "", told)
        self._context = None
        self._edits = []

    # the Editor's events

    def inserted(self, node: ir.Node, before: ir.Node | None) -> None:
        assert node.graph is not None
        after = None if before is None else self.number(before)
        outputs = [value_record(v, self.number) for v in node.outputs]
        self._edits.append(Insert(self.number(node.graph), after, node_record(node, self.number), outputs))

    def erased(self, node: ir.Node, inputs: Sequence[ir.Value | None]) -> None:
        self._edits.append(Erase(self.number(node)))

    def rewired(self, node: ir.Node, index: int, old: ir.Value | None, new: ir.Value | None) -> None:
        self._edits.append(SetInput(self.number(node), index, None if new is None else self.number(new)))

    def output_changed(self, graph: ir.Graph, index: int, old: ir.Value, new: ir.Value) -> None:
        self._edits.append(SetOutput(self.number(graph), index, self.number(new)))

    def inputs_changed(self, graph: ir.Graph) -> None:
        fresh = [value_record(v, self.number) for v in graph.inputs if id(v) not in self._ids]
        self._edits.append(SetInputs(self.number(graph), [self.number(v) for v in graph.inputs], fresh))

    def outputs_changed(self, graph: ir.Graph) -> None:
        self._edits.append(SetOutputs(self.number(graph), [self.number(v) for v in graph.outputs]))

    def constant_added(self, value: ir.Value) -> None:
        self._edits.append(AddConstant(value_record(value, self.number)))

    def retyped(self, value: ir.Value, fields: frozenset[str]) -> None:
        changed = {field: FIELDS[field](value) for field in sorted(fields)}
        self._edits.append(Retype(self.number(value), changed))

    def attribute_set(self, node: ir.Node, name: str) -> None:
        item = attribute_record(node.attributes.get(name), self.number)
        self._edits.append(SetAttribute(self.number(node), name, item))

    def graph_added(self, graph: ir.Graph) -> None:
        inputs = [value_record(v, self.number) for v in graph.inputs]
        self._edits.append(AddGraph(_graph_record(graph, self.number, None), inputs))

    def _step(self, rule: Rule | None, root: ir.Node | None, bound: Bindings, note: str, error: Record | None) -> None:
        bind = {}
        for name, item in bound.items():
            if item is not None:
                bind[name] = {"node" if isinstance(item, ir.Node) else "value": self.number(item)}
        origins = [n.meta.data.get(ORIGIN, frozenset()) for n in (root, *bound.values()) if isinstance(n, ir.Node)]
        self.trace.add_step(
            {
                "i": self.trace.count,
                "rule": None if rule is None else self._rule(rule),
                "root": None if root is None else self.number(root),
                "bind": bind,
                "origin": sorted(frozenset().union(*origins)),
                "note": note,
                "ms": round((time.perf_counter() - self._began) * 1e3, 4),
                "edits": self._edits,
                "error": error,
            }
        )

    def _rule(self, rule: Rule) -> int:
        found = self._rules.get(id(rule))
        if found is None:
            found = len(self._rules)
            self.adopt_rule(found, rule)
        return found

    def _snapshot(self, model: ir.Model) -> Record:
        graphs, nodes, values = [], [], []
        values += [value_record(v, self.number) for v in model.graph.initializers.values()]
        for graph, owner in _walk(model.graph, None):
            values += [value_record(v, self.number) for v in graph.inputs]
            graphs.append(_graph_record(graph, self.number, owner))
            for node in graph:
                nodes.append(node_record(node, self.number))
                values += [value_record(v, self.number) for v in node.outputs]
        return {"graphs": graphs, "nodes": nodes, "values": values}


def _walk(graph: ir.Graph, owner: ir.Node | None) -> list[tuple[ir.Graph, ir.Node | None]]:
    found = [(graph, owner)]
    for node in graph:
        for inner in subgraphs(node):
            found += _walk(inner, node)
    return found


def _graph_record(graph: ir.Graph, number: Any, owner: ir.Node | None) -> Record:
    return {
        "id": number(graph),
        "name": graph.name or "",
        "owner": None if owner is None else number(owner),
        "inputs": [number(v) for v in graph.inputs],
        "outputs": [number(v) for v in graph.outputs],
        "nodes": [number(n) for n in graph],
    }
