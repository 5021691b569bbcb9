"""Scattering with a reduction, at opsets that have it and at older ones."""

from __future__ import annotations

import numpy as np
import onnx_ir as ir

from tfonnx_lab.graph import OpBuilder
from tfonnx_lab.handlers.lowering.numeric import WIDER
from tfonnx_lab.handlers.lowering.shape import rank_of

_SINCE = {"add": 16, "mul": 16, "max": 18, "min": 18}
_COMBINE = {"add": "Add", "mul": "Mul", "max": "Max", "min": "Min"}


def scatter(op: OpBuilder, x: ir.Value, indices: ir.Value, updates: ir.Value, reduction: str | None) -> ir.Value:
    """ScatterND with a reduction; below the opset that has it, a Loop that places one update after the other."""
    if reduction is not None and x.dtype in WIDER:
        base, parts = (op.Cast(v, to=WIDER[x.dtype]) for v in (x, updates))
        return op.Cast(scatter(op, base, indices, parts, reduction), to=x.dtype)
    if reduction is None or op.opset >= _SINCE[reduction]:
        placed: ir.Value = op.ScatterND(x, indices, updates, reduction=reduction)
    else:
        placed = _one_by_one(op, x, indices, updates, _COMBINE[reduction])
    placed.type = x.type
    return placed


def _one_by_one(op: OpBuilder, x: ir.Value, indices: ir.Value, updates: ir.Value, combine: str) -> ir.Value:
    lead = rank_of(indices) - 1
    depth = op.Slice(op.Shape(indices), op.const([lead]), op.const([lead + 1]))
    places = op.Reshape(indices, op.Concat(op.const([-1]), depth, axis=0))
    behind = op.Slice(op.Shape(updates), op.const([lead]), op.const([2**31 - 1]))
    count = op.Slice(op.Shape(places), op.const([0]), op.const([1]))
    parts = op.Reshape(updates, op.Concat(count, behind, axis=0))
    step = ir.Value(name="step", type=ir.TensorType(ir.DataType.INT64), shape=ir.Shape([]))
    going = ir.Value(name="going", type=ir.TensorType(ir.DataType.BOOL), shape=ir.Shape([]))
    so_far = ir.Value(name="so_far", type=x.type)
    graph = op.editor.subgraph("scatter", [step, going, so_far])
    inner = OpBuilder(op.editor, op.opset, op.options)
    at = inner.Unsqueeze(step, inner.const([0]))
    place, part = (inner.Gather(v, at, axis=0) for v in (places, parts))
    value = getattr(inner, combine)(inner.GatherND(so_far, place), part)
    outputs = [inner.Identity(going), inner.ScatterND(so_far, place, value)]
    for made in inner.tape:
        op.editor.insert(made, graph=graph)
    op.editor.set_outputs(graph, outputs)
    trips = op.Reshape(count, op.const(np.zeros(0, np.int64)))
    return op.Loop(trips, op.const(np.array(True)), x, body=graph)
