"""The file for inputs of another shape: where the conversion let constants follow it, LiteRT's follow as well."""

from __future__ import annotations

import copy
from typing import Any

import numpy as np
import onnx_ir as ir
from ai_edge_litert import schema_py_generated as schema

from tfonnx_lab.conversion.pipeline import at_step
from tfonnx_lab.conversion.result import Conversion
from tfonnx_lab.graph import ORIGIN, TFLITE, attr, constant_array
from tfonnx_lab.litert.cutting import Cut, Model

_RULE = "fix_input_shapes"
_TOLD = {"RESHAPE": 1, "SLICE": 2}
"""Ops that are told a shape by a constant => which of their inputs that is."""


def followed(result: Conversion, data: bytes, graph: int = 0) -> bytes:
    """The file's bytes, in which RESHAPE, SLICE and STRIDED_SLICE are told what the conversion tells them for the
    shapes that `inputs=` gives; the same bytes where none changed.

    graph: the subgraph that was converted. Subgraphs, ops and tensors keep their numbers, and a constant that other ops
    read, too, stays theirs as it was.
    """
    steps = [step for step in result.trace if step.rule and step.rule.get("name") == _RULE]
    if not result.options.inputs or not steps or result.resumable is None:
        return data
    cut = Cut(Model(memoryview(data)))
    made = cut.whole()[graph]
    changed = False
    for node in at_step(result, steps[-1].i + 1).ir_model.graph:
        origin = node.meta.get(ORIGIN, ())
        if node.domain == TFLITE and len(origin) == 1:
            changed |= _tell(cut, made, made.operators[next(iter(origin))], node)
    return cut.packed() if changed else data


def _tell(cut: Cut, made: Any, op: Any, node: ir.Node) -> bool:
    """Tell an op of the copy what a node is told; whether that is something else."""
    if node.op_type == "STRIDED_SLICE":
        old, op.builtinOptions.endMask = op.builtinOptions.endMask, int(attr(node, "end_mask", 0))
        return bool(old != op.builtinOptions.endMask)
    place = _TOLD.get(node.op_type, 0)
    if not place:
        return False
    opened = node.op_type == "SLICE" and _open(made.tensors[op.outputs[0]], node.outputs[0])
    told = constant_array(node.inputs[place]) if len(node.inputs) > place else None
    if place < len(op.inputs) and op.inputs[place] >= 0:
        return (told is not None and _give(cut, made, op, place, told)) or opened
    old, new = op.builtinOptions.newShape, [int(d) for d in attr(node, "new_shape", None) or ()]
    if not new or list(old) == new:
        return False
    op.builtinOptions.newShape = new
    return True


def _open(tensor: Any, value: ir.Value) -> bool:
    """Let a tensor have other sizes than the file says, where the conversion does; LiteRT's SLICE insists on them."""
    sizes = None if value.shape is None else [d if isinstance(d, int) else -1 for d in value.shape]
    old = [] if tensor.shape is None else list(tensor.shape)
    if sizes is None or sizes == old:
        return False
    tensor.shapeSignature = [-1] * len(old)
    return True


def _give(cut: Cut, made: Any, op: Any, place: int, told: np.ndarray) -> bool:
    """Give an op a constant of its own in the place of the one that it reads; whether it is another."""
    tensor = copy.copy(made.tensors[op.inputs[place]])
    contents, held = np.ascontiguousarray(told).view(np.uint8).reshape(-1), cut.buffers[tensor.buffer].data
    if held is not None and np.array_equal(held, contents):
        return False
    cut.buffers.append(schema.BufferT(data=contents))
    tensor.buffer = len(cut.buffers) - 1
    made.tensors.append(tensor)
    op.inputs = [*op.inputs[:place], len(made.tensors) - 1, *op.inputs[place + 1 :]]
    return True
