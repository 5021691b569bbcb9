"""GATHER GATHER_ND SCATTER_ND WHERE UNIQUE EMBEDDING_LOOKUP ARG_MAX ARG_MIN TOPK_V2 DYNAMIC_UPDATE_SLICE SEGMENT_SUM."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import onnx_ir as ir

from tfonnx_lab.errors import Unsupported
from tfonnx_lab.graph import OpBuilder, attr, constant_array, is_quantized, quantization, rank
from tfonnx_lab.handlers._numeric import WIDER, cast, number
from tfonnx_lab.handlers._shape import int64, ints, rank_of, scalar, vector
from tfonnx_lab.handlers.quantize import dequantize_linear
from tfonnx_lab.rules import handler

_D = ir.DataType


@handler("GATHER")
def gather(op: OpBuilder, node: ir.Node, x: ir.Value, indices: ir.Value) -> ir.Value:
    """GATHER{axis, batch_dims} => Gather; with batch dimensions a Gather over the flattened batch. Source: gather.cc."""
    size, wide = rank_of(x), rank_of(indices)
    axis = int(attr(node, "axis", 0)) % max(size, 1)
    batch = int(attr(node, "batch_dims", 0))
    batch = batch + wide if batch < 0 else batch
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
    if op.opset < 16:
        return _scatter_by_matrix(op, node, indices, updates, shape)
    dtype = updates.dtype
    wide = WIDER.get(dtype, dtype) if dtype is not None else dtype
    zeros = op.ConstantOfShape(vector(op, shape), value=ir.tensor(np.zeros(1, wide.numpy())))  # type: ignore[union-attr]
    added = op.ScatterND(zeros, int64(op, indices), cast(op, updates, wide), reduction="add")
    return cast(op, added, dtype)


def _scatter_by_matrix(op: OpBuilder, node: ir.Node, indices: ir.Value, updates: ir.Value, shape: ir.Value) -> ir.Value:
    """Below opset 16: a matrix of ones where an update belongs to a row, times the updates."""
    target, depth = ints(shape), list(indices.shape or ())[-1]
    if target is None or not isinstance(depth, int) or updates.dtype is None:
        raise Unsupported("a computed shape needs opset 16")
    rows, inner = int(np.prod(target[:depth])), int(np.prod(target[depth:]))
    stride = np.array([int(np.prod(target[i + 1 : depth])) for i in range(depth)], np.int64)
    flat = op.ReduceSum(
        op.Mul(op.Reshape(int64(op, indices), op.const([-1, depth])), op.const(stride)), op.const([1]), keepdims=0
    )
    belongs = op.Equal(op.const(np.arange(rows)[:, None]), op.Unsqueeze(flat, op.const([0])))
    wide = _D.DOUBLE if updates.dtype.is_integer() or updates.dtype == _D.BOOL else updates.dtype
    summed = op.MatMul(op.Cast(belongs, to=wide), op.Reshape(cast(op, updates, wide), op.const([-1, inner])))
    return cast(op, op.Reshape(summed, op.const(np.array(target, np.int64))), updates.dtype)


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


@handler("EMBEDDING_LOOKUP")
def embedding_lookup(op: OpBuilder, node: ir.Node, ids: ir.Value, table: ir.Value) -> ir.Value:
    """EMBEDDING_LOOKUP => Gather; rows of codes become real values. Source: embedding_lookup.cc."""
    rows = op.Gather(table, int64(op, ids), axis=0)
    quant = quantization(table)
    if quant is None or not is_quantized(table) or node.outputs[0].dtype != _D.FLOAT:
        return rows
    if table.dtype in (_D.UINT8, _D.INT8):  # LiteRT reads both as int8, and no zero point
        rows = op.Cast(rows, to=_D.INT8) if table.dtype == _D.UINT8 else rows
        if quant.per_tensor:
            return op.Mul(op.Cast(rows, to=_D.FLOAT), op.const(quant.scale.reshape(())))
    elif quant.per_tensor:
        return dequantize_linear(op, rows, quant)
    size = rank_of(table)
    scale = op.Gather(op.const(quant.scale.reshape([-1] + [1] * (size - 1))), int64(op, ids), axis=0)
    return op.Mul(op.Cast(rows, to=_D.FLOAT), scale)


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
        raise Unsupported("its axis is computed; ONNX needs it to be constant")
    if x.dtype in WIDER and x.dtype not in (_D.INT8, _D.UINT8):
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
    """DYNAMIC_UPDATE_SLICE => ScatterND at the positions of the slice, its start clamped. Source: dynamic_update_slice.cc."""
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


@handler("SEGMENT_SUM")
def segment_sum(op: OpBuilder, node: ir.Node, x: ir.Value, ids: ir.Value) -> ir.Value:
    """SEGMENT_SUM => the matrix of (segment == id) times x. Source: segment_sum.cc."""
    known = constant_array(ids)
    if known is not None:
        count = op.const(int(known.max(initial=-1)) + 1)
    else:
        count = op.Add(op.ReduceMax(int64(op, ids), keepdims=0), op.const(1))
    return _segments(op, x, ids, count, "add", 0)


def _segments(op: OpBuilder, x: ir.Value, ids: ir.Value, count: ir.Value, reduction: str, start: float) -> ir.Value:
    """Rows of x combined by id: ScatterND with a reduction into rows of its neutral element."""
    where = int64(op, ids)
    lead, size = rank_of(ids), rank_of(x)
    needs = {"add": 16, "mul": 16, "max": 18, "min": 18}[reduction]
    flat = op.Reshape(where, op.const([-1]))
    rows = op.Reshape(x, op.Concat(op.const([-1]), op.Slice(op.Shape(x), op.const([lead]), op.const([size])), axis=0))
    if op.opset < needs:
        return _segments_by_mask(op, rows, flat, count, reduction, start, size - lead)
    inside = op.Where(
        op.Less(flat, op.const(0)), count, flat
    )  # negative ids belong to no segment: one extra row takes them
    tail = op.Slice(op.Shape(x), op.const([lead]), op.const([size]))
    shape = op.Concat(op.Reshape(op.Add(count, op.const(1)), op.const([1])), tail, axis=0)
    base = op.Expand(number(start, x), shape)
    made = op.ScatterND(base, op.Unsqueeze(inside, op.const([1])), rows, reduction=reduction)
    made.type = x.type
    return op.Slice(made, op.const([0]), op.const([-1]), op.const([0]))


def _segments_by_mask(
    op: OpBuilder, rows: ir.Value, ids: ir.Value, count: ir.Value, reduction: str, start: float, inner: int
) -> ir.Value:
    """Below the opset that reduces while scattering: every row against every segment, then a reduction over rows."""
    segments = op.Unsqueeze(
        op.Range(op.const(0), op.Squeeze(count) if rank(count) else count, op.const(1)), op.const([1])
    )
    mine = op.Equal(segments, op.Unsqueeze(ids, op.const([0])))
    mine = op.Unsqueeze(mine, op.const([i + 2 for i in range(inner)])) if inner else mine
    spread = op.Where(mine, op.Unsqueeze(rows, op.const([0])), number(start, rows))
    if reduction == "add":
        return op.ReduceSum(spread, op.const([1]), keepdims=0)
    kind = {"mul": "ReduceProd", "max": "ReduceMax", "min": "ReduceMin"}[reduction]
    return getattr(op, kind)(spread, axes=[1], keepdims=0)


def _unsorted(op: OpBuilder, x: ir.Value, ids: ir.Value, count: ir.Value, reduction: str, start: float) -> ir.Value:
    return _segments(op, x, ids, scalar(op, count), reduction, start)


@handler("UNSORTED_SEGMENT_SUM")
def unsorted_segment_sum(op: OpBuilder, node: ir.Node, x: ir.Value, ids: ir.Value, count: ir.Value) -> ir.Value:
    """UNSORTED_SEGMENT_SUM => ScatterND{add}. Source: unsorted_segment.cc."""
    return _unsorted(op, x, ids, count, "add", 0)


@handler("UNSORTED_SEGMENT_PROD")
def unsorted_segment_prod(op: OpBuilder, node: ir.Node, x: ir.Value, ids: ir.Value, count: ir.Value) -> ir.Value:
    """UNSORTED_SEGMENT_PROD => ScatterND{mul}. Source: unsorted_segment.cc."""
    return _unsorted(op, x, ids, count, "mul", 1)


@handler("UNSORTED_SEGMENT_MAX")
def unsorted_segment_max(op: OpBuilder, node: ir.Node, x: ir.Value, ids: ir.Value, count: ir.Value) -> ir.Value:
    """UNSORTED_SEGMENT_MAX => ScatterND{max} over the lowest number. Source: unsorted_segment.cc."""
    return _unsorted(op, x, ids, count, "max", _lowest(x))


@handler("UNSORTED_SEGMENT_MIN")
def unsorted_segment_min(op: OpBuilder, node: ir.Node, x: ir.Value, ids: ir.Value, count: ir.Value) -> ir.Value:
    """UNSORTED_SEGMENT_MIN => ScatterND{min} over the highest number. Source: unsorted_segment.cc."""
    return _unsorted(op, x, ids, count, "min", _highest(x))


def _lowest(x: ir.Value) -> float:
    kind = x.dtype.numpy() if x.dtype is not None else np.dtype("f4")
    return float(np.finfo(kind).min) if kind.kind == "f" else int(np.iinfo(kind).min)


def _highest(x: ir.Value) -> float:
    kind = x.dtype.numpy() if x.dtype is not None else np.dtype("f4")
    return float(np.finfo(kind).max) if kind.kind == "f" else int(np.iinfo(kind).max)
