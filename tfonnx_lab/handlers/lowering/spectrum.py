"""Fourier transforms as products with matrices, of real and imaginary parts that are tensors of their own."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

import numpy as np
import onnx_ir as ir

from tfonnx_lab.graph import OpBuilder, constant_array
from tfonnx_lab.graph.budget import room
from tfonnx_lab.handlers.lowering.numeric import cast
from tfonnx_lab.handlers.lowering.shape import rank_of

_D = ir.DataType


@dataclass(frozen=True)
class Complex:
    """A complex tensor in two; `imaginary` is None where the numbers are real."""

    real: ir.Value
    imaginary: ir.Value | None = None

    @staticmethod
    def of(op: OpBuilder, pairs: ir.Value) -> Complex:
        """The parts of pairs in the last axis."""
        return Complex(*(op.Gather(pairs, op.const(k), axis=-1) for k in (0, 1)))

    def pairs(self, op: OpBuilder) -> ir.Value:
        """The parts side by side in a last axis, as complex tensors are kept."""
        imaginary = op.Mul(self.real, op.const(0.0)) if self.imaginary is None else self.imaginary
        return op.Concat(*(op.Unsqueeze(v, op.const([-1])) for v in (self.real, imaginary)), axis=-1)

    def each(self, change: object) -> Complex:
        """Both parts changed alike."""
        assert callable(change)
        return Complex(change(self.real), None if self.imaginary is None else change(self.imaginary))


def angles(op: OpBuilder, rows: ir.Value, columns: ir.Value, length: ir.Value) -> tuple[ir.Value, ir.Value]:
    """Cosines and sines of 2 pi row column / length: [rows, columns], in float32.

    Constants where the sizes are; else products modulo the length are taken of integers, so that no digits are lost.
    """
    known = [constant_array(v) for v in (rows, columns, length)]
    if all(v is not None for v in known):
        r, c, n = (int(np.ravel(v)[0]) for v in known if v is not None)
        room((max(r, 1), max(c, 1)), 32, "the matrix of the transform")
        turn = 2 * np.pi * (np.outer(np.arange(r), np.arange(c)) % max(n, 1)) / max(n, 1)
        cosines, sines = (op.const(f(turn).astype(np.float32)) for f in (np.cos, np.sin))
        return cosines, sines
    down, right = (op.Range(op.const(0), v, op.const(1)) for v in (rows, columns))
    step = op.Mod(op.Mul(op.Unsqueeze(down, op.const([1])), op.Unsqueeze(right, op.const([0]))), length)
    turn_ = op.Div(op.Mul(op.Cast(step, to=_D.FLOAT), op.const(np.float32(2 * np.pi))), op.Cast(length, to=_D.FLOAT))
    return op.Cos(turn_), op.Sin(turn_)


def along(op: OpBuilder, x: Complex, axis: int, length: ir.Value, *, inverse: bool = False) -> Complex:
    """The transform of one axis (counted from the end: -1, -2 ...), which has this length (an int64 scalar)."""
    cosines, sines = angles(op, length, length, length)
    y = x.each(partial(_to_end, op, axis))
    if inverse:
        count = op.Cast(length, to=_D.FLOAT)
        cosines, sines = op.Div(cosines, count), op.Neg(op.Div(sines, count))
    real, imaginary = op.MatMul(y.real, cosines), op.Neg(op.MatMul(y.real, sines))
    if y.imaginary is not None:
        real = op.Add(real, op.MatMul(y.imaginary, sines))
        imaginary = op.Add(imaginary, op.MatMul(y.imaginary, cosines))
    return Complex(real, imaginary).each(partial(_to_end, op, axis))


def real_along(op: OpBuilder, x: ir.Value, length: ir.Value) -> Complex:
    """The transform of real numbers along the last axis, whose second half mirrors the first: length // 2 + 1 of it."""
    half = op.Add(op.Div(length, op.const(2)), op.const(1))
    cosines, sines = angles(op, length, half, length)
    return Complex(op.MatMul(x, cosines), op.Neg(op.MatMul(x, sines)))


def to_real_along(op: OpBuilder, x: Complex, length: ir.Value) -> ir.Value:
    """Real numbers from the half of their transform along the last axis."""
    assert x.imaginary is not None
    half = op.Add(op.Div(length, op.const(2)), op.const(1))
    cosines, sines = angles(op, half, length, length)
    line = op.Range(op.const(0), half, op.const(1))
    single = op.Or(op.Equal(line, op.const(0)), op.Equal(op.Mul(line, op.const(2)), length))
    counted = op.Cast(op.Where(single, op.const(1), op.const(2)), to=_D.FLOAT)
    share = op.Div(counted, op.Cast(length, to=_D.FLOAT))
    real, imaginary = (op.Mul(v, share) for v in (x.real, x.imaginary))
    return op.Sub(op.MatMul(real, cosines), op.MatMul(imaginary, sines))


def fitted(op: OpBuilder, x: ir.Value, sizes: list[ir.Value]) -> ir.Value:
    """The last axes cut, or filled up with zeros, to these sizes (int64 scalars)."""
    rank, count = rank_of(x), len(sizes)
    have = list(x.shape or [])[rank - count :]
    known = [constant_array(v) for v in sizes]
    if all(k is not None and h == int(np.ravel(k)[0]) for k, h in zip(known, have, strict=True)):
        return x
    axes, ends = (
        op.const(list(range(rank - count, rank))),
        op.Concat(*(op.Unsqueeze(v, op.const([0])) for v in sizes), axis=0),
    )
    cut = op.Slice(x, op.const([0] * count), ends, axes)
    missing = op.Sub(ends, op.Slice(op.Shape(cut), op.const([rank - count]), op.const([rank])))
    pads = op.Concat(op.const(np.zeros(2 * rank - count, np.int64)), missing, axis=0)
    return op.Pad(cut, pads, cast(op, op.const(np.float32(0)), x.dtype))


def _to_end(op: OpBuilder, axis: int, x: ir.Value) -> ir.Value:
    """The axis and the last one exchanged."""
    if axis == -1:
        return x
    order = list(range(rank_of(x)))
    order[axis], order[-1] = order[-1], order[axis]
    return op.Transpose(x, perm=order)
