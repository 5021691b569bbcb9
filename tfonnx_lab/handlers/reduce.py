"""Reductions: MEAN SUM REDUCE_PROD REDUCE_MAX REDUCE_MIN REDUCE_ANY REDUCE_ALL, and CUMSUM."""

from __future__ import annotations

import numpy as np
import onnx_ir as ir

from tfonnx_lab.fixed_point import quantize_multiplier
from tfonnx_lab.graph import OpBuilder, attr, code_range, is_quantized, rank, static_shape
from tfonnx_lab.handlers._integer import multiply_wide, scale_of
from tfonnx_lab.handlers._layout import to_channels_first
from tfonnx_lab.handlers._mean import mean_of_codes
from tfonnx_lab.handlers._numeric import is_float, widened
from tfonnx_lab.handlers._reduce import constant_axes, reduced
from tfonnx_lab.rules import handler

_D = ir.DataType


@handler("MEAN")
def mean(op: OpBuilder, node: ir.Node, x: ir.Value, axes: ir.Value) -> ir.Value:
    """MEAN => ReduceMean; over height and width => GlobalAveragePool, which has an integer kernel. Source: reduce.h."""
    if is_quantized(x) and x.dtype not in (_D.INT32, _D.INT64):
        return mean_of_codes(op, node, x, axes)
    if not is_float(x):
        return _integer_mean(op, node, x, axes)
    if rank(x) == 4 and constant_axes(x, axes) == [1, 2]:
        pooled = op.GlobalAveragePool(to_channels_first(op, x))
        pooled.type = x.type
        pooled.shape = ir.Shape([list(x.shape or ())[0], list(x.shape or ())[3], 1, 1])
        if attr(node, "keep_dims", False):
            return op.Transpose(pooled, perm=[0, 2, 3, 1])
        return op.Squeeze(pooled, op.const([2, 3]))
    return reduced(op, node, "ReduceMean", x, axes)


def _integer_mean(op: OpBuilder, node: ir.Node, x: ir.Value, axes: ir.Value) -> ir.Value:
    """Sum and division, truncated towards zero as C does."""
    wide = op.Cast(x, to=_D.INT64)
    total = reduced(op, node, "ReduceSum", wide, axes)
    ones = op.Expand(op.const([1]), op.Shape(x)) if rank(x) else op.const(1)
    count = reduced(op, node, "ReduceSum", ones, axes)
    return op.Cast(op.Div(total, count), to=x.dtype)


@handler("SUM")
def sum_(op: OpBuilder, node: ir.Node, x: ir.Value, axes: ir.Value) -> ir.Value:
    """SUM => ReduceSum. Source: reduce.h."""
    return widened(op, lambda v: reduced(op, node, "ReduceSum", v, axes), x)


@handler("REDUCE_PROD")
def reduce_prod(op: OpBuilder, node: ir.Node, x: ir.Value, axes: ir.Value) -> ir.Value:
    """REDUCE_PROD => ReduceProd; of codes a Scan that rescales every product. Source: reduce.h."""
    if is_quantized(x) and x.dtype not in (_D.INT32, _D.INT64):
        return _product_of_codes(op, node, x, axes)
    return widened(op, lambda v: reduced(op, node, "ReduceProd", v, axes), x)


def _product_of_codes(op: OpBuilder, node: ir.Node, x: ir.Value, axes: ir.Value) -> ir.Value:
    """Each step multiplies by the next code and rescales, as does the end. Source: QuantizedReduceProd in reduce.h."""
    shape, chosen, out = static_shape(x), constant_axes(x, axes), node.outputs[0]
    assert shape is not None and chosen is not None and x.dtype is not None and out.dtype is not None
    if not chosen:
        return op.Identity(x)
    kept = [i for i in range(len(shape)) if i not in chosen]
    count = int(np.prod([shape[i] for i in chosen]))
    (scale, zero), (out_scale, out_zero) = scale_of(x), scale_of(out)
    multiplier = quantize_multiplier(float(scale) / float(out_scale) ** (1 / count))
    codes = op.Sub(op.Cast(op.Transpose(x, perm=[*chosen, *kept]), to=_D.INT64), op.const(zero))
    rows = op.Reshape(codes, op.const([count, *(shape[i] for i in kept)]))
    first = op.Gather(rows, op.const(0), axis=0)
    total = first if count == 1 else _scanned(op, first, op.Slice(rows, op.const([1]), op.const([count])), multiplier)
    low, high = code_range(out.dtype)
    result = op.Add(multiply_wide(op, total, multiplier), op.const(out_zero))
    bounded = op.Cast(op.Min(op.Max(result, op.const(low)), op.const(high)), to=out.dtype)
    if attr(node, "keep_dims", False):
        return op.Reshape(bounded, op.const([1 if i in chosen else d for i, d in enumerate(shape)]))
    return bounded


def _scanned(op: OpBuilder, first: ir.Value, rows: ir.Value, multiplier: tuple[int, int]) -> ir.Value:
    so_far, row = (ir.Value(name=n, type=ir.TensorType(_D.INT64)) for n in ("so_far", "row"))
    graph = op.editor.subgraph("product", [so_far, row])
    inner = OpBuilder(op.editor, op.opset, op.options, "product")
    result = inner.Identity(multiply_wide(inner, inner.Mul(so_far, row), multiplier))
    for made in inner.tape:
        op.editor.insert(made, graph=graph)
    op.editor.set_outputs(graph, [result])
    scanned = op.Scan(first, rows, body=graph, num_scan_inputs=1)
    scanned.type = ir.TensorType(_D.INT64)
    return scanned


@handler("REDUCE_MAX")
def reduce_max(op: OpBuilder, node: ir.Node, x: ir.Value, axes: ir.Value) -> ir.Value:
    """REDUCE_MAX => ReduceMax, on codes as they are. Source: reduce.h."""
    if x.dtype in (_D.INT8, _D.UINT8):
        return reduced(op, node, "ReduceMax", x, axes)
    return widened(op, lambda v: reduced(op, node, "ReduceMax", v, axes), x)


@handler("REDUCE_MIN")
def reduce_min(op: OpBuilder, node: ir.Node, x: ir.Value, axes: ir.Value) -> ir.Value:
    """REDUCE_MIN => ReduceMin, on codes as they are. Source: reduce.h."""
    if x.dtype in (_D.INT8, _D.UINT8):
        return reduced(op, node, "ReduceMin", x, axes)
    return widened(op, lambda v: reduced(op, node, "ReduceMin", v, axes), x)


@handler("REDUCE_ANY")
def reduce_any(op: OpBuilder, node: ir.Node, x: ir.Value, axes: ir.Value) -> ir.Value:
    """REDUCE_ANY => ReduceMax of 0 and 1. Source: reduce.h."""
    return widened(op, lambda v: reduced(op, node, "ReduceMax", v, axes), x)


@handler("REDUCE_ALL")
def reduce_all(op: OpBuilder, node: ir.Node, x: ir.Value, axes: ir.Value) -> ir.Value:
    """REDUCE_ALL => ReduceMin of 0 and 1. Source: reduce.h."""
    return widened(op, lambda v: reduced(op, node, "ReduceMin", v, axes), x)


@handler("CUMSUM")
def cumsum(op: OpBuilder, node: ir.Node, x: ir.Value, axis: ir.Value) -> ir.Value:
    """CUMSUM => CumSum. Source: cumsum.cc."""
    flags = {"exclusive": int(attr(node, "exclusive", False)), "reverse": int(attr(node, "reverse", False))}
    position = op.Reshape(op.Cast(axis, to=_D.INT64), op.const([], "int64"))
    return widened(op, lambda v: op.CumSum(v, position, **flags), x)
