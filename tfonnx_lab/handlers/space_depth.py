"""SPACE_TO_DEPTH DEPTH_TO_SPACE SPACE_TO_BATCH_ND BATCH_TO_SPACE_ND."""

from __future__ import annotations

import numpy as np
import onnx_ir as ir

from tfonnx_lab.graph import OpBuilder, constant_array, quantization
from tfonnx_lab.graph.meta import QUANTIZATION
from tfonnx_lab.handlers.lowering.layout import to_channels_first, to_channels_last
from tfonnx_lab.handlers.lowering.shape import dims, ints, rank_of, reshaped
from tfonnx_lab.handlers.movement import pad
from tfonnx_lab.handlers.quantize import dequantize_linear, quantize_linear
from tfonnx_lab.rules import handler

_D = ir.DataType


@handler("SPACE_TO_DEPTH")
def space_to_depth(op: OpBuilder, node: ir.Node, x: ir.Value, *, block_size: int) -> ir.Value:
    """SPACE_TO_DEPTH => Transpose, SpaceToDepth, Transpose; of other dtypes by Reshape. Source: space_to_depth.h."""
    block = block_size
    if x.dtype == _D.FLOAT:
        y = op.SpaceToDepth(to_channels_first(op, x), blocksize=block)
        return to_channels_last(op, _typed(y, x, [1, block * block, -block, -block]))
    h, w, c = (_dim(op, x, i) for i in (1, 2, 3))
    parts = reshaped(op, x, [-1, _over(op, h, block), block, _over(op, w, block), block, c])
    parts = op.Transpose(parts, perm=[0, 1, 3, 2, 4, 5])
    return reshaped(op, parts, [-1, _over(op, h, block), _over(op, w, block), _times(op, c, block * block)])


@handler("DEPTH_TO_SPACE")
def depth_to_space(op: OpBuilder, node: ir.Node, x: ir.Value, *, block_size: int) -> ir.Value:
    """DEPTH_TO_SPACE => Transpose, DepthToSpace{DCR}, Transpose; of other dtypes by Reshape, but of codes for NNAPI,
    which has four dimensions, between DequantizeLinear and QuantizeLinear.

    Source: depth_to_space.h.
    """
    block, quant = block_size, quantization(x)
    if x.dtype == _D.FLOAT:
        return _depth_to_space_of_float(op, x, block)
    if op.options.target == "nnapi" and quant is not None and quant.per_tensor and x.dtype in (_D.INT8, _D.UINT8):
        real = _depth_to_space_of_float(op, dequantize_linear(op, x, quant), block)
        return quantize_linear(op, real, quant, x.dtype)
    h, w, c = (_dim(op, x, i) for i in (1, 2, 3))
    inner = _over(op, c, block * block)
    parts = reshaped(op, x, [-1, h, w, block, block, inner])
    parts = op.Transpose(parts, perm=[0, 1, 3, 2, 4, 5])
    return reshaped(op, parts, [-1, _times(op, h, block), _times(op, w, block), inner])


def _depth_to_space_of_float(op: OpBuilder, x: ir.Value, block: int) -> ir.Value:
    y = op.DepthToSpace(to_channels_first(op, x), blocksize=block, mode="DCR")
    return to_channels_last(op, _typed(y, x, [1, -block * block, block, block]))


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
    blocks, spatial = _parts(op, block, _count(block, x))
    size = rank_of(x)
    pads = constant_array(paddings)
    shape = None if x.shape is None else list(x.shape)
    if pads is None or pads.any():
        rows = _rows(op, paddings, pads, spatial, size)
        x = _padded(op, node, x, rows)
        if shape is not None:
            added = [0, *(pads.sum(axis=1) if pads is not None else [None] * spatial), *([0] * (size - 1 - spatial))]
            x.shape = ir.Shape(
                [
                    d + int(a) if isinstance(d, int) and a is not None else None
                    for d, a in zip(shape, added, strict=True)
                ]
            )
    outer = [_divided(op, _dim(op, x, i + 1), b) for i, b in enumerate(blocks)]
    rest = [_dim(op, x, i) for i in range(1 + spatial, size)]
    split = [part for pair in zip(outer, blocks, strict=True) for part in pair]
    y = reshaped(op, x, [_dim(op, x, 0), *split, *rest])
    order = [2 * i + 2 for i in range(spatial)] + [0] + [2 * i + 1 for i in range(spatial)]
    y = op.Transpose(y, perm=order + list(range(1 + 2 * spatial, 1 + 2 * spatial + len(rest))))
    return reshaped(op, y, [-1, *outer, *rest])


@handler("BATCH_TO_SPACE_ND")
def batch_to_space(op: OpBuilder, node: ir.Node, x: ir.Value, block: ir.Value, crops: ir.Value) -> ir.Value:
    """BATCH_TO_SPACE_ND => Reshape, Transpose, Reshape, Slice. Source: batch_to_space_nd.h."""
    blocks, spatial = _parts(op, block, _count(block, x))
    size = rank_of(x)
    inner = [_dim(op, x, i + 1) for i in range(spatial)]
    rest = [_dim(op, x, i) for i in range(1 + spatial, size)]
    y = reshaped(op, x, [*blocks, -1, *inner, *rest])
    order = [spatial] + [p for i in range(spatial) for p in (spatial + 1 + i, i)]
    y = op.Transpose(y, perm=order + list(range(1 + 2 * spatial, 1 + 2 * spatial + len(rest))))
    whole = [_multiplied(op, d, b) for d, b in zip(inner, blocks, strict=True)]
    y = reshaped(op, y, [-1, *whole, *rest])
    cut = constant_array(crops)
    if cut is not None and not cut.any():
        return y
    axes = op.const([i + 1 for i in range(spatial)])
    if cut is not None:
        ends = [int(-c) if c else 2**31 - 1 for c in cut[:, 1]]
        return op.Slice(y, op.const([int(c) for c in cut[:, 0]]), op.const(ends), axes)
    both = op.Cast(crops, to=_D.INT64)
    starts, last = (op.Gather(both, op.const(k), axis=1) for k in (0, 1))
    sizes = op.Slice(op.Shape(y), op.const([1]), op.const([1 + spatial]))
    return op.Slice(y, starts, op.Sub(sizes, last), axes)


def _count(block: ir.Value, x: ir.Value) -> int:
    """How many axes are taken apart: all but the batch and the channels, where the number of blocks is not known."""
    size = None if block.shape is None else list(block.shape)[0]
    return size if isinstance(size, int) else rank_of(x) - 2


def _parts(op: OpBuilder, values: ir.Value, count: int) -> tuple[list[Dim], int]:
    """The entries of a list: numbers where it is constant, else lists of one."""
    known = ints(values)
    if known is not None:
        return list(known), count
    whole = op.Cast(values, to=_D.INT64)
    return [op.Slice(whole, op.const([i]), op.const([i + 1]), op.const([0])) for i in range(count)], count


def _divided(op: OpBuilder, dim: Dim, by: Dim) -> Dim:
    if isinstance(dim, int) and isinstance(by, int):
        return dim // by
    return op.Div(*(op.const([v]) if isinstance(v, int) else v for v in (dim, by)))


def _multiplied(op: OpBuilder, dim: Dim, by: Dim) -> Dim:
    if isinstance(dim, int) and isinstance(by, int):
        return dim * by
    return op.Mul(*(op.const([v]) if isinstance(v, int) else v for v in (dim, by)))


def _rows(op: OpBuilder, paddings: ir.Value, known: np.ndarray | None, spatial: int, size: int) -> ir.Value:
    """Paddings of all dimensions: zeros before and after those of the spatial ones."""
    after = np.zeros((size - 1 - spatial, 2), np.int64)
    if known is not None:
        return op.const(np.concatenate([np.zeros((1, 2), np.int64), known.astype(np.int64), after]))
    return op.Concat(op.const(np.zeros((1, 2), np.int64)), op.Cast(paddings, to=_D.INT64), op.const(after), axis=0)


def _padded(op: OpBuilder, node: ir.Node, x: ir.Value, rows: ir.Value) -> ir.Value:
    """Zeros around x; codes get their zero point."""
    y = pad(op, node, x, rows, None)
    if quantization(x) is not None:
        op.editor.describe(y, QUANTIZATION, quantization(x))
    return y
