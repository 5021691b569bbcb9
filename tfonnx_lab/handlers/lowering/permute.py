"""Permutations that are computed: a transposition by strides, and an axis moved to the end and back."""

from __future__ import annotations

import numpy as np
import onnx_ir as ir

from tfonnx_lab.graph import OpBuilder
from tfonnx_lab.handlers.lowering.shape import rank_of, scalar


def transposed_by(op: OpBuilder, x: ir.Value, order: ir.Value) -> ir.Value:
    """x in the order of a computed permutation: every element is taken from where the strides say."""
    size = rank_of(x)
    shape = op.Shape(x)
    behind = op.const(np.triu(np.ones((size, size), bool), 1))
    lengths = op.Where(behind, op.Unsqueeze(shape, op.const([0])), op.const(1))
    strides = (
        op.ReduceProd(lengths, op.const([1]), keepdims=0)
        if op.opset >= 18
        else op.ReduceProd(lengths, axes=[1], keepdims=0)
    )
    target, steps = op.Gather(shape, order, axis=0), op.Gather(strides, order, axis=0)
    place = op.const(0)
    for axis in range(size):
        count, step = (op.Gather(v, op.const(axis), axis=0) for v in (target, steps))
        line = op.Mul(op.Range(op.const(0), count, op.const(1)), step)
        place = op.Add(place, op.Reshape(line, op.const([-1] + [1] * (size - 1 - axis))))
    made = op.Gather(op.Reshape(x, op.const([-1])), place, axis=0)
    made.type, made.shape = x.type, ir.Shape([None] * size)
    return made


def moved_last(op: OpBuilder, x: ir.Value, axis: ir.Value) -> ir.Value:
    """x with the computed axis behind all others."""
    size = rank_of(x)
    at, line = op.Mod(scalar(op, axis), op.const(size)), op.const(np.arange(size))
    ahead = op.Add(line, op.Cast(op.GreaterOrEqual(line, at), to=ir.DataType.INT64))
    return transposed_by(op, x, op.Where(op.Equal(line, op.const(size - 1)), at, ahead))


def moved_back(op: OpBuilder, x: ir.Value, axis: ir.Value) -> ir.Value:
    """x with its last axis where the computed axis was."""
    size = rank_of(x)
    at, line = op.Mod(scalar(op, axis), op.const(size)), op.const(np.arange(size))
    before = op.Sub(line, op.Cast(op.Greater(line, at), to=ir.DataType.INT64))
    return transposed_by(op, x, op.Where(op.Equal(line, at), op.const(size - 1), before))


def matrices_transposed(op: OpBuilder, x: ir.Value) -> ir.Value:
    """x [..., rows, columns] => [..., columns, rows]. Raises Unsupported where the rank is not known."""
    size = rank_of(x)
    return op.Transpose(x, perm=[*range(size - 2), size - 1, size - 2])
