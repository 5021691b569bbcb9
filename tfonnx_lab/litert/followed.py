"""The file for inputs of another shape: where the conversion let constants follow it, LiteRT's follow as well."""

from __future__ import annotations

import copy
import re
from typing import Any

import numpy as np
import onnx_ir as ir
from ai_edge_litert import schema_py_generated as schema

from tfonnx_lab.conversion.pipeline import at_step
from tfonnx_lab.conversion.result import Conversion
from tfonnx_lab.graph import TFLITE, attr, constant_array
from tfonnx_lab.graph.meta import PLACE
from tfonnx_lab.graph.walk import all_nodes
from tfonnx_lab.litert.cutting import Cut, Model

_RULE = "fix_input_shapes"
_TOLD = {"RESHAPE": 1, "SLICE": 2}
"""Ops that are told a shape by a constant => which of their inputs that is."""

_MADE_OF_A_SHAPE = ("TRANSPOSE_CONV", "CONV_3D_TRANSPOSE")
"""Ops whose first input is the shape of their result, of which the conversion takes all but the batch."""

_PLACE = re.compile(r"op (?P<op>\d+) of subgraph (?P<graph>\d+)")


def followed(result: Conversion, data: bytes, graph: int = 0, rows: int | None = None) -> bytes:
    """The file's bytes, in which ops are told what the conversion tells them for the shapes that `inputs=` gives, those
    of subgraphs, too: RESHAPE, SLICE, STRIDED_SLICE and TRANSPOSE_CONV a shape, CONCATENATION and PACK a
    constant of one example once for each; the same bytes where none changed.

    graph: the subgraph that was converted. Subgraphs, ops and tensors keep their numbers, and a constant that other ops
    read, too, stays theirs as it was.
    rows: examples of the batch, where `inputs=` leaves their number open.
    """
    steps = [step for step in result.trace if step.rule and step.rule.get("name") == _RULE]
    if not result.options.inputs or not steps or result.resumable is None:
        return data
    many = next((d[0] for d in result.options.inputs.values() if d and isinstance(d[0], int) and d[0] != 1), rows or 1)
    cut = Cut(Model(memoryview(data)))
    graphs = cut.whole()
    main = at_step(result, steps[-1].i + 1).ir_model.graph
    changed = long = False
    for node in all_nodes(main):
        place = _PLACE.fullmatch(str(node.meta.get(PLACE, "")))
        if node.domain == TFLITE and place is not None:
            made = graphs[int(place["graph"])]
            op = made.operators[int(place["op"])]
            changed |= _tell(cut, made, op, node)
            long |= many != 1 and _lengthen(cut, made, op, node, int(many))
    if long:
        _widen(graphs[graph], main, int(many))
    return cut.packed() if changed or long else data


def _lengthen(cut: Cut, made: Any, op: Any, node: ir.Node, many: int) -> bool:
    """Give an op constants that are as long as the batch; whether it reads one."""
    if node.op_type in _MADE_OF_A_SHAPE:
        told = constant_array(node.inputs[0])
        return (
            told is not None and int(told[0]) == 1 and _give(cut, made, op, 0, np.array([many, *told[1:]], told.dtype))
        )
    found = False
    for index, value in enumerate(node.inputs):
        wide = value.producer() if value is not None else None
        if wide is None or wide.domain or wide.op_type != "Expand" or (held := constant_array(wide.inputs[0])) is None:
            continue
        found |= _give(cut, made, op, index, held.repeat(many, _axis(wide)))
    return found


def _axis(expand: ir.Node) -> int:
    """Along which dimension an Expand repeats a constant (rewriters/dimension/moves.py)."""
    shape = expand.inputs[1]
    maker = None if shape is None else shape.producer()
    before = constant_array(maker.inputs[0]) if maker is not None and maker.op_type == "Concat" else None
    return 0 if before is None else int(before.size)


def _widen(made: Any, graph: ir.Graph, many: int) -> None:
    """Give the inputs the shapes of the conversion's: beside longer constants the file's own do not fit."""
    for index, value in zip(made.inputs, graph.inputs, strict=False):
        tensor, sizes = made.tensors[index], value.shape
        if sizes is not None and tensor.shape is not None and len(sizes) == len(tensor.shape):
            old = [many, *tensor.shape[1:]]  # a batch that is left open has as many as are given
            tensor.shape = [d if isinstance(d, int) else size for d, size in zip(sizes, old, strict=True)]


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
    if tensor.shape is not None and list(tensor.shape) != list(told.shape):
        tensor.shape, tensor.shapeSignature = list(told.shape), None
    made.tensors.append(tensor)
    op.inputs = [*op.inputs[:place], len(made.tensors) - 1, *op.inputs[place + 1 :]]
    return True
