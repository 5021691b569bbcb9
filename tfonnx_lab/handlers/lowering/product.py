"""REDUCE_PROD of codes: a Scan that rescales every product. Source: QuantizedReduceProd in reduce.h."""

from __future__ import annotations

from itertools import product
from math import prod

import numpy as np
import onnx_ir as ir

from tfonnx_lab.arithmetic.fixed_point import quantize_multiplier
from tfonnx_lab.graph import OpBuilder, attr, code_range, static_shape
from tfonnx_lab.graph.budget import room
from tfonnx_lab.handlers.lowering.integer import as_type, multiply_wide, scale_of, wide_multiplier
from tfonnx_lab.handlers.lowering.reduction import chosen_axes, constant_axes
from tfonnx_lab.handlers.lowering.shape import vector
from tfonnx_lab.handlers.select import where

_D = ir.DataType


def product_of_codes(op: OpBuilder, node: ir.Node, x: ir.Value, axes: ir.Value) -> ir.Value:
    """Each step multiplies by the next code and rescales, as does the end; over dimensions of 1 alone x is copied."""
    shape, chosen, out = static_shape(x), constant_axes(x, axes), node.outputs[0]
    assert shape is not None and out.dtype is not None
    codes = op.Sub(op.Cast(x, to=_D.INT64), op.const(scale_of(x)[1]))
    keep = bool(attr(node, "keep_dims", False))
    if chosen is None:
        wanted = chosen_axes(op, vector(op, axes), len(shape))
        rows = _computed_rows(op, codes, shape, wanted)
        result = _bounded(op, out, rows, *_computed_multiplier(op, node, shape, wanted))
        sizes = op.Where(wanted, op.const(1), op.const(shape))
        result_shape = sizes if keep else op.Compress(sizes, op.Not(wanted), axis=0)
        one = op.Equal(op.Gather(op.Shape(rows), op.const(0), axis=0), op.const(1))
        first = op.Add(op.Gather(rows, op.const(0), axis=0), op.const(scale_of(x)[1]))
        return op.Reshape(where(op, one, op.Cast(first, to=out.dtype), result), result_shape)
    marks = [i in chosen for i in range(len(shape))]
    result_shape = op.const([1 if c else d for c, d in zip(marks, shape, strict=True) if keep or not c])
    if all(shape[i] == 1 for i in chosen):
        return op.Reshape(x, result_shape)
    factors = (op.const(n) for n in _multiplier(node, shape, marks))
    return op.Reshape(_bounded(op, out, _rows(op, codes, shape, marks), *factors), result_shape)


def _bounded(op: OpBuilder, out: ir.Value, rows: ir.Value, factor: ir.Value, divisor: ir.Value) -> ir.Value:
    """The products of the rows as codes of the output."""
    assert out.dtype is not None
    low, high = code_range(out.dtype)
    total = _scanned(op, rows, factor, divisor)
    result = op.Add(multiply_wide(op, total, factor, divisor), op.const(scale_of(out)[1]))
    return op.Cast(op.Min(op.Max(result, op.const(low)), op.const(high)), to=out.dtype)


def _rows(op: OpBuilder, codes: ir.Value, shape: list[int], marks: list[bool]) -> ir.Value:
    """The codes of which products are taken, one below the other."""
    order = sorted(range(len(shape)), key=lambda i: not marks[i])
    count = prod(d for d, mark in zip(shape, marks, strict=True) if mark)
    return op.Reshape(op.Transpose(codes, perm=order), op.const([count, -1]))


def _computed_rows(op: OpBuilder, codes: ir.Value, shape: list[int], wanted: ir.Value) -> ir.Value:
    """The same where the axes are computed: each code goes to its place, which the coordinates give."""
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


def _multiplier(node: ir.Node, shape: list[int], marks: list[bool]) -> tuple[int, int]:
    """What every product is multiplied by, so that all of them together have the scale of the output."""
    count = prod(d for d, mark in zip(shape, marks, strict=True) if mark)
    scale, out_scale = scale_of(node.inputs[0])[0], scale_of(node.outputs[0])[0]
    return wide_multiplier(*quantize_multiplier(float(scale) / float(out_scale) ** (1 / count)))


def _computed_multiplier(op: OpBuilder, node: ir.Node, shape: list[int], wanted: ir.Value) -> tuple[ir.Value, ir.Value]:
    """The same for each choice of axes, of which the computed one is taken."""
    size = len(shape)
    choices = [_multiplier(node, shape, list(marks)) for marks in product([False, True], repeat=size)]
    powers = op.const(2 ** np.arange(size)[::-1])
    at = op.ReduceSum(op.Mul(op.Cast(wanted, to=_D.INT64), powers), op.const([0]), keepdims=0)
    factor, divisor = (op.Gather(op.const(np.array(n, np.int64)), at, axis=0) for n in zip(*choices, strict=True))
    return factor, divisor


def _scanned(op: OpBuilder, rows: ir.Value, factor: ir.Value, divisor: ir.Value) -> ir.Value:
    """The products of the rows; ONNX Runtime's Scan takes no empty list, so the first row is one of its turns."""
    of_row = (("so_far", ir.Shape([None])), ("row", ir.Shape([None])), ("at", ir.Shape([])))
    so_far, row, at = (ir.Value(name=n, type=ir.TensorType(_D.INT64), shape=s) for n, s in of_row)
    graph = op.editor.subgraph("product", [so_far, row, at])
    inner = OpBuilder(op.editor, op.opset, op.options, "product")
    later = multiply_wide(inner, inner.Mul(so_far, row), factor, divisor)
    result = as_type(inner.Where(inner.Equal(at, inner.const(0)), row, later), _D.INT64, ir.Shape([None]))
    for made in inner.tape:
        op.editor.insert(made, graph=graph)
    op.editor.set_outputs(graph, [result])
    first = op.Gather(rows, op.const(0), axis=0)
    count = op.Gather(op.Shape(rows), op.const(0), axis=0)
    turns = op.Range(op.const(0), count, op.const(1))
    return as_type(op.Scan(first, rows, turns, body=graph, num_scan_inputs=2), _D.INT64)
