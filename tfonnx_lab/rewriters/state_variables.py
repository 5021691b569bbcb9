"""Resource variables and static hash tables: what CALL_ONCE sets up becomes state inputs and outputs, or constants."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
import onnx_ir as ir

from tfonnx_lab.errors import Unsupported
from tfonnx_lab.graph import NEXT, TFLITE, OpBuilder, all_nodes, attr, quantization, static_shape, use_count
from tfonnx_lab.graph.budget import room
from tfonnx_lab.graph.meta import INITIAL, QUANTIZATION, TABLES
from tfonnx_lab.rewriters.resource_variables import Variables, handed_in, made_by, variable_name
from tfonnx_lab.rules import rewriter


@rewriter(phase="prepare")
def lift_tables(op: OpBuilder) -> bool | None:
    """CALL_ONCE{HASHTABLE_IMPORT(table, keys, values)} => a table of constants that HASHTABLE_FIND looks up."""
    _check_counts(op)
    tables: dict[int, tuple[ir.Value, ir.Value]] = op.editor.model.meta.get(TABLES, {})
    op.editor.describe(op.editor.model, TABLES, tables)
    handed = handed_in(op.editor.graph)
    for node in list(all_nodes(op.editor.graph)):
        if node.op_type in ("HASHTABLE_FIND", "HASHTABLE_SIZE") and node.domain == TFLITE:
            op.editor.set_attribute(node, "table_id", _table_id(node.inputs[0], handed))
        elif node.op_type == "HASHTABLE_IMPORT":
            handle, keys, values = node.inputs[:3]
            number = _table_id(handle, handed)
            tables[number] = keys, values  # type: ignore[assignment]
            op.note(f"table {number}")
            if node.graph is op.editor.graph:
                op.editor.erase(node)
    return True if op.notes else None


_COUNTS = {
    "HASHTABLE": (0, 1), "HASHTABLE_FIND": (3, 1), "HASHTABLE_IMPORT": (3, 0), "HASHTABLE_SIZE": (1, 1),
    "VAR_HANDLE": (0, 1), "READ_VARIABLE": (1, 1), "ASSIGN_VARIABLE": (2, 0),
}  # fmt: skip
"""How many inputs and outputs an op has. Source: Prepare in hashtable*.cc, var_handle.cc, read_variable.cc,
assign_variable.cc."""


def _check_counts(op: OpBuilder) -> None:
    """Refuse an op on tables or variables that lacks an input or an output."""
    for node in all_nodes(op.editor.graph):
        wanted = _COUNTS.get(node.op_type) if node.domain == TFLITE else None
        found = len(node.inputs), len(node.outputs)
        if wanted is not None and (found[0] < wanted[0] or found[1] < wanted[1] or None in node.inputs[: wanted[0]]):
            raise Unsupported(
                f"{node.op_type} takes {wanted[0]} inputs and makes {wanted[1]} outputs: {node.name} has "
                f"{found[0]} and {found[1]}, or lacks one; export the model again"
            )


def _table_id(handle: ir.Value | None, handed: Mapping[ir.Value, ir.Value]) -> int:
    node = made_by(handle, handed)
    if node is None or node.op_type != "HASHTABLE":
        raise Unsupported("a hash table whose handle is computed")
    return int(attr(node, "table_id", 0))


@rewriter(phase="prepare", after=("lift_tables",))
def lift_variables(op: OpBuilder) -> bool | None:
    """VAR_HANDLE, READ_VARIABLE, ASSIGN_VARIABLE => a state input with an initial value, and a state output; or a
    constant."""
    inputs, current = Variables(op, _initial_values(op)).lift()
    for name, value in inputs.items():
        if current[name] is not value:
            _state_output(op, value, current[name])
    constants = [name for name in current if name not in inputs]
    op.note(", ".join([*inputs, *(f"{name} is only read: a constant" for name in constants)]))
    for name, value in inputs.items():
        if value.meta.get(INITIAL) is None and static_shape(value) is None:
            op.note(f"{name} has sizes that are not known: its first value is taken to have one element along each")
    dropped = _drop_setup(op)
    _name(op, inputs)
    return dropped or bool(current) or None


def _name(op: OpBuilder, inputs: dict[str, ir.Value]) -> None:
    """Give the states the variables' names, which the handles had."""
    graph = op.editor.graph
    held = {v.name for node in all_nodes(graph) for v in node.outputs} | set(graph.initializers)
    held |= {v.name for v in graph.inputs}
    for name, value in inputs.items():
        if value.name != name and name not in held:
            for output in graph.outputs:
                if output.meta.get(NEXT) is value and f"{name}_next" not in held:
                    op.editor.retype(output, name=f"{name}_next")
            op.editor.retype(value, name=name)


def _state_output(op: OpBuilder, variable: ir.Value, new: ir.Value) -> None:
    graph = op.editor.graph
    node = op.node("Identity", [new], {})
    node.outputs[0].name = f"{variable.name}_next"
    node.outputs[0].type, node.outputs[0].shape = new.type, new.shape
    op.editor.describe(node.outputs[0], QUANTIZATION, quantization(new))
    op.editor.insert(node)
    op.editor.describe(node.outputs[0], NEXT, variable)
    op.editor.set_outputs(graph, [*graph.outputs, node.outputs[0]])


def _initial_values(op: OpBuilder) -> dict[str, ir.Value]:
    """What the subgraphs of CALL_ONCE assign, where it is constant."""
    found: dict[str, ir.Value] = {}
    for graph in _graphs(op)[1:]:
        for node in graph:
            if node.op_type == "ASSIGN_VARIABLE" and node.inputs[1] is not None:
                if node.inputs[1].const_value is None:
                    raise Unsupported("a resource variable whose initial value is computed")
                found[variable_name(node.inputs[0], {})] = node.inputs[1]
    return found


def _graphs(op: OpBuilder) -> list[ir.Graph]:
    """The main graph, and the subgraphs that CALL_ONCE runs."""
    once = [n for n in op.editor.graph if n.op_type == "CALL_ONCE" and n.domain == "tflite"]
    return [op.editor.graph, *(attr(n, "init_subgraph") for n in once)]


def _drop_setup(op: OpBuilder) -> bool:
    """CALL_ONCE and unused handles."""
    dropped = False
    for node in list(op.editor.graph):
        unused = not any(use_count(v) for v in node.outputs)
        if node.domain == "tflite" and (node.op_type == "CALL_ONCE" or (node.op_type == "VAR_HANDLE" and unused)):
            op.editor.erase(node)
            dropped = True
    return dropped


def initial_value(variable: ir.Value) -> np.ndarray:
    """What a state holds before the first run: what the model says, else zeros (codes: the zero point for int8)."""
    given: Any = variable.meta.get(INITIAL)
    if given is not None:
        return np.asarray(given)
    shape = [d if isinstance(d, int) else 1 for d in variable.shape or ()]
    quant = quantization(variable)
    start = int(quant.zero_point.flat[0]) if quant is not None and variable.dtype == ir.DataType.INT8 else 0
    assert variable.dtype is not None
    if variable.dtype == ir.DataType.STRING:
        raise Unsupported(f"the variable {variable.name} holds strings, which have no initial value")
    if variable.dtype == ir.DataType.INT8 and not -128 <= start < 128:
        raise Unsupported(f"the variable {variable.name} starts at its zero point {start}, which its type cannot hold")
    room(shape, max(1, math.ceil(variable.dtype.itemsize)), f"the initial value of the variable {variable.name}")
    return np.full(shape, start, variable.dtype.numpy())


def states(graph: ir.Graph) -> list[tuple[ir.Value, ir.Value]]:
    """What the model keeps, as pairs of a graph input and the output that takes its place in the next run."""
    return [(v.meta[NEXT], v) for v in graph.outputs if NEXT in v.meta]
