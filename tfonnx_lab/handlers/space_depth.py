"""SPACE_TO_DEPTH DEPTH_TO_SPACE SPACE_TO_BATCH_ND BATCH_TO_SPACE_ND."""

from __future__ import annotations

import numpy as np
import onnx_ir as ir

from tfonnx_lab.errors import Unsupported
from tfonnx_lab.graph import OpBuilder, attr, constant_array, quantization
from tfonnx_lab.handlers._layout import to_channels_first, to_channels_last
from tfonnx_lab.handlers._shape import dims, ints, rank_of, reshaped
from tfonnx_lab.handlers.movement import pad
from tfonnx_lab.rules import handler

_D = ir.DataType


@handler("SPACE_TO_DEPTH")
def space_to_depth(op: OpBuilder, node: ir.Node, x: ir.Value) -> ir.Value:
    """SPACE_TO_DEPTH => Transpose, SpaceToDepth, Transpose; of other dtypes by Reshape. Source: space_to_depth.h."""
    block = int(attr(node, "block_size", 1))
    if x.dtype == _D.FLOAT:
        y = op.SpaceToDepth(to_channels_first(op, x), blocksize=block)
        return to_channels_last(op, _typed(y, x, [1, block * block, -block, -block]))
    h, w, c = (_dim(op, x, i) for i in (1, 2, 3))
    parts = reshaped(op, x, [-1, _over(op, h, block), block, _over(op, w, block), block, c])
    parts = op.Transpose(parts, perm=[0, 1, 3, 2, 4, 5])
    return reshaped(op, parts, [-1, _over(op, h, block), _over(op, w, block), _times(op, c, block * block)])


@handler("DEPTH_TO_SPACE")
def depth_to_space(op: OpBuilder, node: ir.Node, x: ir.Value) -> ir.Value:
    """DEPTH_TO_SPACE => Transpose, DepthToSpace{DCR}, Transpose; of other dtypes by Reshape. Source: depth_to_space.h."""
    block = int(attr(node, "block_size", 1))
    if x.dtype == _D.FLOAT:
        y = op.DepthToSpace(to_channels_first(op, x), blocksize=block, mode="DCR")
        return to_channels_last(op, _typed(y, x, [1, -block * block, block, block]))
    h, w, c = (_dim(op, x, i) for i in (1, 2, 3))
    inner = _over(op, c, block * block)
    parts = reshaped(op, x, [-1, h, w, block, block, inner])
    parts = op.Transpose(parts, perm=[0, 1, 3, 2, 4, 5])
    return reshaped(op, parts, [-1, _times(op, h, block), _times(op, w, block), inner])


def _typed(y: ir.Value, x: ir.Value, factors: list[int]) -> ir.Value:
    """y has x's dtype, and its dimensions (channels first) times a factor, or divided by a negative one."""
    y.type = x.type
    if x.shape is not None:
        n, h, w, c = list(x.shape)
        y.shape = ir.Shape([_scaled(d, f) for d, f in zip((n, c, h, w), factors, strict=True)])
    return y


def _scaled(dim: object, factor: int) -> int | None:
    if not isinstance(dim, int):
        return None
    return dim * factor if factor > 0 else dim // -factor


Dim = int | ir.Value


def _dim(op: OpBuilder, x: ir.Value, axis: int) -> Dim:
    """A dimension: a number where it is known, else a list of one."""
    shape = None if x.shape is None else list(x.shape)
    known = None if shape is None else shape[axis]
    return known if isinstance(known, int) else dims(op, x, [axis])


def _over(op: OpBuilder, dim: Dim, by: int) -> Dim:
    return dim // by if isinstance(dim, int) else op.Div(dim, op.const([by]))


def _times(op: OpBuilder, dim: Dim, by: int) -> Dim:
    return dim * by if isinstance(dim, int) else op.Mul(dim, op.const([by]))


@handler("SPACE_TO_BATCH_ND")
def space_to_batch(op: OpBuilder, node: ir.Node, x: ir.Value, block: ir.Value, paddings: ir.Value) -> ir.Value:
    """SPACE_TO_BATCH_ND => Pad, Reshape, Transpose, Reshape. Source: space_to_batch_nd.h."""
    blocks, pads = ints(block), constant_array(paddings)
    if blocks is None or pads is None:
        raise Unsupported("its block shape or paddings are computed; ONNX needs them to be constant")
    size, spatial = rank_of(x), len(blocks)
    if pads.any():
        rows = np.zeros((size, 2), np.int64)
        rows[1 : 1 + spatial] = pads
        shape = None if x.shape is None else list(x.shape)
        x = _padded(op, node, x, rows)
        if shape is not None:
            x.shape = ir.Shape([d + int(r.sum()) if isinstance(d, int) else None for d, r in zip(shape, rows, strict=True)])
    outer = [_over(op, _dim(op, x, i + 1), b) for i, b in enumerate(blocks)]
    rest = [_dim(op, x, i) for i in range(1 + spatial, size)]
    split = [part for pair in zip(outer, blocks, strict=True) for part in pair]
    y = reshaped(op, x, [_dim(op, x, 0), *split, *rest])
    order = [2 * i + 2 for i in range(spatial)] + [0] + [2 * i + 1 for i in range(spatial)]
    y = op.Transpose(y, perm=order + list(range(1 + 2 * spatial, 1 + 2 * spatial + len(rest))))
    return reshaped(op, y, [-1, *outer, *rest])


def _padded(op: OpBuilder, node: ir.Node, x: ir.Value, rows: np.ndarray) -> ir.Value:
    """Zeros around x; codes get their zero point."""
    y = pad(op, node, x, op.const(rows), None)
    if quantization(x) is not None:
        y.meta["quantization"] = quantization(x)
    return y


@handler("BATCH_TO_SPACE_ND")
def batch_to_space(op: OpBuilder, node: ir.Node, x: ir.Value, block: ir.Value, crops: ir.Value) -> ir.Value:
    """BATCH_TO_SPACE_ND => Reshape, Transpose, Reshape, Slice. Source: batch_to_space_nd.h."""
    blocks, cut = ints(block), constant_array(crops)
    if blocks is None or cut is None:
        raise Unsupported("its block shape or crops are computed; ONNX needs them to be constant")
    size, spatial = rank_of(x), len(blocks)
    inner = [_dim(op, x, i + 1) for i in range(spatial)]
    rest = [_dim(op, x, i) for i in range(1 + spatial, size)]
    y = reshaped(op, x, [*blocks, -1, *inner, *rest])
    order = [spatial] + [p for i in range(spatial) for p in (spatial + 1 + i, i)]
    y = op.Transpose(y, perm=order + list(range(1 + 2 * spatial, 1 + 2 * spatial + len(rest))))
    y = reshaped(op, y, [-1, *(_times(op, d, b) for d, b in zip(inner, blocks, strict=True)), *rest])
    if not cut.any():
        return y
    ends = [int(-c) if c else 2**31 - 1 for c in cut[:, 1]]
    return op.Slice(y, op.const([int(c) for c in cut[:, 0]]), op.const(ends), op.const([i + 1 for i in range(spatial)]))
