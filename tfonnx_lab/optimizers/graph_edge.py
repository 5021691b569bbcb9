"""The graph's edge: what ONNX demands of outputs, and the names that the user asked for."""

from __future__ import annotations

from collections.abc import Sequence, Set

import onnx_ir as ir

from tfonnx_lab.errors import ConversionError
from tfonnx_lab.graph import ORIGIN, OpBuilder, all_graphs
from tfonnx_lab.graph.meta import OUTPUT_NAMES
from tfonnx_lab.rules import optimizer


@optimizer(phase="clean")
def outputs_have_producers(op: OpBuilder) -> bool | None:
    """An output that is an input, a constant or another output => Identity of it, since ONNX forbids the rest."""
    names: list[str] = op.editor.model.meta.get(OUTPUT_NAMES, [])
    names = names if list(op.options.outputs or names) == names else []
    for graph in all_graphs(op.editor.graph):
        seen: set[int] = set()
        for index, value in enumerate(list(graph.outputs)):
            producer = value.producer()
            if producer is not None and producer.graph is graph and id(value) not in seen:
                seen.add(id(value))
                continue
            node = op.node("Identity", [value], {})
            op.editor.origin = (
                frozenset().union(*(n.meta.get(ORIGIN, ()) for n in graph)) if producer is None else frozenset()
            )
            if graph is op.editor.graph and index < len(names) and names[index] not in ("", value.name):
                node.outputs[0].name = names[index]  # the editor makes it unique
            node.outputs[0].shape = value.shape
            op.editor.insert(node, graph=graph)
            op.editor.set_output(graph, index, node.outputs[0])
            op.note(str(value.name))
    return True if op.notes else None


@optimizer(phase="finish")
def rename_interface(op: OpBuilder) -> bool | None:
    """TFLite's names of inputs and outputs => those of `rename_inputs=` and `rename_outputs=`, in order."""
    graph = op.editor.graph
    _rename(op, graph.inputs, op.options.rename_inputs, "rename_inputs")
    _rename(op, graph.outputs, op.options.rename_outputs, "rename_outputs")
    return True if op.notes else None


def _rename(op: OpBuilder, values: Sequence[ir.Value], names: Sequence[str], option: str) -> None:
    if len(names) > len(values):
        raise ConversionError(f"{option}: {len(names)} names for {len(values)} tensors")
    renamed = [(value, name) for value, name in zip(values, names, strict=False) if value.name != name]
    if not renamed:
        return
    for name in names:
        if names.count(name) > 1:
            raise ConversionError(f"{option}: {name!r} is named twice; inputs and outputs have names of their own")
    told = [(str(value.name), name) for value, name in renamed]
    for value, name in renamed:  # out of the way, for names may go round
        op.editor.retype(value, name=op.editor.names.value(f"{name}/renamed"))
    _make_way(op, {name for _, name in renamed}, option)
    for (value, name), (old, _) in zip(renamed, told, strict=True):
        op.note(f"{old} is {name}")
        op.editor.retype(value, name=name)
    op.editor.names.reserve(name for _, name in renamed)


def _make_way(op: OpBuilder, names: Set[str], option: str) -> None:
    """Inner values that have these names get others. Raises ConversionError where an input or output has one."""
    graph = op.editor.graph
    for value in (*graph.inputs, *graph.outputs):
        if value.name in names:
            raise ConversionError(
                f"{option}: {value.name!r} is the name of another input or output already; choose another, or rename "
                "that, too"
            )
    inner = [
        v for g in all_graphs(graph) for v in (*g.inputs, *g.initializers.values(), *(o for n in g for o in n.outputs))
    ]
    for value in inner:
        if value.name in names:
            op.editor.retype(value, name=op.editor.names.value(f"{value.name}/inner"))
