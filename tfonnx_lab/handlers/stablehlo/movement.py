"""StableHLO ops that move elements.

Ops: STABLEHLO_BROADCAST_IN_DIM, STABLEHLO_DYNAMIC_SLICE, STABLEHLO_GATHER, STABLEHLO_IOTA, STABLEHLO_SCATTER,
STABLEHLO_SLICE.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import onnx_ir as ir

from tfonnx_lab.errors import Unsupported
from tfonnx_lab.graph import OpBuilder, static_shape
from tfonnx_lab.graph.budget import room
from tfonnx_lab.handlers.lowering.scatter import scatter
from tfonnx_lab.handlers.lowering.shape import rank_of
from tfonnx_lab.handlers.stablehlo.windows import body_op
from tfonnx_lab.rules import handler


@handler("STABLEHLO_SLICE")
def stablehlo_slice(
    op: OpBuilder, node: ir.Node, x: ir.Value, *, start_indices: Sequence[int] = (), limit_indices: Sequence[int] = (),
    strides: Sequence[int] = (),
) -> ir.Value:  # fmt: skip
    """STABLEHLO_SLICE => Slice. Source: the StableHLO specification."""
    size = len(start_indices)
    return op.Slice(
        x,
        op.const(start_indices),
        op.const(limit_indices),
        op.const(list(range(size))),
        op.const(strides or [1] * size),
    )


@handler("STABLEHLO_IOTA")
def stablehlo_iota(op: OpBuilder, node: ir.Node, *, iota_dimension: int = 0) -> ir.Value:
    """STABLEHLO_IOTA{dimension} => a constant. Source: stablehlo_iota.cc."""
    out = node.outputs[0]
    if out.shape is None or out.dtype is None or not all(isinstance(d, int) for d in out.shape):
        raise Unsupported("the shape of its output is not known")
    shape = [int(d) for d in out.shape]  # type: ignore[arg-type]
    room(shape, 16, "its result")
    line = np.arange(shape[iota_dimension]).reshape([-1 if i == iota_dimension else 1 for i in range(len(shape))])
    return op.const(np.broadcast_to(line, shape).astype(out.dtype.numpy()))


@handler("STABLEHLO_BROADCAST_IN_DIM")
def stablehlo_broadcast_in_dim(
    op: OpBuilder, node: ir.Node, x: ir.Value, *, broadcast_dimensions: Sequence[int] = ()
) -> ir.Value:
    """STABLEHLO_BROADCAST_IN_DIM{dims} => Reshape, Expand. Source: the StableHLO specification."""
    out = node.outputs[0]
    target, have = static_shape(out), static_shape(x)
    if target is None or have is None:
        raise Unsupported("the shape of its operand or its output is not known")
    shape = [1] * len(target)
    for place, size in zip(broadcast_dimensions, have, strict=True):
        shape[place] = size
    return op.Expand(op.Reshape(x, op.const(np.array(shape, np.int64))), op.const(np.array(target, np.int64)))


@handler("STABLEHLO_DYNAMIC_SLICE")
def stablehlo_dynamic_slice(
    op: OpBuilder, node: ir.Node, x: ir.Value, *starts: ir.Value, slice_sizes: Sequence[int] = ()
) -> ir.Value:
    """STABLEHLO_DYNAMIC_SLICE => Slice, its start moved so that it fits. Source: the StableHLO specification."""
    sizes = op.const(slice_sizes)
    first = op.Concat(*(op.Reshape(op.Cast(s, to=ir.DataType.INT64), op.const([1])) for s in starts), axis=0)
    first = op.Max(op.Min(first, op.Sub(op.Shape(x), sizes)), op.const(0))
    return op.Slice(x, first, op.Add(first, sizes), op.const(list(range(len(starts)))))


@handler("STABLEHLO_GATHER")
def stablehlo_gather(
    op: OpBuilder, node: ir.Node, x: ir.Value, starts: ir.Value, *, offset_dims: Sequence[int] = (),
    collapsed_slice_dims: Sequence[int] = (), start_index_map: Sequence[int] = (), index_vector_dim: int = 0,
    slice_sizes: Sequence[int] = (),
) -> ir.Value:  # fmt: skip
    """STABLEHLO_GATHER => GatherND of every element of every slice. Source: stablehlo_gather.cc."""
    sizes, size = slice_sizes, rank_of(x)
    where, batch = _index_last(op, starts, index_vector_dim)
    limit = op.Sub(op.Shape(x), op.const(sizes))
    columns = []
    room([size, *sizes], 8, "the list of the elements that it takes")
    for axis in range(size):
        if axis in start_index_map:
            place = op.Gather(where, op.const(start_index_map.index(axis)), axis=-1)
            most = op.Gather(limit, op.const(axis), axis=0)
            place = op.Max(op.Min(place, most), op.const(0))
        else:
            place = op.Mul(op.Gather(where, op.const(0), axis=-1), op.const(0))
        place = op.Unsqueeze(place, op.const([batch + i for i in range(size)]))
        line = np.arange(sizes[axis]).reshape([-1 if i == axis else 1 for i in range(size)])
        columns.append(op.Add(place, op.const(line + np.zeros(sizes, np.int64))))
    taken = op.GatherND(x, op.Concat(*(op.Unsqueeze(c, op.const([-1])) for c in columns), axis=-1))
    taken.type = x.type
    if collapsed_slice_dims:
        taken = op.Squeeze(taken, op.const([batch + a for a in collapsed_slice_dims]))
    inner = size - len(collapsed_slice_dims)
    rest = iter(range(batch))
    offsets = iter(range(batch, batch + inner))
    perm = [next(offsets) if i in offset_dims else next(rest) for i in range(batch + inner)]
    return op.Transpose(taken, perm=perm)


def _index_last(op: OpBuilder, starts: ir.Value, dim: int) -> tuple[ir.Value, int]:
    """The indices with their vectors in the last dimension, and the number of the dimensions before it."""
    where = op.Cast(starts, to=ir.DataType.INT64)
    size = rank_of(starts)
    if dim == size:
        return op.Unsqueeze(where, op.const([-1])), size
    if dim != size - 1:
        where = op.Transpose(where, perm=[i for i in range(size) if i != dim] + [dim])
    return where, size - 1


@handler("STABLEHLO_SCATTER")
def stablehlo_scatter(
    op: OpBuilder, node: ir.Node, x: ir.Value, indices: ir.Value, updates: ir.Value, *,
    update_window_dims: Sequence[int] = (), inserted_window_dims: Sequence[int] = (),
    scatter_dims_to_operand_dims: Sequence[int] = (), index_vector_dim: int = 0,
    update_computation_subgraph: ir.Graph | None = None,
) -> ir.Value:  # fmt: skip
    """STABLEHLO_SCATTER{body} => ScatterND with that reduction; elements that fall outside go to an extra one.

    Source: stablehlo_scatter.cc.
    """
    kind = body_op(update_computation_subgraph)
    reduction = {"Add": "add", "Mul": "mul", "Max": "max", "Min": "min", "Update": None}.get(kind)
    window, inserted, to_operand = update_window_dims, inserted_window_dims, scatter_dims_to_operand_dims
    size = rank_of(x)
    shape, update_shape = (None if v.shape is None else list(v.shape) for v in (x, updates))
    if shape is None or update_shape is None or not all(isinstance(d, int) for d in [*shape, *update_shape]):
        raise Unsupported("the shapes of its operand and updates are not known")
    where, batch = _index_last(op, indices, index_vector_dim)
    outer = [i for i in range(len(update_shape)) if i not in window]
    ordered = op.Transpose(updates, perm=[*outer, *window])
    kept = [a for a in range(size) if a not in inserted]
    sizes = {a: int(update_shape[w]) for a, w in zip(kept, window, strict=True)}  # type: ignore[arg-type]
    strides = [int(np.prod(shape[i + 1 :])) for i in range(size)]  # type: ignore[arg-type]
    flat: ir.Value = op.const(np.zeros([1] * (batch + len(kept)), np.int64))
    inside: ir.Value | None = None
    for axis in range(size):
        place: ir.Value = op.const(np.zeros([1] * (batch + len(kept)), np.int64))
        if axis in to_operand:
            start = op.Gather(where, op.const(to_operand.index(axis)), axis=-1)
            place = op.Unsqueeze(start, op.const([batch + i for i in range(len(kept))])) if kept else start
        if axis in sizes:
            room(sizes[axis], 8, "the list of the rows that it writes to")
            line = np.arange(sizes[axis]).reshape([1] * batch + [-1 if a == axis else 1 for a in kept])
            place = op.Add(place, op.const(line))
        if axis in to_operand:
            fits = op.And(op.GreaterOrEqual(place, op.const(0)), op.Less(place, op.const(int(shape[axis]))))  # type: ignore[arg-type]
            inside = fits if inside is None else op.And(inside, fits)
        flat = op.Add(flat, op.Mul(place, op.const(strides[axis])))
    count = int(np.prod(shape))  # type: ignore[arg-type]
    place = flat if inside is None else op.Where(inside, flat, op.const(count))
    place = op.Expand(place, op.Shape(ordered))
    target = op.Reshape(x, op.const([-1]))
    one_more = op.Concat(target, op.Slice(target, op.const([0]), op.const([1])), axis=0)
    flat_places = op.Unsqueeze(op.Reshape(place, op.const([-1])), op.const([1]))
    made = scatter(op, one_more, flat_places, op.Reshape(ordered, op.const([-1])), reduction)
    return op.Reshape(op.Slice(made, op.const([0]), op.const([-1])), op.const(np.array(shape, np.int64)))
