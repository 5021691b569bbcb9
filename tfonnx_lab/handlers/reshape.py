"""Ops that only change the shape, and those that make or read one.

Ops: BROADCAST_ARGS, BROADCAST_TO, EXPAND_DIMS, FILL, ONE_HOT, RANGE, RANK, RESHAPE, SHAPE, SQUEEZE,
STABLEHLO_RESHAPE, ZEROS_LIKE.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import onnx_ir as ir

from tfonnx_lab.errors import Unsupported
from tfonnx_lab.graph import OpBuilder, constant_array, rank, static_shape
from tfonnx_lab.handlers.lowering.numeric import WIDER, cast, is_complex, is_float, number
from tfonnx_lab.handlers.lowering.shape import int64, ints, rank_of, scalar, shape_of, vector
from tfonnx_lab.rules import handler

_I64 = ir.DataType.INT64


@handler("RESHAPE")
def reshape(
    op: OpBuilder, node: ir.Node, x: ir.Value, shape: ir.Value | None, *, new_shape: Sequence[int] = ()
) -> ir.Value:
    """RESHAPE(x, shape) => Reshape with an int64 shape; the option `new_shape` where the input is missing.

    Source: reshape.cc.
    """
    target = ints(shape) if shape is not None else list(new_shape)
    out = node.outputs[0]
    if shape is not None and target is not None and target.count(-1) > 1:
        raise Unsupported(f"its shape {target} leaves {target.count(-1)} sizes open; one may be")
    if shape is None and not target and static_shape(out):
        target = static_shape(out)
    pair = [2] if is_complex(x) else []
    if target is None:
        assert shape is not None
        whole = vector(op, shape)
        if 0 in (static_shape(x) or ()) and x.dtype != ir.DataType.STRING:
            return _nothing(op, x, _stretched_at_run_time(op, whole, _factors(op, x)))
        if op.opset < 14:
            op.note(
                'where the computed shape has a 0, opset 13 reads "as before"; opset 14 and later make nothing of it'
            )
        return _reshape(op, x, op.Concat(whole, op.const(pair), axis=0) if pair else whole, allowzero=True)
    if shape is None and not target and node.op_type == "STABLEHLO_RESHAPE" and static_shape(out) != []:
        target = _from_output(out)
    if 0 in target and -1 in target:
        given = static_shape(x)
        if given is None:
            return _nothing(op, x, _stretched_at_run_time(op, op.const([*target, *pair]), _factors(op, x)))
        target = _stretched(target, given)
    target = target if shape is None and target == static_shape(out) else [*target, *pair]
    if 0 in target and -1 not in target and x.dtype is not None and x.dtype != ir.DataType.STRING:
        return op.const(np.zeros(target, x.dtype.numpy()))  # nothing is left to move
    return _reshape(op, x, op.const(np.array(target, np.int64)), allowzero=0 in target and -1 not in target)


@handler("STABLEHLO_RESHAPE")
def stablehlo_reshape(op: OpBuilder, node: ir.Node, x: ir.Value) -> ir.Value:
    """STABLEHLO_RESHAPE => Reshape to the shape of the output. Source: the StableHLO specification."""
    return reshape(op, node, x, None)


def _from_output(out: ir.Value) -> list[int]:
    """The shape of an output of which one size at most is unknown. Raises Unsupported where more are."""
    sizes = [None] * 2 if out.shape is None else list(out.shape)
    if sum(not isinstance(d, int) for d in sizes) > 1:
        raise Unsupported("the shape of its output is not known")
    return [d if isinstance(d, int) else -1 for d in sizes]


def _nothing(op: OpBuilder, x: ir.Value, shape: ir.Value) -> ir.Value:
    """A tensor without elements, of x's dtype."""
    if x.dtype == ir.DataType.STRING:
        return op.Reshape(x, shape, allowzero=1 if op.opset >= 14 else None)
    return op.ConstantOfShape(shape, value=ir.tensor(number([0], x)))


def _stretched(target: list[int], given: list[int]) -> list[int]:
    """A shape with both a 0 and a -1, which ONNX refuses, with the -1 filled in.

    Source: ResolveOutputShape in reshape.h.
    """
    rest = math.prod(d for d in given if d) // math.prod(d for d in target if d > 0)
    return [rest if d == -1 else d for d in target]


def _factors(op: OpBuilder, x: ir.Value) -> ir.Value:
    """The product of the sizes of x that are not 0."""
    given = static_shape(x)
    if given is not None:
        return op.const(math.prod(d for d in given if d))
    sizes = op.Shape(x)
    return op.ReduceProd(op.Where(op.Greater(sizes, op.const(0)), sizes, op.const(1)), keepdims=0)


def _stretched_at_run_time(op: OpBuilder, target: ir.Value, factors: ir.Value) -> ir.Value:
    """The same for a computed shape of an empty tensor; without a 0 the -1 is one."""
    others = op.ReduceProd(op.Where(op.Greater(target, op.const(0)), target, op.const(1)), keepdims=0)
    some_zero = op.Equal(op.ReduceProd(target, keepdims=0), op.const(0))
    rest = op.Where(some_zero, op.Div(factors, others), op.const(0))
    return op.Where(op.Equal(target, op.const(-1)), rest, target)


def _reshape(op: OpBuilder, x: ir.Value, shape: ir.Value, allowzero: bool) -> ir.Value:
    """A zero in TFLite's shape is a dimension of zero, and not ONNX's "as before"."""
    return op.Reshape(x, shape, allowzero=1 if allowzero and op.opset >= 14 else None)


@handler("SQUEEZE")
def squeeze(op: OpBuilder, node: ir.Node, x: ir.Value, *, squeeze_dims: Sequence[int] = ()) -> ir.Value:
    """SQUEEZE{dims} => Squeeze; without dims all dimensions of one. Source: squeeze.cc."""
    if squeeze_dims:
        size = rank(x)
        size = size - 1 if size and is_complex(x) else size
        axes = sorted({a % size if size else a for a in squeeze_dims})
        return op.Squeeze(x, op.const(axes))
    known = static_shape(x)
    if known is not None:
        return op.Reshape(x, op.const(np.array([d for d in known if d != 1], np.int64)))
    return op.Squeeze(x)


@handler("EXPAND_DIMS")
def expand_dims(op: OpBuilder, node: ir.Node, x: ir.Value, axis: ir.Value) -> ir.Value:
    """EXPAND_DIMS => Unsqueeze. Source: expand_dims.cc."""
    return op.Unsqueeze(x, vector(op, axis))


@handler("SHAPE")
def shape(op: OpBuilder, node: ir.Node, x: ir.Value) -> ir.Value:
    """SHAPE => Shape. Source: shape.cc."""
    return cast(op, shape_of(op, x), node.outputs[0].dtype)


@handler("RANK")
def rank_(op: OpBuilder, node: ir.Node, x: ir.Value) -> ir.Value:
    """RANK => a constant, or Size(Shape(x)). Source: rank.cc."""
    size, pair = rank(x), int(is_complex(x))
    if size is not None:
        return op.const(np.array(size - pair, np.int32))
    return op.Sub(op.Cast(op.Size(op.Shape(x)), to=ir.DataType.INT32), np.int32(pair))


@handler("ZEROS_LIKE")
def zeros_like(op: OpBuilder, node: ir.Node, x: ir.Value) -> ir.Value:
    """ZEROS_LIKE => ConstantOfShape(Shape(x)). Source: zeros_like.cc."""
    return op.ConstantOfShape(op.Shape(x), value=ir.tensor(number([0], x)))


@handler("FILL")
def fill(op: OpBuilder, node: ir.Node, shape: ir.Value, value: ir.Value) -> ir.Value:
    """FILL(shape, value) => Expand(value, shape). Source: fill.cc."""
    return expanded(op, value, vector(op, shape))


@handler("BROADCAST_TO")
def broadcast_to(op: OpBuilder, node: ir.Node, x: ir.Value, shape: ir.Value) -> ir.Value:
    """BROADCAST_TO => Expand. Source: broadcast_to.cc."""
    return expanded(op, x, vector(op, shape))


def expanded(op: OpBuilder, x: ir.Value, shape: ir.Value) -> ir.Value:
    """Expand, in a dtype that it has a kernel for."""
    if x.dtype in (ir.DataType.UINT16, ir.DataType.BFLOAT16, ir.DataType.INT4):
        return op.Cast(op.Expand(op.Cast(x, to=WIDER.get(x.dtype, ir.DataType.INT32)), shape), to=x.dtype)
    return op.Expand(x, shape)


@handler("BROADCAST_ARGS")
def broadcast_args(op: OpBuilder, node: ir.Node, a: ir.Value, b: ir.Value) -> ir.Value:
    """BROADCAST_ARGS(a, b) => the larger of each dimension, the shorter list filled up with ones.

    Source: broadcast_args.cc.
    """
    known_a, known_b = constant_array(a), constant_array(b)
    if known_a is not None and known_b is not None:
        return op.const(np.array(np.broadcast_shapes(tuple(known_a), tuple(known_b)), known_a.dtype))
    left, right = int64(op, a), int64(op, b)
    size = op.Max(op.Shape(left), op.Shape(right))
    full = [op.Concat(op.Expand(op.const([1]), op.Sub(size, op.Shape(v))), v, axis=0) for v in (left, right)]
    larger = op.Where(op.Equal(full[0], op.const(1)), full[1], full[0])
    return cast(op, larger, node.outputs[0].dtype)


@handler("RANGE")
def range_(op: OpBuilder, node: ir.Node, start: ir.Value, limit: ir.Value, delta: ir.Value) -> ir.Value:
    """RANGE => Range; of floats => start + Range(0, count) * delta, with the count as LiteRT rounds it.

    Source: range.cc.
    """
    if (step := constant_array(delta)) is not None and not step.any():
        raise Unsupported("its step is 0; it would never come to its end")
    none = op.const(np.zeros(0, np.int64))
    start, limit, delta = (v if rank(v) == 0 else op.Reshape(v, none) for v in (start, limit, delta))
    if not is_float(start):
        return op.Range(start, limit, delta)
    count = op.Ceil(op.Abs(op.Div(op.Sub(limit, start), delta)))
    return op.Add(start, op.Mul(op.Range(number(0, start), count, number(1, start)), delta))


@handler("ONE_HOT")
def one_hot(
    op: OpBuilder, node: ir.Node, indices: ir.Value, depth: ir.Value, on: ir.Value, off: ir.Value, *, axis: int = 0
) -> ir.Value:
    """ONE_HOT(i, depth, on, off) => Where(i == 0 .. depth - 1, on, off), so indices out of range give `off`.

    Source: one_hot.cc.
    """
    size = rank_of(indices)
    axis = size if axis < 0 else axis
    codes = op.Range(op.const(0), scalar(op, depth), op.const(1))
    column = op.Reshape(codes, op.const([-1] + [1] * (size - axis)))
    chosen = op.Equal(op.Unsqueeze(int64(op, indices), op.const([axis])), column)
    from tfonnx_lab.handlers.select import where

    return where(op, chosen, on, off)
