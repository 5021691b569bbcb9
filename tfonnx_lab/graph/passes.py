"""Whole-graph passes of other libraries: run as they are, their edits found by comparing before and after."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import onnx_ir as ir

from tfonnx_lab.graph.events import Listener
from tfonnx_lab.graph.walk import all_graphs, all_nodes

Snapshot = dict[int, tuple[ir.Node, tuple[ir.Value | None, ...]]]


def run_and_report(model: ir.Model, run: Callable[[ir.Model], Any], listeners: list[Listener]) -> bool:
    """Run a pass over the model and tell the listeners what it changed; whether it changed anything.

    The pass may insert, erase and rewire nodes, add constants, and change the main graph's outputs.
    """
    before = _snapshot(model)
    outputs = list(model.graph.outputs)
    constants = {id(v) for v in model.graph.initializers.values()}
    run(model)
    edits = 0
    for value in model.graph.initializers.values():
        if id(value) not in constants:
            edits += 1
            for listener in listeners:
                listener.constant_added(value)
    edits += _report_nodes(model, before, listeners)
    for index, (old, new) in enumerate(zip(outputs, model.graph.outputs, strict=True)):
        if old is not new:
            edits += 1
            for listener in listeners:
                listener.output_changed(model.graph, index, old, new)
    return edits > 0


def _report_nodes(model: ir.Model, before: Snapshot, listeners: list[Listener]) -> int:
    edits = 0
    after = _snapshot(model)
    for graph in all_graphs(model.graph):
        following: ir.Node | None = None
        for node in reversed(graph):
            if id(node) not in before:
                edits += 1
                for listener in listeners:
                    listener.inserted(node, following)
            following = node
    for key, (node, old) in before.items():
        for index, (was, now) in enumerate(zip(old, node.inputs, strict=False)):
            if key in after and was is not now:
                edits += 1
                for listener in listeners:
                    listener.rewired(node, index, was, now)
    for key, (node, old) in before.items():
        if key not in after:
            edits += 1
            for listener in listeners:
                listener.erased(node, old)
    return edits


def _snapshot(model: ir.Model) -> Snapshot:
    return {id(node): (node, tuple(node.inputs)) for node in _nodes(model)}


def _nodes(model: ir.Model) -> Iterator[ir.Node]:
    yield from all_nodes(model.graph)
