"""HASHTABLE_LOOKUP, EMBEDDING_LOOKUP and EMBEDDING_LOOKUP_SPARSE: rows of a table, by key, by number, or summed by
bucket."""

from __future__ import annotations

import numpy as np
import onnx_ir as ir

from tfonnx_lab.graph import OpBuilder, Quantization, constant_array, is_quantized, quantization
from tfonnx_lab.handlers.lowering.numeric import WIDER, cast
from tfonnx_lab.handlers.lowering.shape import int64, rank_of, vector
from tfonnx_lab.rules import handler

_D = ir.DataType
_FEW_BITS = (_D.INT4, _D.INT2)


@handler("HASHTABLE_LOOKUP")
def hashtable_lookup(op: OpBuilder, node: ir.Node, wanted: ir.Value, keys: ir.Value, rows: ir.Value) -> list[ir.Value]:
    """HASHTABLE_LOOKUP(wanted, keys, rows) => the row of each key, zero or "" where there is none; and which were
    found.

    Source: hashtable_lookup.cc.
    """
    same = op.Equal(op.Unsqueeze(wanted, op.const([1])), op.Unsqueeze(keys, op.const([0])))
    ones = op.Cast(same, to=_D.INT32)
    found = op.Cast(op.ReduceSum(ones, op.const([1]), keepdims=0), to=_D.BOOL)
    row = op.ArgMax(ones, axis=1, keepdims=0)
    taken = op.Gather(rows, row, axis=0)
    mask = found
    for axis in range(1, rank_of(rows)):
        mask = op.Unsqueeze(mask, op.const([axis]))
    if rows.dtype == _D.STRING:
        return [op.Where(mask, taken, op.const("")), op.Cast(found, to=_D.UINT8)]
    wide = WIDER.get(rows.dtype, rows.dtype) if rows.dtype is not None else _D.FLOAT
    chosen = op.Where(mask, cast(op, taken, wide), np.zeros((), wide.numpy()))
    return [cast(op, chosen, rows.dtype), op.Cast(found, to=_D.UINT8)]


@handler("EMBEDDING_LOOKUP")
def embedding_lookup(op: OpBuilder, node: ir.Node, ids: ir.Value, table: ir.Value) -> ir.Value:
    """EMBEDDING_LOOKUP => Gather; rows of codes times their scales become real values. Source: embedding_lookup.cc."""
    quant, codes, final = quantization(table), constant_array(table), node.outputs[0].dtype
    bytes_ = op.const(codes.astype(np.int8)) if codes is not None and table.dtype in _FEW_BITS else table
    rows = op.Gather(bytes_, int64(op, ids), axis=0)
    if quant is None or not is_quantized(table) or final not in (_D.FLOAT, _D.FLOAT16):
        return rows
    signed = op.Cast(rows, to=_D.INT8) if table.dtype == _D.UINT8 else rows  # LiteRT reads both as int8
    return cast(op, _scaled(op, op.Cast(signed, to=_D.FLOAT), ids, table, quant), final)


def _scaled(op: OpBuilder, rows: ir.Value, ids: ir.Value, table: ir.Value, quant: Quantization) -> ir.Value:
    """The rows times their scales: one, one a row, or one for each block of a row. The zero points are zero."""
    if quant.per_tensor:
        return op.Mul(rows, op.const(quant.scale.reshape(())))
    behind = [1] * (rank_of(table) - 1)
    scale = op.const(quant.scale[..., None] if quant.block else quant.scale.reshape(-1, *behind))
    chosen = op.Gather(scale, int64(op, ids), axis=0)
    if not quant.block:
        return op.Mul(rows, chosen)
    blocks = op.Reshape(rows, op.const([-1, quant.scale.shape[-1], quant.block]))
    return op.Reshape(op.Mul(blocks, chosen), op.Shape(rows))


@handler("EMBEDDING_LOOKUP_SPARSE")
def embedding_lookup_sparse(
    op: OpBuilder, node: ir.Node, ids: ir.Value, indices: ir.Value, shape: ir.Value, weights: ir.Value, table: ir.Value,
    *, combiner: str = "SUM",
) -> ir.Value:  # fmt: skip
    """EMBEDDING_LOOKUP_SPARSE => rows times weights, summed for each bucket by a MatMul; then / weights (MEAN, SQRTN).

    A bucket is what `indices` say but for the last of them. Source: embedding_lookup_sparse.cc.
    """
    buckets = op.Slice(vector(op, shape), op.const([0]), op.const([-1]))
    count = op.Reshape(op.ReduceProd(buckets, keepdims=0), op.const(np.zeros(0, np.int64)))
    places = op.Slice(cast(op, indices, _D.INT64), op.const([0]), op.const([-1]), op.const([1]))
    later = op.CumSum(op.Log(op.Cast(buckets, to=_D.DOUBLE)), op.const(0), exclusive=1, reverse=1)
    strides = op.Cast(op.Round(op.Exp(later)), to=_D.INT64)  # products of the dimensions behind each one
    bucket = op.ReduceSum(op.Mul(places, strides), op.const([1]), keepdims=1)
    member = op.Cast(op.Equal(bucket, op.Range(op.const(0), count, op.const(1))), to=_D.FLOAT)
    rows = op.Reshape(op.Gather(table, cast(op, ids, _D.INT64), axis=0), _flat(op, ids))
    weighed = op.Mul(rows, op.Unsqueeze(weights, op.const([1])))
    across = op.Transpose(member, perm=[1, 0])
    total = op.MatMul(across, weighed)
    kind = combiner
    if kind != "SUM":
        power = weights if kind == "MEAN" else op.Mul(weights, weights)
        share = op.MatMul(across, op.Unsqueeze(power, op.const([1])))
        share = share if kind == "MEAN" else op.Sqrt(share)
        filled = op.ReduceSum(across, op.const([1]), keepdims=1)
        total = op.Div(total, op.Where(op.Greater(filled, np.float32(0)), share, np.float32(1)))
    behind = op.Slice(op.Shape(table), op.const([1]), op.const([2**31 - 1]))
    return op.Reshape(total, op.Concat(buckets, behind, axis=0))


def _flat(op: OpBuilder, ids: ir.Value) -> ir.Value:
    return op.Concat(op.Shape(ids), op.const([-1]), axis=0)
