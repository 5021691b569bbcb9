"""The file for inputs of another shape: where the conversion let constants follow it, LiteRT's follow as well."""

from __future__ import annotations

from typing import Any

import numpy as np
import onnx_ir as ir
from ai_edge_litert import schema_py_generated as schema

from tfonnx_lab.conversion.pipeline import at_step
from tfonnx_lab.conversion.result import Conversion
from tfonnx_lab.graph import ORIGIN, TFLITE, attr, constant_array

_RULE = "fix_input_shapes"
_TOLD = {"RESHAPE": 1, "SLICE": 2, "STRIDED_SLICE": 2}
"""Ops that are told a shape by a constant => which of their inputs that is."""

_FIRST_FIELD = 4
"""Where the vtable of a Buffer tells the place of its data, and that of ReshapeOptions its shape."""


def followed(result: Conversion, data: bytes, graph: int = 0) -> bytes:
    """The file's bytes, in which RESHAPE, SLICE and STRIDED_SLICE are told what the conversion tells them for the
    shapes that `inputs=` gives; the same bytes where none changed.

    graph: the subgraph that was converted.
    """
    steps = [step for step in result.trace if step.rule and step.rule.get("name") == _RULE]
    if not result.options.inputs or not steps or result.resumable is None:
        return data
    made = bytearray(data)
    table = schema.Model.GetRootAs(made, 0)
    for node in at_step(result, steps[-1].i + 1).ir_model.graph:
        origin = node.meta.get(ORIGIN, ())
        if node.domain == TFLITE and node.op_type in _TOLD and len(origin) == 1:
            _tell(made, table, graph, next(iter(origin)), node)
    return bytes(made)


def _tell(made: bytearray, table: Any, graph: int, position: int, node: ir.Node) -> None:
    """Write what a node is told where the file tells its op."""
    subgraph = table.Subgraphs(graph)
    op = subgraph.Operators(position)
    place = _TOLD[node.op_type]
    if op.InputsLength() > place and op.Inputs(place) >= 0:
        buffer = table.Buffers(subgraph.Tensors(op.Inputs(place)).Buffer())
        start = buffer.Offset() if buffer.Offset() > 1 else _vector(buffer)
        told = constant_array(node.inputs[place])
        if start and told is not None:
            _write(made, start, told if node.op_type != "STRIDED_SLICE" else _ends(told, node))
    if node.op_type == "RESHAPE" and op.BuiltinOptions() is not None:
        options = schema.ReshapeOptions()
        options.Init(op.BuiltinOptions().Bytes, op.BuiltinOptions().Pos)
        told = constant_array(node.inputs[1]) if len(node.inputs) > 1 and node.inputs[1] is not None else None
        new = told if told is not None else np.array(attr(node, "new_shape", None) or (), np.int32)
        if _vector(options) and len(new) == options.NewShapeLength():
            _write(made, _vector(options), new.astype(np.int32))


def _ends(told: np.ndarray, node: ir.Node) -> np.ndarray:
    """The ends of a STRIDED_SLICE, as far as they reach where its mask says so."""
    mask = int(attr(node, "end_mask", 0))
    forward = constant_array(node.inputs[3])
    ends: np.ndarray = told.copy()
    for axis in range(ends.size):
        if mask >> axis & 1 and forward is not None and int(forward[axis]) > 0:
            ends[axis] = np.iinfo(ends.dtype).max
    return ends


def _vector(item: Any) -> int:
    """Where the vector in the first field of a table starts; 0 where it has none."""
    offset = item._tab.Offset(_FIRST_FIELD)
    return int(item._tab.Vector(offset)) if offset else 0


def _write(made: bytearray, start: int, array: np.ndarray) -> None:
    data = np.ascontiguousarray(array).tobytes()
    made[start : start + len(data)] = data
