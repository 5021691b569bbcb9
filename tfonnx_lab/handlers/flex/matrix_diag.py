"""Diagonals of matrices: one, or a band of several.

TensorFlow keeps a band of diagonals k0 ... k1 as a matrix whose row m is diagonal k1 - m. Shorter ones are filled up
behind (align LEFT) or before (RIGHT). Source: array_ops.cc (MatrixDiagV3, MatrixDiagPartV3, MatrixSetDiagV3),
matrix_diag_op.cc.

Ops: FlexDiag, FlexDiagPart, FlexMatrixDiagPart, FlexMatrixDiagPartV2, FlexMatrixDiagPartV3, FlexMatrixDiagV2,
FlexMatrixDiagV3, FlexMatrixSetDiagV2, FlexMatrixSetDiagV3.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import onnx_ir as ir

from tfonnx_lab.errors import Unsupported
from tfonnx_lab.graph import OpBuilder, rank, static_shape
from tfonnx_lab.handlers.lowering.numeric import number
from tfonnx_lab.handlers.lowering.shape import dims, ints, rank_of, scalar, vector
from tfonnx_lab.handlers.select import where
from tfonnx_lab.readers.nodedef import NodeDef
from tfonnx_lab.rules import handler

_NONE = np.zeros(0, np.int64)


@dataclass(frozen=True)
class _Band:
    """Diagonals low ... high, scalars (0 is the main one); which of those above (upper) and below it stand at the
    right.

    single: whether it is one diagonal, which has no axis of its own.
    """

    low: ir.Value
    high: ir.Value
    single: bool
    upper_right: bool
    lower_right: bool

    @staticmethod
    def of(op: OpBuilder, node: ir.Node, k: ir.Value | None, single: bool | None = None) -> _Band:
        """The band that an op's `k` (None: 0) and its option `align` say.

        single: what the ranks tell where `k` does not.
        """
        default = "RIGHT_LEFT" if node.op_type.endswith("V3") else "LEFT_LEFT"
        upper, lower = (side == "RIGHT" for side in str(NodeDef(node).get("align", default)).split("_"))
        known, shape = (None, None) if k is None else (ints(k), static_shape(k))
        if k is None or known is not None:
            found = known or [0]
            return _Band(op.const(found[0]), op.const(found[-1]), found[0] == found[-1], upper, lower)
        if shape is not None:
            single = math.prod(shape) == 1
        if single is None:
            raise Unsupported("whether one diagonal or several are meant is not known: the shape of `k` is computed")
        both = vector(op, k)
        low, high = (op.Gather(both, op.const(at), axis=0) for at in (0, -1))
        return _Band(low, high, single, upper, lower)

    def shifts(self, op: OpBuilder, diagonals: ir.Value, rows: ir.Value, columns: ir.Value, most: ir.Value) -> ir.Value:
        """By how much each of these diagonals (their numbers) is moved to the right."""
        zero = op.const(0)
        length = op.Min(op.Add(rows, op.Min(diagonals, zero)), op.Sub(columns, op.Max(diagonals, zero)))
        missing = op.Sub(most, length)
        above, below = (op.const(int(v)) for v in (self.upper_right, self.lower_right))
        return op.Mul(missing, op.Where(op.GreaterOrEqual(diagonals, zero), above, below))


def _fewer(less: ir.Value, more: ir.Value, fewer: int) -> bool | None:
    """Whether `less` has so many dimensions fewer than `more`; None where that is not known."""
    a, b = rank(less), rank(more)
    return None if a is None or b is None else b - a == fewer


def _sides(op: OpBuilder, x: ir.Value) -> tuple[ir.Value, ir.Value]:
    """Rows and columns of matrices, as scalars."""
    size = rank_of(x)
    rows, columns = (op.Reshape(dims(op, x, [at]), op.const(_NONE)) for at in (size - 2, size - 1))
    return rows, columns


@handler("FlexMatrixDiagPart", "FlexMatrixDiagPartV2", "FlexMatrixDiagPartV3")
def matrix_diag_part(
    op: OpBuilder, node: ir.Node, x: ir.Value, k: ir.Value | None, padding: ir.Value | None
) -> ir.Value:
    """FlexMatrixDiagPartV3(x, k, padding) => Gather of the places of the diagonals, the padding where they are
    shorter."""
    band = _Band.of(op, node, k, _fewer(node.outputs[0], x, 1))
    rows, columns = _sides(op, x)
    zero = op.const(0)
    most = op.Min(op.Add(rows, op.Min(band.high, zero)), op.Sub(columns, op.Max(band.low, zero)))
    numbers = op.Range(band.high, op.Sub(band.low, op.const(1)), op.const(-1))
    diagonals = op.Unsqueeze(numbers, op.const([1]))
    along = op.Sub(op.Range(op.const(0), most, op.const(1)), band.shifts(op, diagonals, rows, columns, most))
    row = op.Add(along, op.Max(op.Neg(diagonals), zero))
    column = op.Add(along, op.Max(diagonals, zero))
    inside = op.And(op.GreaterOrEqual(along, zero), op.And(op.Less(row, rows), op.Less(column, columns)))
    places = op.Where(inside, op.Add(op.Mul(row, columns), column), zero)
    flat = op.Reshape(x, op.const([*[0] * (rank_of(x) - 2), -1]))
    found = where(op, inside, op.Gather(flat, places, axis=-1), op.const(number(0, x)) if padding is None else padding)
    return op.Squeeze(found, op.const([-2])) if band.single else found


@handler("FlexMatrixDiagV2", "FlexMatrixDiagV3")
def matrix_diag(
    op: OpBuilder, node: ir.Node, diagonal: ir.Value, k: ir.Value, rows: ir.Value, columns: ir.Value, padding: ir.Value
) -> ir.Value:
    """FlexMatrixDiagV3(d, k, rows, columns, padding) => Where(in the band, Gather(d), padding)."""
    band = _Band.of(op, node, k, _fewer(diagonal, node.outputs[0], 1))
    most = op.Reshape(dims(op, diagonal, [rank_of(diagonal) - 1]), op.const(_NONE))
    least = op.Sub(most, op.Min(band.high, op.const(0))), op.Add(most, op.Max(band.low, op.const(0)))
    height, width = _asked(op, rows, columns, least)
    return _placed(op, diagonal, band, height, width, padding)


def _asked(
    op: OpBuilder, rows: ir.Value, columns: ir.Value, least: tuple[ir.Value, ir.Value]
) -> tuple[ir.Value, ir.Value]:
    """How many rows and columns there are; -1 is as many as the diagonals need, and a square where both are."""
    given = [scalar(op, v) for v in (rows, columns)]
    free = [op.Less(v, op.const(0)) for v in given]
    square = op.And(*free)
    found = [
        op.Where(square, op.Max(*least), op.Where(is_free, need, value))
        for is_free, need, value in zip(free, least, given, strict=True)
    ]
    return found[0], found[1]


@handler("FlexMatrixSetDiagV2", "FlexMatrixSetDiagV3")
def matrix_set_diag(op: OpBuilder, node: ir.Node, x: ir.Value, diagonal: ir.Value, k: ir.Value) -> ir.Value:
    """FlexMatrixSetDiagV3(x, d, k) => Where(in the band, Gather(d), x)."""
    return _placed(op, diagonal, _Band.of(op, node, k, _fewer(diagonal, x, 1)), *_sides(op, x), x)


def _placed(
    op: OpBuilder, diagonal: ir.Value, band: _Band, rows: ir.Value, columns: ir.Value, others: ir.Value
) -> ir.Value:
    """Matrices with the band's diagonals, and `others` elsewhere."""
    size = rank_of(diagonal)
    most = op.Reshape(dims(op, diagonal, [size - 1]), op.const(_NONE))
    down, right = (op.Range(op.const(0), n, op.const(1)) for n in (rows, columns))
    down = op.Unsqueeze(down, op.const([1]))
    number_ = op.Sub(right, down)
    inside = op.And(op.GreaterOrEqual(number_, band.low), op.LessOrEqual(number_, band.high))
    along = op.Add(op.Min(right, down), band.shifts(op, number_, rows, columns, most))
    places = op.Add(op.Mul(op.Sub(band.high, number_), most), along)
    flat = diagonal if band.single else op.Reshape(diagonal, op.const([*[0] * (size - 2), -1]))
    spread = op.Gather(flat, op.Where(inside, places, op.const(0)), axis=-1)
    return where(op, inside, spread, others)


@handler("FlexDiag")
def diag(op: OpBuilder, node: ir.Node, x: ir.Value) -> ir.Value:
    """FlexDiag(x) => a tensor with x's axes twice: x where both halves of the place are the same, zeros elsewhere."""
    shape = op.Shape(x)
    line = op.Range(op.const(0), op.Size(x), op.const(1))
    eye = op.Equal(op.Unsqueeze(line, op.const([0])), op.Unsqueeze(line, op.const([1])))
    flat = op.Reshape(x, op.const([-1]))
    square = where(op, eye, op.Unsqueeze(flat, op.const([-1])), op.const(number(0, x)))
    return op.Reshape(square, op.Concat(shape, shape, axis=0))


@handler("FlexDiagPart")
def diag_part(op: OpBuilder, node: ir.Node, x: ir.Value) -> ir.Value:
    """FlexDiagPart(x) => Gather of the places (0, n + 1, 2 n + 2, ...) of x as a matrix of n rows."""
    half = rank_of(x) // 2
    shape = dims(op, x, list(range(half)))
    count = op.ReduceProd(shape, keepdims=0)
    places = op.Mul(op.Range(op.const(0), count, op.const(1)), op.Add(count, op.const(1)))
    return op.Reshape(op.Gather(op.Reshape(x, op.const([-1])), places, axis=0), shape)
