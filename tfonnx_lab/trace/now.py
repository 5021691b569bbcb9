"""Nodes, values and graphs as they are at a moment: captured at once, turned into records when somebody reads the
trace."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import onnx_ir as ir

from tfonnx_lab.graph import ORIGIN, TENSORS, Quantization, subgraphs
from tfonnx_lab.graph.meta import QUANTIZATION, known

_NOBODY: frozenset[int] = frozenset()

_made: Any = tuple.__new__
"""Makes one of these at once; the class's own way takes a call more, for each value of a conversion."""


class NodeNow(NamedTuple):
    """A node. What it refers to, attributes and inputs as well, is never changed in place."""

    node: ir.Node
    name: str | None
    inputs: Sequence[ir.Value | None]
    attributes: Mapping[str, ir.Attr]
    origin: frozenset[int]


class ValueNow(NamedTuple):
    """A value. What it refers to is never changed in place."""

    value: ir.Value
    name: str | None
    type: ir.TypeProtocol | None
    shape: ir.Shape | None
    quant: Quantization | None
    const: ir.TensorProtocol | None
    tensors: tuple[Any, ...]


class GraphNow(NamedTuple):
    """A graph.

    owner: the node that holds it, None for the main graph and one that nothing holds yet.
    """

    graph: ir.Graph
    owner: ir.Node | None
    inputs: Sequence[ir.Value]
    outputs: Sequence[ir.Value]
    nodes: Sequence[ir.Node]


class StartNow(NamedTuple):
    """A model.

    graphs: the main graph and those inside of it, each with its nodes and their outputs, and its inputs.
    """

    constants: Sequence[ValueNow]
    graphs: Sequence[tuple[GraphNow, Sequence[tuple[NodeNow, Sequence[ValueNow]]], Sequence[ValueNow]]]


def node_now(node: ir.Node) -> NodeNow:
    """The node now."""
    told = known(node).get(ORIGIN, _NOBODY)
    return _made(NodeNow, (node, node.name, node.inputs, dict(node.attributes.data), told))


def value_now(value: ir.Value) -> ValueNow:
    """The value now."""
    told = known(value)
    held = told.get(QUANTIZATION), value.const_value, told.get(TENSORS, ())
    return _made(ValueNow, (value, value.name, value.type, value.shape, *held))


def graph_now(graph: ir.Graph, owner: ir.Node | None = None) -> GraphNow:
    """The graph now."""
    return GraphNow(graph, owner, list(graph.inputs), list(graph.outputs), list(graph))


def model_now(model: ir.Model) -> StartNow:
    """The model now."""
    graphs = [
        (
            graph_now(graph, owner),
            [(node_now(node), list(map(value_now, node.outputs))) for node in graph],
            list(map(value_now, graph.inputs)),
        )
        for graph, owner in _walk(model.graph, None)
    ]
    return StartNow(list(map(value_now, model.graph.initializers.values())), graphs)


def _walk(graph: ir.Graph, owner: ir.Node | None) -> list[tuple[ir.Graph, ir.Node | None]]:
    found = [(graph, owner)]
    for node in graph:
        for inner in subgraphs(node):
            found += _walk(inner, node)
    return found
