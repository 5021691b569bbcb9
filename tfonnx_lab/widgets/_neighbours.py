"""The graph around a node as an execution provider sees it, in the form that the stepper draws."""

from __future__ import annotations

import json
from typing import Any

import onnx

from tfonnx_lab.conversion.result import Conversion
from tfonnx_lab.mobile.basic import seen_by_provider
from tfonnx_lab.mobile.graph import Node, View
from tfonnx_lab.trace.summary import summary_of
from tfonnx_lab.widgets._source import packed

_MOST = 14
_LEVELS = 2


def numbers_of(result: Conversion | None) -> dict[str, int]:
    """Name of an ONNX node => its number in the trace; empty for a model that was not converted here."""
    if result is None:
        return {}
    brief = summary_of(result.trace)
    return {str(brief.nodes[k]["name"]): k for k in brief.live if k in brief.nodes}


class Neighbours:
    """The graph that the providers see of one model, looked up around a node.

    model: as `Mobile` gives it to the providers; ONNX Runtime's basic optimizations run once, when this is made.
    """

    def __init__(self, model: onnx.ModelProto) -> None:
        self.view: View = seen_by_provider(model)
        self._at = {node.index: node for node in self.view.nodes}

    def of(self, index: int, partitions: dict[int, int | None]) -> dict[str, Any]:
        """A node with what is up to two edges away, nearest first, as {"nodes", "values", "partitions"}; empty if there
        is no such node.

        partitions: index => partition, None on the CPU; those of the drawn nodes are handed on.
        """
        if index not in self._at:
            return {}
        near = self._near(index)
        values: dict[str, dict[str, Any]] = {}
        nodes = [self._node(self._at[k], values) for k in sorted(near)]
        return {
            "nodes": nodes,
            "values": list(values.values()),
            "partitions": {str(k): partitions.get(k) for k in near},
        }

    def trace(self, name: str) -> bytes:
        """The whole graph as a packed trace without steps, for Netron; the number of a node is its index."""
        found: dict[str, dict[str, Any]] = {}
        nodes = [self._node(node, found) | {"origin": []} for node in self.view.nodes]
        ends = [[self._value(v, found) for v in names] for names in (self.view.inputs, self.view.outputs)]
        after = 1 + max([node["id"] for node in nodes], default=0)  # nodes and values share their numbers
        graph = {"id": -1, "name": name, "owner": None, "inputs": [after + v for v in ends[0]],
                 "outputs": [after + v for v in ends[1]], "nodes": [node["id"] for node in nodes]}  # fmt: skip
        for node in nodes:
            for side in ("in", "out"):
                node[side] = [None if v is None else after + v for v in node[side]]
        values = [value | {"id": after + value["id"], "tensors": []} for value in found.values()]
        header = {"version": 1, "name": name, "opset": 0, "options": {}, "stages": []}
        lines = [{"header": header}, {"start": {"graphs": [graph], "nodes": nodes, "values": values}},
                 {"end": {"status": "ok", "nodes": len(nodes), "ms": 0.0}}]  # fmt: skip
        return packed([json.dumps(entry) for entry in lines])

    def values(self, index: int) -> list[str]:
        """The values that a node reads and makes."""
        node = self._at.get(index)
        return [] if node is None else [name for name in (*node.inputs, *node.implicit, *node.outputs) if name]

    def _near(self, index: int) -> set[int]:
        found, front = {index}, [index]
        for _ in range(_LEVELS):
            beside = [
                edge.node.index
                for k in front
                for edge in (*self.view.input_edges[k], *self.view.output_edges[k])
                if edge.node.index not in found
            ]
            front = list(dict.fromkeys(beside))[: _MOST - len(found)]
            found |= set(front)
        return found

    def _node(self, node: Node, values: dict[str, dict[str, Any]]) -> dict[str, Any]:
        def numbers(names: list[str]) -> list[int | None]:
            return [self._value(name, values) if name else None for name in names]

        attrs = {k: v for k, v in node.attributes.items() if isinstance(v, int | float | str | list | tuple)}
        return {
            "id": node.index, "op": node.op, "name": node.name, "domain": node.domain,
            "attrs": {k: v for k, v in attrs.items() if not isinstance(v, list | tuple) or len(v) < 16},
            "in": numbers(node.inputs), "out": numbers(node.outputs),
        }  # fmt: skip

    def _value(self, name: str, values: dict[str, dict[str, Any]]) -> int:
        if name not in values:
            dtype, shape = self.view.dtype(name), self.view.shape(name)
            values[name] = {
                "id": len(values),
                "name": name,
                "dtype": onnx.TensorProto.DataType.Name(dtype) if dtype else None,
                "shape": None if shape is None else [d if isinstance(d, int | str) else None for d in shape],
                "const": {} if self.view.is_initializer(name) else None,
                "quant": None,
            }
        return int(values[name]["id"])
