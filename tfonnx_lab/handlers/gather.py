"""Elements chosen by their places, and places of elements.

Ops: ARG_MAX, ARG_MIN, DYNAMIC_UPDATE_SLICE, GATHER, GATHER_ND, SCATTER_ND, STABLEHLO_DYNAMIC_UPDATE_SLICE, TOPK_V2,
UNIQUE, WHERE.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import onnx_ir as ir

from tfonnx_lab.graph import EIGHT_BIT, OpBuilder
from tfonnx_lab.handlers.lowering.numeric import WIDER, cast
from tfonnx_lab.handlers.lowering.permute import moved_last
from tfonnx_lab.handlers.lowering.scatter import scatter
from tfonnx_lab.handlers.lowering.shape import int64, ints, rank_of, vector
from tfonnx_lab.rules import handler

_D = ir.DataType


@handler("GATHER")
def gather(
    op: OpBuilder, node: ir.Node, x: ir.Value, indices: ir.Value, *, axis: int = 0, batch_dims: int = 0
) -> ir.Value:
    """GATHER{axis, batch_dims} => Gather; with batch dimensions a Gather over the flattened batch.

    Source: gather.cc.
    """
    size, wide = rank_of(x), rank_of(indices)
    axis = axis % max(size, 1)
    batch = batch_dims + wide if batch_dims < 0 else batch_dims
    where = int64(op, indices)
    if batch == 0:
        return op.Gather(x, where, axis=axis)
    if axis > batch:  # bring the gathered axis behind the batch
        x = op.Transpose(x, perm=[*range(batch), axis, *(i for i in range(batch, size) if i != axis)])
    chosen = op.GatherND(x, op.Unsqueeze(where, op.const([-1])), batch_dims=batch)
    chosen.type = x.type
    if axis > batch:
        between = axis - batch
        inner = wide - batch
        order = [
            *range(batch),
            *range(batch + inner, batch + inner + between),
            *range(batch, batch + inner),
            *range(wide + between, size + inner - 1),
        ]
        chosen = op.Transpose(chosen, perm=order)
    return chosen


@handler("GATHER_ND")
def gather_nd(op: OpBuilder, node: ir.Node, x: ir.Value, indices: ir.Value) -> ir.Value:
    """GATHER_ND => GatherND. Source: gather_nd.cc."""
    made = op.GatherND(x, int64(op, indices))
    made.type = x.type
    return made


@handler("SCATTER_ND")
def scatter_nd(op: OpBuilder, node: ir.Node, indices: ir.Value, updates: ir.Value, shape: ir.Value) -> ir.Value:
    """SCATTER_ND => ScatterND{add} into zeros, so duplicates are summed. Source: scatter_nd.cc."""
    assert updates.dtype is not None
    zeros = op.ConstantOfShape(vector(op, shape), value=ir.tensor(np.zeros(1, updates.dtype.numpy())))
    return scatter(op, zeros, int64(op, indices), updates, "add")


@handler("WHERE")
def where(op: OpBuilder, node: ir.Node, condition: ir.Value) -> ir.Value:
    """WHERE(c) => Transpose(NonZero(c)): the positions of what is not zero. Source: where.cc."""
    x = condition
    if x.dtype in (_D.INT8, _D.INT16, _D.UINT16, _D.UINT32, _D.DOUBLE):
        x = op.Cast(op.Cast(x, to=_D.DOUBLE), to=_D.BOOL) if x.dtype != _D.DOUBLE else op.Cast(x, to=_D.BOOL)
    return cast(op, op.Transpose(op.NonZero(x), perm=[1, 0]), node.outputs[0].dtype)


@handler("UNIQUE")
def unique(op: OpBuilder, node: ir.Node, x: ir.Value) -> list[ir.Value]:
    """UNIQUE => Unique in order of first appearance, and the index of each element. Source: unique.cc."""
    wide = x.dtype if x.dtype in (_D.FLOAT, _D.INT64, _D.INT8, _D.DOUBLE, _D.STRING) else _D.INT64
    made = op.node("Unique", [cast(op, x, wide)], {"sorted": 0}, outputs=3)
    made.outputs[0].type, made.outputs[2].type = ir.TensorType(wide or _D.FLOAT), ir.TensorType(_D.INT64)
    return [cast(op, made.outputs[0], x.dtype), cast(op, made.outputs[2], node.outputs[1].dtype)]


@handler("ARG_MAX")
def arg_max(op: OpBuilder, node: ir.Node, x: ir.Value, axis: ir.Value) -> ir.Value:
    """ARG_MAX => ArgMax, the first of equals. Source: arg_min_max.h."""
    return _arg(op, node, op.ArgMax, x, axis)


@handler("ARG_MIN")
def arg_min(op: OpBuilder, node: ir.Node, x: ir.Value, axis: ir.Value) -> ir.Value:
    """ARG_MIN => ArgMin, the first of equals. Source: arg_min_max.h."""
    return _arg(op, node, op.ArgMin, x, axis)


def _arg(op: OpBuilder, node: ir.Node, make: Callable[..., ir.Value], x: ir.Value, axis: ir.Value) -> ir.Value:
    position = ints(axis)
    if position is None:
        x, position = moved_last(op, x, axis), [-1]
    if x.dtype in WIDER and x.dtype not in EIGHT_BIT:
        x = op.Cast(x, to=WIDER[x.dtype])
    elif x.dtype == _D.INT64:
        x = op.Cast(x, to=_D.DOUBLE)
    return cast(op, make(x, axis=position[0], keepdims=0), node.outputs[0].dtype)


@handler("TOPK_V2")
def top_k(op: OpBuilder, node: ir.Node, x: ir.Value, k: ir.Value) -> list[ir.Value]:
    """TOPK_V2 => TopK over the last axis, lower indices first among equals. Source: topk_v2.cc."""
    wide = WIDER.get(x.dtype, x.dtype) if x.dtype is not None else None
    made = op.node("TopK", [cast(op, x, wide), vector(op, k)], {"axis": -1}, outputs=2)
    made.outputs[0].type = ir.TensorType(wide or _D.FLOAT)
    return [cast(op, made.outputs[0], x.dtype), cast(op, made.outputs[1], node.outputs[1].dtype)]


@handler("DYNAMIC_UPDATE_SLICE", "STABLEHLO_DYNAMIC_UPDATE_SLICE")
def dynamic_update_slice(op: OpBuilder, node: ir.Node, x: ir.Value, update: ir.Value, *starts: ir.Value) -> ir.Value:
    """DYNAMIC_UPDATE_SLICE => ScatterND at the positions of the slice, its start clamped.

    Source: dynamic_update_slice.cc.
    """
    first = vector(op, starts[0]) if len(starts) == 1 else op.Concat(*(vector(op, s) for s in starts), axis=0)
    size = rank_of(x)
    if size == 0:
        return op.Identity(update)
    limit = op.Sub(op.Shape(x), op.Shape(update))
    first = op.Max(op.Min(first, limit), op.const(0))
    ends = op.Add(first, op.Shape(update))
    columns = []
    for axis in range(size):
        one = [op.Squeeze(op.Gather(v, op.const([axis]), axis=0), op.const([0])) for v in (first, ends)]
        line = op.Reshape(
            op.Range(one[0], one[1], op.const(1)), op.const([-1 if i == axis else 1 for i in range(size)])
        )
        columns.append(op.Unsqueeze(op.Expand(line, op.Shape(update)), op.const([size])))
    made = op.ScatterND(x, op.Concat(*columns, axis=size), update)
    made.type = x.type
    return made
