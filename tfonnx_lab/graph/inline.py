"""Copies of subgraphs: into the place of an op, or as the subgraph of another."""

from __future__ import annotations

from collections.abc import Sequence

import onnx_ir as ir

from tfonnx_lab.graph.editor import Editor
from tfonnx_lab.graph.meta import KEYS, ORIGIN, TENSORS

Mapping = dict[ir.Value, ir.Value]


def copy_nodes(
    editor: Editor, graph: ir.Graph, inputs: Sequence[ir.Value | None]
) -> tuple[list[ir.Node], list[ir.Value]]:
    """The graph's nodes with its inputs replaced, not inserted yet, and the values of its outputs.

    inputs: one value an input of the graph; None where nothing uses it. Raises ValueError where there are more or
        fewer.
    """
    if len(inputs) != len(graph.inputs):
        raise ValueError(f"its subgraph {graph.name} takes {len(graph.inputs)} inputs and is given {len(inputs)}")
    known: Mapping = {old: new for old, new in zip(graph.inputs, inputs, strict=True) if new is not None}
    nodes = [_copy(editor, node, known) for node in graph]
    return nodes, [known.get(v, v) for v in graph.outputs]


def copy_graph(editor: Editor, graph: ir.Graph, known: Mapping, name: str) -> ir.Graph:
    """The graph as a new subgraph with inputs of its own."""
    inputs = [_copy_value(v) for v in graph.inputs]
    made = editor.subgraph(name, inputs)
    inner = known | dict(zip(graph.inputs, inputs, strict=True))
    for node in graph:
        editor.insert(_copy(editor, node, inner), graph=made)
    editor.set_outputs(made, [inner.get(v, v) for v in graph.outputs])
    return made


def _copy(editor: Editor, node: ir.Node, known: Mapping) -> ir.Node:
    attributes = []
    for name, attribute in node.attributes.items():
        if attribute.type == ir.AttributeType.GRAPH:
            attribute = ir.AttrGraph(name, copy_graph(editor, attribute.value, known, attribute.value.name or name))
        elif attribute.type == ir.AttributeType.GRAPHS:
            attribute = ir.AttrGraphs(name, [copy_graph(editor, g, known, g.name or name) for g in attribute.value])
        attributes.append(attribute)
    outputs = [_copy_value(v) for v in node.outputs]
    known.update(zip(node.outputs, outputs, strict=True))
    inputs = [None if v is None else known.get(v, v) for v in node.inputs]
    made = ir.Node(node.domain, node.op_type, inputs, attributes, outputs=outputs, name=node.name)
    editor.inherit(made, node, *(KEYS.keys() - {ORIGIN}))
    return made


def _copy_value(value: ir.Value) -> ir.Value:
    made = ir.Value(name=value.name, type=value.type, shape=None if value.shape is None else value.shape.copy())
    Editor.inherit(made, value, *(KEYS.keys() - {TENSORS}))
    return made
