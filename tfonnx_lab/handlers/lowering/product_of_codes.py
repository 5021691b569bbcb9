"""REDUCE_PROD of codes: a Scan that rescales every product. Source: QuantizedReduceProd in reduce.h."""

from __future__ import annotations

import itertools
from math import prod

import numpy as np
import onnx_ir as ir

from tfonnx_lab.arithmetic.fixed_point import quantize_multiplier
from tfonnx_lab.errors import Unsupported
from tfonnx_lab.graph import OpBuilder, code_range, static_shape
from tfonnx_lab.graph.budget import room
from tfonnx_lab.handlers.lowering.integer import as_type, multiply_wide, scale_of, wide_multiplier
from tfonnx_lab.handlers.lowering.reduction import chosen_axes, constant_axes
from tfonnx_lab.handlers.lowering.shape import dims, rank_of, reshaped, vector
from tfonnx_lab.handlers.select import where

_D = ir.DataType
HOW_MANY = "how many codes it multiplies is not known, and LiteRT rescales by that; fix the input's shape"


def product_of_codes(op: OpBuilder, node: ir.Node, x: ir.Value, axes: ir.Value, keep: bool) -> ir.Value:
    """Each step multiplies by the next code and rescales, as does the end; over dimensions of 1 alone x is copied."""
    chosen, out = constant_axes(x, axes), node.outputs[0]
    codes = op.Sub(op.Cast(x, to=_D.INT64), op.const(scale_of(x)[1]))
    if chosen is None:
        shape = static_shape(x)
        if shape is None:
            raise Unsupported(HOW_MANY)
        wanted = chosen_axes(op, vector(op, axes), len(shape))
        rows = _computed_rows(op, codes, shape, wanted)
        result = _bounded(op, out, rows, *_computed_multiplier(op, node, shape, wanted))
        sizes = op.Where(wanted, op.const(1), op.const(shape))
        result_shape = sizes if keep else op.Compress(sizes, op.Not(wanted), axis=0)
        one = op.Equal(op.Gather(op.Shape(rows), op.const(0), axis=0), op.const(1))
        first = op.Add(op.Gather(rows, op.const(0), axis=0), op.const(scale_of(x)[1]))
        return op.Reshape(where(op, one, op.Cast(first, to=out.dtype), result), result_shape)
    size = rank_of(x)
    sizes_taken = [d for i, d in enumerate(x.shape or ()) if i in chosen]
    taken = [d for d in sizes_taken if isinstance(d, int)]
    if len(taken) < len(sizes_taken):
        raise Unsupported(HOW_MANY)
    parts = [1 if i in chosen else _size(op, x, i) for i in range(size) if keep or i not in chosen]
    if all(d == 1 for d in taken):
        return reshaped(op, x, parts)
    count = prod(taken)
    order = sorted(range(size), key=lambda i: i not in chosen)
    rows = op.Reshape(op.Transpose(codes, perm=order), op.const([count, -1]))
    factors = (op.const(n) for n in _multiplier(node, count))
    return reshaped(op, _bounded(op, out, rows, *factors), parts)


def _size(op: OpBuilder, x: ir.Value, axis: int) -> int | ir.Value:
    """A dimension of x: a number, or a list of one."""
    size = list(x.shape or ())[axis]
    return size if isinstance(size, int) else dims(op, x, [axis])


def _bounded(op: OpBuilder, out: ir.Value, rows: ir.Value, factor: ir.Value, divisor: ir.Value) -> ir.Value:
    """The products of the rows as codes of the output."""
    assert out.dtype is not None
    low, high = code_range(out.dtype)
    total = _scanned(op, rows, factor, divisor)
    result = op.Add(multiply_wide(op, total, factor, divisor), op.const(scale_of(out)[1]))
    return op.Cast(op.Min(op.Max(result, op.const(low)), op.const(high)), to=out.dtype)


def _computed_rows(op: OpBuilder, codes: ir.Value, shape: list[int], wanted: ir.Value) -> ir.Value:
    """The codes of which products are taken, one below the other, where the axes are computed: each code goes to its
    place, which the coordinates give."""
    size, total = len(shape), prod(shape)
    room((size + 1, total), 8, "the list of the places of its weights")
    inner = op.const(np.arange(size)[:, None] < np.arange(size))
    ones, sizes = op.const(1), op.const(shape)
    taken, kept = op.Where(wanted, sizes, ones), op.Where(wanted, ones, sizes)
    columns = _product(op, kept, 0)
    strides = [_product(op, op.Where(inner, part, ones), 1) for part in (taken, kept)]
    stride = op.Where(wanted, op.Mul(strides[0], columns), strides[1])
    places = op.MatMul(stride, op.const(np.indices(shape).reshape(size, total)))
    flat = op.ScatterElements(op.const(np.zeros(total, np.int64)), places, op.Reshape(codes, op.const([-1])), axis=0)
    return op.Reshape(flat, op.Concat(op.const([-1]), columns, axis=0))


def _product(op: OpBuilder, x: ir.Value, axis: int) -> ir.Value:
    """Products of int64 along an axis: a list of one for a list."""
    keep = int(axis == 0)
    if op.opset >= 18:
        return op.ReduceProd(x, op.const([axis]), keepdims=keep)
    return op.ReduceProd(x, axes=[axis], keepdims=keep)


def _multiplier(node: ir.Node, count: int) -> tuple[int, int]:
    """What every one of `count` products is multiplied by, so that all of them together have the scale of the
    output."""
    scale, out_scale = scale_of(node.inputs[0])[0], scale_of(node.outputs[0])[0]
    return wide_multiplier(*quantize_multiplier(float(scale) / float(out_scale) ** (1 / count)))


def _computed_multiplier(op: OpBuilder, node: ir.Node, shape: list[int], wanted: ir.Value) -> tuple[ir.Value, ir.Value]:
    """The same for each choice of axes, of which the computed one is taken."""
    size = len(shape)
    counts = [prod(itertools.compress(shape, marks)) for marks in itertools.product([False, True], repeat=size)]
    choices = [_multiplier(node, count) for count in counts]
    powers = op.const(2 ** np.arange(size)[::-1])
    at = op.ReduceSum(op.Mul(op.Cast(wanted, to=_D.INT64), powers), op.const([0]), keepdims=0)
    factor, divisor = (op.Gather(op.const(np.array(n, np.int64)), at, axis=0) for n in zip(*choices, strict=True))
    return factor, divisor


def _scanned(op: OpBuilder, rows: ir.Value, factor: ir.Value, divisor: ir.Value) -> ir.Value:
    """The products of the rows; ONNX Runtime's Scan takes no empty list, so the first row is one of its iterations."""
    of_row = (("so_far", ir.Shape([None])), ("row", ir.Shape([None])), ("at", ir.Shape([])))
    so_far, row, at = (ir.Value(name=n, type=ir.TensorType(_D.INT64), shape=s) for n, s in of_row)
    graph = op.editor.subgraph("product", [so_far, row, at])
    inner = OpBuilder(op.editor, op.opset, op.options)
    later = multiply_wide(inner, inner.Mul(so_far, row), factor, divisor)
    result = as_type(inner.Where(inner.Equal(at, inner.const(0)), row, later), _D.INT64, ir.Shape([None]))
    for made in inner.tape:
        op.editor.insert(made, graph=graph)
    op.editor.set_outputs(graph, [result])
    first = op.Gather(rows, op.const(0), axis=0)
    count = op.Gather(op.Shape(rows), op.const(0), axis=0)
    turns = op.Range(op.const(0), count, op.const(1))
    return as_type(op.Scan(first, rows, turns, body=graph, num_scan_inputs=2), _D.INT64)
