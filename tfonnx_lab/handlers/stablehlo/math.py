"""StableHLO ops which LiteRT has no kernels for: as the StableHLO specification says.

Ops: STABLEHLO_CONVOLUTION, STABLEHLO_DOT_GENERAL, STABLEHLO_REDUCE, STABLEHLO_SORT.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import onnx_ir as ir

from tfonnx_lab.errors import Unsupported
from tfonnx_lab.graph import OpBuilder, attr, static_shape
from tfonnx_lab.handlers.lowering.numeric import WIDER, cast, is_float
from tfonnx_lab.handlers.lowering.reduction import reduce
from tfonnx_lab.handlers.lowering.shape import rank_of
from tfonnx_lab.handlers.stablehlo.windows import body_op, padded, with_gaps
from tfonnx_lab.rules import handler

_D = ir.DataType
_COMPARISONS = {
    "LT": 0, "LE": 0, "GT": 1, "GE": 1, "LESS": 0, "LESS_EQUAL": 0, "GREATER": 1, "GREATER_EQUAL": 1, "Less": 0,
    "LessOrEqual": 0, "Greater": 1, "GreaterOrEqual": 1,
}  # fmt: skip
"""A comparator's op, or direction => whether the largest come first."""


@handler("STABLEHLO_DOT_GENERAL")
def dot_general(
    op: OpBuilder, node: ir.Node, a: ir.Value, b: ir.Value, *,
    lhs_batching_dimensions: Sequence[int] = (), rhs_batching_dimensions: Sequence[int] = (),
    lhs_contracting_dimensions: Sequence[int] = (), rhs_contracting_dimensions: Sequence[int] = (),
) -> ir.Value:  # fmt: skip
    """STABLEHLO_DOT_GENERAL{dimensions} => Transpose and Reshape to matrices, MatMul, Reshape."""
    shapes = [static_shape(v) for v in (a, b)]
    left, right = shapes
    if left is None or right is None:
        raise Unsupported("the shapes of its operands are not known")
    batch = lhs_batching_dimensions, rhs_batching_dimensions
    inner = lhs_contracting_dimensions, rhs_contracting_dimensions
    free = [
        [i for i in range(len(s)) if i not in used and i not in summed]
        for s, used, summed in zip((left, right), batch, inner, strict=True)
    ]
    wide = _matmul_dtype(node.outputs[0].dtype)
    rows = op.Transpose(cast(op, a, wide), perm=[*batch[0], *free[0], *inner[0]])
    columns = op.Transpose(cast(op, b, wide), perm=[*batch[1], *inner[1], *free[1]])
    lead, depth = [left[i] for i in batch[0]], int(np.prod([left[i] for i in inner[0]], dtype=int))
    outer = [[shape[i] for i in kept] for shape, kept in zip((left, right), free, strict=True)]
    flat = [int(np.prod(o, dtype=int)) for o in outer]
    product = op.MatMul(
        op.Reshape(rows, op.const([*lead, flat[0], depth])), op.Reshape(columns, op.const([*lead, depth, flat[1]]))
    )
    return cast(op, op.Reshape(product, op.const([*lead, *outer[0], *outer[1]])), node.outputs[0].dtype)


def _matmul_dtype(dtype: ir.DataType | None) -> ir.DataType | None:
    return WIDER.get(dtype, dtype) if dtype is not None else None


@handler("STABLEHLO_CONVOLUTION")
def convolution(
    op: OpBuilder, node: ir.Node, x: ir.Value, w: ir.Value, *,
    window_strides: Sequence[int] = (), padding: Sequence[int] = (), lhs_dilation: Sequence[int] = (),
    rhs_dilation: Sequence[int] = (), window_reversal: Sequence[int] = (), input_batch_dimension: int = 0,
    input_feature_dimension: int = 0, input_spatial_dimensions: Sequence[int] = (),
    kernel_input_feature_dimension: int = 0,
    kernel_output_feature_dimension: int = 0, kernel_spatial_dimensions: Sequence[int] = (),
    output_batch_dimension: int = 0,
    output_feature_dimension: int = 0, output_spatial_dimensions: Sequence[int] = (), feature_group_count: int = 0,
    batch_group_count: int = 0,
) -> ir.Value:  # fmt: skip
    """STABLEHLO_CONVOLUTION{dimensions} => Transpose to channels first, gaps and pads of zeros, Conv, Transpose
    back."""
    if not is_float(x) or batch_group_count > 1:
        raise Unsupported("it convolves integers, or groups of batches; ONNX Runtime has no kernel for either")
    size = len(input_spatial_dimensions)
    first = op.Transpose(x, perm=[input_batch_dimension, input_feature_dimension, *input_spatial_dimensions])
    kernel = op.Transpose(
        w, perm=[kernel_output_feature_dimension, kernel_input_feature_dimension, *kernel_spatial_dimensions]
    )
    turned = [2 + i for i, flag in enumerate(window_reversal) if flag]
    if turned:
        ends = op.const([-1] * len(turned)), op.const([-(2**31)] * len(turned))
        kernel = op.Slice(kernel, *ends, op.const(turned), op.const([-1] * len(turned)))
    ones = [1] * size
    zero = op.const(np.zeros((), x.dtype.numpy()))  # type: ignore[union-attr]
    first = with_gaps(op, first, [1, 1, *(lhs_dilation or ones)], zero)
    pads = np.array(padding or [0] * 2 * size).reshape(-1, 2)
    first = padded(op, first, np.concatenate([np.zeros((2, 2), int), pads]), zero)
    made = op.Conv(
        first,
        kernel,
        strides=window_strides or ones,
        dilations=rhs_dilation or ones,
        group=feature_group_count or 1,
    )
    made.type = x.type
    order = [output_batch_dimension, output_feature_dimension, *output_spatial_dimensions]
    return op.Transpose(made, perm=[order.index(i) for i in range(size + 2)])


@handler("STABLEHLO_REDUCE")
def stablehlo_reduce(
    op: OpBuilder, node: ir.Node, x: ir.Value, start: ir.Value, *more: ir.Value,
    dimensions: Sequence[int] = (), body_subgraph: ir.Graph | None = None,
) -> ir.Value:  # fmt: skip
    """STABLEHLO_REDUCE{dimensions, body} => ReduceSum, ReduceMax ... combined with the start."""
    if more:
        raise Unsupported("it reduces several tensors at once; write them as reductions of one each")
    kind = body_op(body_subgraph)
    names = {
        "Add": "ReduceSum",
        "Mul": "ReduceProd",
        "Max": "ReduceMax",
        "Min": "ReduceMin",
        "Or": "ReduceMax",
        "And": "ReduceMin",
    }
    if kind not in names or (kind in ("And", "Or") and x.dtype != _D.BOOL):
        raise Unsupported("its body is no sum, product, maximum or minimum")
    wide = WIDER.get(x.dtype, x.dtype) if x.dtype is not None else None
    total = reduce(op, names[kind], cast(op, x, wide), sorted(dimensions), keepdims=False)
    combine = {"Or": "Max", "And": "Min"}.get(kind, kind)
    scalar = op.Reshape(cast(op, start, wide), op.const(np.zeros(0, np.int64)))
    return cast(op, getattr(op, combine)(total, scalar), x.dtype)


@handler("STABLEHLO_SORT")
def sort(
    op: OpBuilder, node: ir.Node, *xs: ir.Value, dimension: int = 0, comparator_subgraph: ir.Graph | None = None
) -> list[ir.Value]:
    """STABLEHLO_SORT{dimension, comparator} => TopK of all of the compared tensor, GatherElements of the others."""
    which, largest = _comparator(comparator_subgraph, len(xs))
    key = xs[which]
    axis = dimension % rank_of(key)
    wide = WIDER.get(key.dtype, key.dtype) if key.dtype is not None else None
    count = op.Slice(op.Shape(key), op.const([axis]), op.const([axis + 1]))
    top = op.node("TopK", [cast(op, key, wide), count], {"axis": axis, "largest": largest}, outputs=2)
    values, order = top.outputs
    values.type, order.type = ir.TensorType(wide or _D.FLOAT), ir.TensorType(_D.INT64)
    return [cast(op, values, x.dtype) if i == which else _taken(op, x, order, axis) for i, x in enumerate(xs)]


def _taken(op: OpBuilder, x: ir.Value, order: ir.Value, axis: int) -> ir.Value:
    made = op.GatherElements(x, order, axis=axis)
    made.type, made.shape = x.type, x.shape
    return made


def _comparator(graph: ir.Graph | None, count: int) -> tuple[int, int]:
    """Which tensor is compared, and whether its largest elements come first."""
    makers: Sequence[ir.Node] = [n for n in graph if n.op_type != "Cast"] if graph is not None else []
    if graph is not None and len(makers) == 1 and len(graph.inputs) == 2 * count:
        maker = makers[0]
        kind = str(attr(maker, "comparison_direction", maker.op_type)).rsplit("_DIRECTION_", 1)[-1]
        places = [_source(v, graph) for v in maker.inputs]
        if kind in _COMPARISONS and None not in places and abs(places[0] - places[1]) == 1:  # type: ignore[operator]
            swapped = int(places[0] > places[1])  # type: ignore[operator]
            return min(places) // 2, _COMPARISONS[kind] ^ swapped  # type: ignore[type-var, operator]
    raise Unsupported("its comparator is more than one comparison of two elements of one tensor")


def _source(value: ir.Value | None, graph: ir.Graph) -> int | None:
    """The number of the graph's input that a value is, or is a Cast of."""
    maker = None if value is None else value.producer()
    if maker is not None and maker.op_type == "Cast":
        value = maker.inputs[0]
    return next((i for i, v in enumerate(graph.inputs) if v is value), None)
