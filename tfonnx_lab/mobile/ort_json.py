"""Graphs of the ORT format as plain data for JSON."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from tfonnx_lab.mobile.ort_nodes import OrtGraph, OrtNode
from tfonnx_lab.mobile.ort_tensors import OrtTensor, OrtValue


def graph_dict(value_of: Callable[[str, str], OrtValue], graph: OrtGraph) -> dict[str, Any]:
    """A graph with its nodes, the values in use, its constants without their contents.

    value_of: a value by its name and the path of the graph that sees it.
    """
    used = dict.fromkeys(
        [*graph.inputs, *graph.outputs, *(v for n in graph.nodes for v in (*n.inputs, *n.outputs) if v)]
    )
    return {
        "path": graph.path, "inputs": list(graph.inputs), "outputs": list(graph.outputs),
        "nodes": [_node_dict(n) for n in graph.nodes],
        "values": {v: _value_dict(value_of(v, graph.path)) for v in used},
        "initializers": {t.name: {"dtype": t.dtype, "shape": list(t.shape),
        "bytes": t.nbytes} for t in graph.initializers.values()},
        "recorded": [{"optimizer": r.optimizer, "action": r.action, "nodes": list(r.nodes),
        "produced": list(r.produced)} for r in graph.records],
    }  # fmt: skip


def _value_dict(value: OrtValue) -> dict[str, Any]:
    return {"type": value.type, "shape": None if value.shape is None else list(value.shape)}


def _node_dict(n: OrtNode) -> dict[str, Any]:
    return {
        "index": n.index, "name": n.name, "domain": n.domain or "ai.onnx", "op": n.op, "since_version": n.since_version,
        "provider": n.provider, "inputs": list(n.inputs), "outputs": list(n.outputs),
        "implicit_inputs": list(n.implicit_inputs), "attributes": {a.name: _plain(a.value) for a in n.attributes},
    }  # fmt: skip


def _plain(value: Any) -> Any:
    if isinstance(value, OrtTensor):
        return {"dtype": value.dtype, "shape": list(value.shape), "bytes": value.nbytes}
    if isinstance(value, tuple):
        return [_plain(v) for v in value]
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)  # JSON has no infinity
    return value
