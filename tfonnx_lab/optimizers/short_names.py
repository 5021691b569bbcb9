"""Names of the file: what a user knows is called by its name in the TFLite file, the rest is short.

A name stands in the file once where its value is made, and once for each that reads it.
"""

from __future__ import annotations

from collections.abc import Iterable

import onnx_ir as ir

from tfonnx_lab.graph import ORIGIN, TENSORS, OpBuilder, all_graphs, all_nodes
from tfonnx_lab.graph.origins import called
from tfonnx_lab.rules import optimizer

LONGEST = 12
"""Letters of a name that may stay whatever it names."""


@optimizer(phase="finish", after=("merge_equal_constants", "drop_dead_nodes", "rename_interface"))
def final_names(op: OpBuilder) -> bool | None:
    """Values => the names of the TFLite tensors that they hold; long names of others, and of constants => `v12`, `c12`.

    The number is the TFLite op's. The layout of the value may be another than the tensor's.
    """
    held = {v.name for graph in all_graphs(op.editor.graph) for v in graph.inputs}
    held.update(v.name for node in all_nodes(op.editor.graph) for v in node.outputs)
    changed = 0
    for value, origins in list(_values(op)):
        name = _tensor(value, held) or _short(op, value, origins)
        if name is not None:
            op.editor.retype(value, name=name)
            held.add(name)
            changed += 1
    op.note(f"{changed} names")
    return True if changed else None


def _values(op: OpBuilder) -> Iterable[tuple[ir.Value, frozenset[int]]]:
    """What nodes read and make, each once, with the TFLite ops behind the first of them; without the graph's edge."""
    seen: set[int] = set()
    for node in all_nodes(op.editor.graph):
        for value in (*node.inputs, *node.outputs):
            if value is None or id(value) in seen:
                continue
            seen.add(id(value))
            if not (value.is_graph_input() or value.is_graph_output()):
                yield value, node.meta.get(ORIGIN, frozenset())


def _tensor(value: ir.Value, held: set[str | None]) -> str | None:
    """The name, free yet, of a TFLite tensor that the value holds; None where it has such a name already."""
    names = [name for name, _ in value.meta.get(TENSORS, ())]
    if value.is_initializer() or value.name in names:
        return None
    return next((name for name in names if name not in held), None)


def _short(op: OpBuilder, value: ir.Value, origins: frozenset[int]) -> str | None:
    """A short name in the place of a long one that is no tensor's of the TFLite file, or a constant's."""
    kind = "c" if value.is_initializer() else "v"
    if len(value.name or "") <= LONGEST or (kind == "v" and _is_tensor(value)):
        return None
    return op.editor.names.value(called(kind, origins))


def _is_tensor(value: ir.Value) -> bool:
    return any(value.name == name for name, _ in value.meta.get(TENSORS, ()))
