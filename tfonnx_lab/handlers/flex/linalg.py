"""Linear algebra: elimination, as a Loop over the columns of a batch of matrices.

Source: TensorFlow's op definitions (linalg_ops.cc); LU with partial pivoting as in Eigen's PartialPivLU, which they
run.

Ops: FlexBatchCholesky, FlexBatchMatrixInverse, FlexBatchMatrixSolve, FlexCholesky, FlexLogMatrixDeterminant,
FlexMatrixInverse, FlexMatrixSolve, FlexMatrixTriangularSolve.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import onnx_ir as ir

from tfonnx_lab.graph import OpBuilder
from tfonnx_lab.handlers.lowering.loop import repeated
from tfonnx_lab.handlers.lowering.numeric import cast, number, real_only
from tfonnx_lab.handlers.lowering.permute import matrices_transposed
from tfonnx_lab.handlers.lowering.ragged import line as line_of
from tfonnx_lab.handlers.lowering.reduction import reduce
from tfonnx_lab.handlers.lowering.shape import dims, rank_of
from tfonnx_lab.readers.nodedef import NodeDef
from tfonnx_lab.rules import handler

_D = ir.DataType
_NONE = np.zeros(0, np.int64)


def _side(op: OpBuilder, x: ir.Value, back: int = 1) -> ir.Value:
    """The size of the last axis (back=1), or of the one before, as a scalar."""
    return op.Reshape(dims(op, x, [rank_of(x) - back]), op.const(_NONE))


def _eye(op: OpBuilder, x: ir.Value) -> ir.Value:
    """Unit matrices as large, and as many, as the square ones of x."""
    line = line_of(op, _side(op, x))
    one = op.Equal(op.Unsqueeze(line, op.const([0])), op.Unsqueeze(line, op.const([1])))
    return op.Expand(cast(op, one, x.dtype), op.Shape(x))


def _eliminated(op: OpBuilder, joined: ir.Value, count: ir.Value) -> tuple[ir.Value, ir.Value]:
    """Gauss-Jordan elimination of the first `count` columns of [A | B], the largest pivot first.

    Returns [unit matrix | A^-1 B], and the pivots in their order with the sign of the exchanges: [count, ...].
    """
    rows = op.Unsqueeze(line_of(op, _side(op, joined, 2)), op.const([1]))  # [n, 1]

    def step(inner: OpBuilder, k: ir.Value, a: ir.Value) -> Sequence[ir.Value]:
        column = inner.Gather(a, inner.Unsqueeze(k, inner.const([0])), axis=-1)  # [..., n, 1]
        left = inner.Where(inner.Less(rows, k), number(-1, a), inner.Abs(column))
        best = inner.ArgMax(left, axis=-2, keepdims=1)  # [..., 1, 1]
        is_best, is_k = inner.Equal(rows, best), inner.Equal(rows, k)
        zero = number(0, a)
        chosen = inner.ReduceSum(inner.Where(is_best, a, zero), inner.const([-2]), keepdims=1)
        mine = inner.Gather(a, inner.Unsqueeze(k, inner.const([0])), axis=-2)
        pivot = inner.Gather(chosen, inner.Unsqueeze(k, inner.const([0])), axis=-1)  # [..., 1, 1]
        line = inner.Div(chosen, pivot)
        a = inner.Where(is_best, mine, a)
        factors = inner.Gather(a, inner.Unsqueeze(k, inner.const([0])), axis=-1)
        a = inner.Where(is_k, line, inner.Sub(a, inner.Mul(factors, line)))
        sign = inner.Where(inner.Equal(best, k), number(1, a), number(-1, a))
        return [a, inner.Mul(pivot, sign)]

    solved, pivots = repeated(op, count, [joined], step, name="eliminate")
    return solved, pivots


def _solved(op: OpBuilder, a: ir.Value, b: ir.Value) -> ir.Value:
    """A^-1 B."""
    lead = rank_of(b) - rank_of(a)
    if lead > 0:
        a = op.Unsqueeze(a, op.const(list(range(lead))))
    if rank_of(b) > 2 or rank_of(a) > 2:
        a, b = _together(op, a, b)
    count = _side(op, a)
    joined = op.Concat(a, b, axis=-1)
    solved, _ = _eliminated(op, joined, count)
    start = op.Unsqueeze(count, op.const([0]))
    return op.Slice(solved, start, op.const([2**31 - 1]), op.const([-1]))


def _together(op: OpBuilder, a: ir.Value, b: ir.Value) -> tuple[ir.Value, ir.Value]:
    """Both with the same leading dimensions, where they are known to be others."""
    heads = [list(v.shape)[:-2] if v.shape is not None else None for v in (a, b)]
    if heads[0] is not None and heads[0] == heads[1] and all(isinstance(d, int) for d in heads[0]):
        return a, b
    ones = [op.Concat(op.Slice(op.Shape(v), op.const([0]), op.const([-2])), op.const([1, 1]), axis=0) for v in (b, a)]
    return op.Expand(a, ones[0]), op.Expand(b, ones[1])


def _floats(op: OpBuilder, *xs: ir.Value) -> list[ir.Value]:
    """The matrices in float32, or float64 where they are that; complex ones are refused."""
    real_only(*xs)
    return [x if x.dtype == _D.DOUBLE else cast(op, x, _D.FLOAT) for x in xs]


@handler("FlexMatrixInverse", "FlexBatchMatrixInverse")
def matrix_inverse(op: OpBuilder, node: ir.Node, x: ir.Value) -> ir.Value:
    """FlexMatrixInverse(x) => a Loop that eliminates the columns of [x | 1]."""
    (a,) = _floats(op, x)
    a = matrices_transposed(op, a) if NodeDef(node).get("adjoint", False) else a
    return cast(op, _solved(op, a, _eye(op, a)), x.dtype)


@handler("FlexMatrixSolve", "FlexBatchMatrixSolve")
def matrix_solve(op: OpBuilder, node: ir.Node, x: ir.Value, b: ir.Value) -> ir.Value:
    """FlexMatrixSolve(x, b) => a Loop that eliminates the columns of [x | b]."""
    a, right = _floats(op, x, b)
    a = matrices_transposed(op, a) if NodeDef(node).get("adjoint", False) else a
    return cast(op, _solved(op, a, right), x.dtype)


@handler("FlexMatrixTriangularSolve")
def matrix_triangular_solve(op: OpBuilder, node: ir.Node, x: ir.Value, b: ir.Value) -> ir.Value:
    """FlexMatrixTriangularSolve{lower, adjoint}(x, b) => as FlexMatrixSolve, of x's triangle alone."""
    a, right = _floats(op, x, b)
    definition = NodeDef(node)
    rows = op.Unsqueeze(line_of(op, _side(op, a)), op.const([1]))
    columns = line_of(op, _side(op, a))
    kept = op.GreaterOrEqual(rows, columns) if definition.get("lower", True) else op.LessOrEqual(rows, columns)
    a = op.Where(kept, a, number(0, a))
    a = matrices_transposed(op, a) if definition.get("adjoint", False) else a
    return cast(op, _solved(op, a, right), x.dtype)


@handler("FlexLogMatrixDeterminant")
def log_matrix_determinant(op: OpBuilder, node: ir.Node, x: ir.Value) -> list[ir.Value]:
    """FlexLogMatrixDeterminant(x) => the product of the pivots' signs, and the sum of their logarithms."""
    (a,) = _floats(op, x)
    _, pivots = _eliminated(op, a, _side(op, a))  # [n, ..., 1, 1]
    pivots = op.Squeeze(pivots, op.const([-2, -1]))
    sign = reduce(op, "ReduceProd", op.Sign(pivots), [0], keepdims=False)
    size = op.ReduceSum(op.Log(op.Abs(pivots)), op.const([0]), keepdims=0)
    return [cast(op, v, x.dtype) for v in (sign, size)]


@handler("FlexCholesky", "FlexBatchCholesky")
def cholesky(op: OpBuilder, node: ir.Node, x: ir.Value) -> ir.Value:
    """FlexCholesky(x) => a Loop over the columns: the root of the pivot, the column by it, and what is left."""
    (a,) = _floats(op, x)
    rows = op.Unsqueeze(line_of(op, _side(op, a)), op.const([1]))
    columns = line_of(op, _side(op, a))
    lower = op.Where(op.GreaterOrEqual(rows, columns), a, number(0, a))
    symmetric = op.Where(op.GreaterOrEqual(rows, columns), lower, matrices_transposed(op, lower))

    def step(inner: OpBuilder, k: ir.Value, rest: ir.Value, found: ir.Value) -> Sequence[ir.Value]:
        at = inner.Unsqueeze(k, inner.const([0]))
        column = inner.Gather(rest, at, axis=-1)
        pivot = inner.Gather(column, at, axis=-2)
        column = inner.Div(column, inner.Sqrt(pivot))
        column = inner.Where(inner.Less(rows, k), number(0, a), column)
        rest = inner.Sub(rest, inner.MatMul(column, matrices_transposed(inner, column)))
        return [rest, inner.Where(inner.Equal(columns, k), column, found)]

    zero = op.Mul(a, number(0, a))
    return cast(op, repeated(op, _side(op, a), [symmetric, zero], step, name="cholesky")[1], x.dtype)
