"""RFFT2D."""

from __future__ import annotations

import numpy as np
import onnx_ir as ir

from tfonnx_lab.errors import Unsupported
from tfonnx_lab.graph import OpBuilder
from tfonnx_lab.graph.budget import room
from tfonnx_lab.handlers.lowering.fourier import real_transform
from tfonnx_lab.handlers.lowering.shape import ints, rank_of
from tfonnx_lab.rules import handler


@handler("RFFT2D")
def rfft2d(op: OpBuilder, node: ir.Node, x: ir.Value, length: ir.Value) -> ir.Value:
    """RFFT2D => products with the matrices of the Fourier transform, over the last axis and the one before.

    Source: rfft2d.cc.
    """
    size = ints(length)
    if size is None:
        raise Unsupported("its length is computed; ONNX needs it to be constant")
    rank = rank_of(x)
    x = _fitted(op, x, size)
    height, width = size
    lines = real_transform(op, x, rank, width)
    if height == 1:
        return lines
    room((height, height), 32, "the matrix of the transform's rows")
    rows = 2 * np.pi * np.outer(np.arange(height), np.arange(height)) / height
    lines = op.Reshape(lines, op.const([*[0] * (rank - 1), -1]))
    return op.Reshape(_combined(op, lines, rows, width // 2 + 1), op.const([*[0] * (rank - 1), width // 2 + 1, 2]))


def _combined(op: OpBuilder, lines: ir.Value, angles: np.ndarray, columns: int) -> ir.Value:
    """The lines (real and imaginary parts in turn) times exp(-i angles): a product for each part of the factors."""
    cos, sin = (op.const(f(angles).astype(np.float32)) for f in (np.cos, np.sin))
    turned = np.arange(2 * columns).reshape(-1, 2)[:, ::-1].ravel()  # of a + bi, times -i: b - ai
    signs = np.tile(np.array([1, -1], np.float32), columns)
    times_minus_i = op.Mul(op.Gather(op.MatMul(sin, lines), op.const(turned), axis=-1), op.const(signs))
    return op.Add(op.MatMul(cos, lines), times_minus_i)


def _fitted(op: OpBuilder, x: ir.Value, size: list[int]) -> ir.Value:
    """The last two dimensions cut, or filled up with zeros, to these sizes."""
    rank = rank_of(x)
    have = list(x.shape or ())[-2:]
    if have == size:
        return x
    ends = op.const(size)
    x = op.Slice(x, op.const([0, 0]), ends, op.const([rank - 2, rank - 1]))
    shape = op.Slice(op.Shape(x), op.const([rank - 2]), op.const([rank]))
    missing = op.Sub(ends, shape)
    zeros = op.const(np.zeros(rank, np.int64))
    pads = op.Concat(zeros, op.const(np.zeros(rank - 2, np.int64)), missing, axis=0)
    return op.Pad(x, pads, np.float32(0))
