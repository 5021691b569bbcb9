"""Ops that move elements.

Ops: CONCATENATION, MIRROR_PAD, PACK, PAD, PADV2, REVERSE_SEQUENCE, REVERSE_V2, SPARSE_TO_DENSE, SPLIT, SPLIT_V,
STABLEHLO_CONCATENATE, STABLEHLO_TRANSPOSE, TILE, TRANSPOSE, UNPACK.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import onnx_ir as ir

from tfonnx_lab.errors import Unsupported
from tfonnx_lab.graph import OpBuilder, constant_array, quantization, rank, static_shape
from tfonnx_lab.graph.budget import room
from tfonnx_lab.handlers.lowering.numeric import WIDER, cast
from tfonnx_lab.handlers.lowering.permute import moved_back, moved_last, transposed_by
from tfonnx_lab.handlers.lowering.reduction import chosen_axes
from tfonnx_lab.handlers.lowering.shape import dims, ints, rank_of, reshaped, shape_until, vector
from tfonnx_lab.rules import handler

_D = ir.DataType


def moved(op: OpBuilder, move: Callable[[ir.Value], ir.Value], x: ir.Value, narrow: frozenset[ir.DataType]) -> ir.Value:
    """move(x); through a wider dtype for those in `narrow`, which the kernel does not take."""
    if x.dtype not in narrow:
        return move(x)
    return op.Cast(move(op.Cast(x, to=WIDER.get(x.dtype, _D.INT32))), to=x.dtype)


@handler("TRANSPOSE")
def transpose(op: OpBuilder, node: ir.Node, x: ir.Value, perm: ir.Value) -> ir.Value:
    """TRANSPOSE => Transpose. Source: transpose.cc."""
    order = ints(perm)
    return transposed_by(op, x, vector(op, perm)) if order is None else _transposed(op, x, order)


@handler("STABLEHLO_TRANSPOSE")
def stablehlo_transpose(op: OpBuilder, node: ir.Node, x: ir.Value, *, permutation: Sequence[int] = ()) -> ir.Value:
    """STABLEHLO_TRANSPOSE{permutation} => Transpose. Source: stablehlo_transpose.cc."""
    return _transposed(op, x, permutation)


def _transposed(op: OpBuilder, x: ir.Value, order: Sequence[int]) -> ir.Value:
    return op.Transpose(x, perm=[i % len(order) for i in order]) if order else op.Identity(x)


@handler("CONCATENATION")
def concatenation(op: OpBuilder, node: ir.Node, *xs: ir.Value, axis: int = 0) -> ir.Value:
    """CONCATENATION => Concat; codes of one quantization as they are. Source: concatenation.cc."""
    return op.Concat(*xs, axis=axis)


@handler("STABLEHLO_CONCATENATE")
def stablehlo_concatenate(op: OpBuilder, node: ir.Node, *xs: ir.Value, dimension: int = 0) -> ir.Value:
    """STABLEHLO_CONCATENATE{dimension} => Concat. Source: the StableHLO specification."""
    return op.Concat(*xs, axis=dimension)


@handler("PACK")
def pack(op: OpBuilder, node: ir.Node, *xs: ir.Value, axis: int = 0) -> ir.Value:
    """PACK => Concat of Unsqueeze. Source: pack.cc."""
    return op.Concat(*(op.Unsqueeze(x, op.const([axis])) for x in xs), axis=axis)


@handler("UNPACK")
def unpack(op: OpBuilder, node: ir.Node, x: ir.Value, *, axis: int = 0) -> list[ir.Value]:
    """UNPACK => Squeeze of Split. Source: unpack.cc."""
    parts = split_into(op, x, axis, [1] * len(node.outputs))
    return [op.Squeeze(part, op.const([axis])) for part in parts]


def split_into(op: OpBuilder, x: ir.Value, axis: int, sizes: list[int]) -> list[ir.Value]:
    """The parts of Split, with these sizes."""
    if len(sizes) == 1:
        return [op.Identity(x)]
    made = op.node("Split", [x, op.const(sizes)], {"axis": axis}, outputs=len(sizes))
    shape = None if x.shape is None else list(x.shape)
    for value, size in zip(made.outputs, sizes, strict=True):
        value.type = x.type
        if shape is not None:
            value.shape = ir.Shape([size if i == axis % len(shape) else d for i, d in enumerate(shape)])
    return list(made.outputs)


@handler("SPLIT")
def split(op: OpBuilder, node: ir.Node, axis: ir.Value, x: ir.Value, *, num_splits: int = 0) -> list[ir.Value]:
    """SPLIT => Split into equal parts. Source: split.cc."""
    position = ints(axis)
    count = len(node.outputs)
    if num_splits != count:
        raise Unsupported(
            f"it makes {num_splits} parts by its option, and {count} by its outputs; export the model again"
        )
    if position is None:
        parts = _split_last(op, moved_last(op, x, axis), count, None)
        return [moved_back(op, part, axis) for part in parts]
    size = None if x.shape is None else list(x.shape)[position[0]]
    if isinstance(size, int):
        return split_into(op, x, position[0], [size // count] * count)
    if count == 1:
        return [op.Identity(x)]
    extra = {"num_outputs": count} if op.opset >= 18 else {}
    made = op.node("Split", [x], {"axis": position[0], **extra}, outputs=count)
    for value in made.outputs:
        value.type = x.type
    return list(made.outputs)


def _split_last(op: OpBuilder, x: ir.Value, count: int, sizes: ir.Value | None) -> list[ir.Value]:
    """Split along the last axis, into equal parts where no sizes are given; one size may be -1, what is left."""
    if count == 1:
        return [op.Identity(x)]
    if sizes is not None:
        known = op.Max(sizes, op.const(0))
        total = op.Gather(op.Shape(x), op.const([rank_of(x) - 1]), axis=0)
        sizes = op.Where(
            op.Less(sizes, op.const(0)), op.Sub(total, op.ReduceSum(known, op.const([0]), keepdims=1)), sizes
        )
    equal = {"num_outputs": count} if sizes is None and op.opset >= 18 else {}
    made = op.node("Split", [x, sizes], {"axis": -1, **equal}, outputs=count)
    for part in made.outputs:
        part.type, part.shape = x.type, x.shape
    return list(made.outputs)


@handler("SPLIT_V")
def split_v(op: OpBuilder, node: ir.Node, x: ir.Value, sizes: ir.Value, axis: ir.Value) -> list[ir.Value]:
    """SPLIT_V => Split into given sizes; a size of -1 is what is left. Source: split_v.cc."""
    position, parts = ints(axis), ints(sizes)
    if position is None:
        lengths = vector(op, sizes)
        return [moved_back(op, p, axis) for p in _split_last(op, moved_last(op, x, axis), len(node.outputs), lengths)]
    whole = None if x.shape is None else list(x.shape)[position[0]]
    if parts is not None and -1 in parts and isinstance(whole, int):
        rest = whole - sum(p for p in parts if p != -1)
        parts = [rest if p == -1 else p for p in parts]
    if parts is not None and -1 not in parts:
        return split_into(op, x, position[0], parts)
    given = vector(op, sizes)
    total = op.Gather(op.Shape(x), op.const([position[0]]), axis=0)
    known = op.Where(op.Less(given, op.const(0)), op.const(0), given)
    left = op.Sub(total, op.ReduceSum(known, op.const([0]), keepdims=1))
    made = op.node(
        "Split",
        [x, op.Where(op.Less(given, op.const(0)), left, given)],
        {"axis": position[0]},
        outputs=len(node.outputs),
    )
    for value in made.outputs:
        value.type = x.type
    return list(made.outputs)


@handler("TILE")
def tile(op: OpBuilder, node: ir.Node, x: ir.Value, multiples: ir.Value) -> ir.Value:
    """TILE => Tile. Source: tile.cc."""
    times = vector(op, multiples)
    return moved(op, lambda v: op.Tile(v, times), x, frozenset((_D.INT16, _D.UINT16, _D.BFLOAT16)))


@handler("REVERSE_V2")
def reverse(op: OpBuilder, node: ir.Node, x: ir.Value, axes: ir.Value) -> ir.Value:
    """REVERSE_V2 => Slice with steps of -1. Source: reverse.cc."""
    known = ints(axes)
    if known is None:
        return _reversed(op, x, vector(op, axes))
    count = len(known)
    return op.Slice(x, op.const([-1] * count), op.const([-(2**31)] * count), op.const(known), op.const([-1] * count))


def _reversed(op: OpBuilder, x: ir.Value, axes: ir.Value) -> ir.Value:
    """Computed axes: along each axis the places count down where it is among them."""
    size = rank_of(x)
    wanted = chosen_axes(op, axes, size)
    for axis in range(size):
        length = op.Squeeze(dims(op, x, [axis]), op.const([0]))
        places = op.Range(op.const(0), length, op.const(1))
        down = op.Sub(op.Sub(length, op.const(1)), places)
        x = op.Gather(x, op.Where(op.Gather(wanted, op.const(axis), axis=0), down, places), axis=axis)
    return x


@handler("REVERSE_SEQUENCE")
def reverse_sequence(
    op: OpBuilder, node: ir.Node, x: ir.Value, lengths: ir.Value, *, seq_dim: int = 0, batch_dim: int = 0
) -> ir.Value:
    """REVERSE_SEQUENCE => Gather along the sequence with reversed indices. Source: reverse_sequence.cc."""
    time, batch = seq_dim, batch_dim
    size = rank_of(x)
    order = [batch, time] + [i for i in range(size) if i not in (batch, time)]
    lead = op.Transpose(x, perm=order)
    steps = op.Range(
        op.const(0), op.Squeeze(op.Gather(op.Shape(x), op.const([time]), axis=0), op.const([0])), op.const(1)
    )
    last = op.Unsqueeze(op.Sub(op.Cast(lengths, to=_D.INT64), op.const(1)), op.const([1]))
    flipped = op.Sub(last, steps)
    index = op.Where(op.Less(flipped, op.const(0)), op.Expand(steps, op.Shape(flipped)), flipped)
    chosen = op.GatherND(lead, op.Unsqueeze(index, op.const([2])), batch_dims=1)
    chosen.type = x.type
    return op.Transpose(chosen, perm=[order.index(i) for i in range(size)])


@handler("PAD", "PADV2")
def pad(op: OpBuilder, node: ir.Node, x: ir.Value, paddings: ir.Value, value: ir.Value | None) -> ir.Value:
    """PAD => Pad; codes are padded with their zero point, PADV2 with its value. Source: pad.cc."""
    fill: ir.Value | np.ndarray | None = value
    if value is None and quantization(x) is not None and x.dtype is not None and x.dtype.is_integer():
        fill = np.array(int(quantization(x).zero_point.flat[0]), x.dtype.numpy())  # type: ignore[union-attr]
    elif value is not None and rank(value) != 0:
        fill = op.Reshape(value, op.const(np.zeros(0, np.int64)))
    pads = _pads(op, paddings)
    narrow = frozenset((_D.INT16, _D.UINT16, _D.BFLOAT16))
    if x.dtype in narrow and fill is not None:
        wide = WIDER[x.dtype]
        filler = op.Cast(fill if isinstance(fill, ir.Value) else op.const(fill), to=wide)
        return op.Cast(op.Pad(op.Cast(x, to=wide), pads, filler), to=x.dtype)
    return moved(op, lambda v: op.Pad(v, pads, fill), x, narrow)


def _pads(op: OpBuilder, paddings: ir.Value) -> ir.Value:
    """[rank, 2] before and after, a row a dimension => all befores, then all afters."""
    known = constant_array(paddings)
    if known is not None:
        return op.const(np.ascontiguousarray(known.reshape(-1, 2).T).ravel().astype(np.int64))
    return op.Reshape(op.Transpose(cast(op, paddings, _D.INT64), perm=[1, 0]), op.const([-1]))


_NO_PAD = frozenset((_D.INT16, _D.UINT16, _D.UINT32, _D.UINT64, _D.FLOAT16, _D.BFLOAT16, _D.BOOL))


_PADDED = frozenset((_D.FLOAT, _D.INT32, _D.INT64, _D.DOUBLE, _D.INT8, _D.UINT8))


@handler("MIRROR_PAD")
def mirror_pad(op: OpBuilder, node: ir.Node, x: ir.Value, paddings: ir.Value, *, mode: str = "REFLECT") -> ir.Value:
    """MIRROR_PAD => Gather along each padded axis with mirrored indices, Pad{reflect}, or Pad{edge}.

    Source: mirror_pad.cc.
    """
    symmetric = mode == "SYMMETRIC"
    known, shape = constant_array(paddings), list(x.shape or ())
    unknown = known is None or not _are_known(shape, np.flatnonzero(known.reshape(-1, 2).any(1)))
    if symmetric and unknown:
        return _mirrored(op, x, paddings)
    if not symmetric and (unknown or x.dtype in _PADDED):
        return moved(op, lambda v: op.Pad(v, _pads(op, paddings), mode="reflect"), x, _NO_PAD)
    assert known is not None
    sizes = [d if isinstance(d, int) else 0 for d in shape]
    if symmetric and known.any() and known.max() == 1 and x.dtype in _PADDED:
        return op.Pad(x, _pads(op, paddings), mode="edge")
    for axis, (before, after) in enumerate(known.reshape(-1, 2)):
        if before or after:
            room((sizes[axis] + max(0, int(before)) + max(0, int(after)),), 16, "the list of the rows that it takes")
            index = np.pad(
                np.arange(sizes[axis]), (int(before), int(after)), mode="symmetric" if symmetric else "reflect"
            )
            x = op.Gather(x, op.const(index), axis=axis)
    return op.Identity(x) if not known.any() else x


def _are_known(shape: list[int | ir.SymbolicDim], axes: np.ndarray) -> bool:
    return not axes.size or (bool(shape) and all(isinstance(shape[axis], int) for axis in axes))


def _mirrored(op: OpBuilder, x: ir.Value, paddings: ir.Value) -> ir.Value:
    """Symmetric padding with computed widths: position i of n shows Min(m, 2n - 1 - m), where m = i mod 2n."""
    flat = vector(op, paddings)
    for axis in range(rank_of(x)):
        size = op.Squeeze(dims(op, x, [axis]), op.const([0]))
        before, after = (op.Gather(flat, op.const(2 * axis + side), axis=0) for side in (0, 1))
        period = op.Mul(size, op.const(2))
        place = op.Mod(op.Range(op.Neg(before), op.Add(size, after), op.const(1)), period)
        x = op.Gather(x, op.Min(place, op.Sub(op.Sub(period, op.const(1)), place)), axis=axis)
    return x


@handler("SPARSE_TO_DENSE")
def sparse_to_dense(
    op: OpBuilder, node: ir.Node, indices: ir.Value, shape: ir.Value, values: ir.Value, default: ir.Value
) -> ir.Value:
    """SPARSE_TO_DENSE => ScatterND into Expand(default). Source: sparse_to_dense.cc."""
    target = vector(op, shape)
    dense = op.Expand(default, target)
    where = reshaped(op, op.Cast(indices, to=_D.INT64), [-1, (static_shape(target) or [op.Shape(target)])[0]])
    updates = op.Expand(
        op.Reshape(values, op.const([-1])),
        shape_until(op, where, 1),
    )
    return op.ScatterND(dense, where, updates)
