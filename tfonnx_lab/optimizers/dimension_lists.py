"""Arithmetic on shapes, where sizes are open: each op on a few numbers costs as much as one on a small tensor.

Ops: SHAPE, STRIDED_SLICE, PACK, EXPAND_DIMS, SQUEEZE, RESHAPE (Shape, Slice, Concat, Unsqueeze, Squeeze, Reshape).
"""

from __future__ import annotations

import numpy as np
import onnx_ir as ir

from tfonnx_lab.graph import OpBuilder, attr, constant_array, is_onnx, rank, static_shape
from tfonnx_lab.patterns import const, onnx, var
from tfonnx_lab.rules import optimizer

_PARTS = 15
"""The opset from which Shape gives a part of the sizes."""


@optimizer(onnx.Concat(var("x"), name="node"), phase="clean")
def concat_of_one(op: OpBuilder, node: ir.Node, x: ir.Value) -> ir.Value | None:
    """Concat(x) => x."""
    return _instead(node, x) if len(node.inputs) == 1 else None


@optimizer(onnx.Slice(var("x"), const("starts"), const("ends"), ..., name="node"), phase="clean")
def slice_of_everything(op: OpBuilder, node: ir.Node, x: ir.Value, starts: ir.Value, ends: ir.Value) -> ir.Value | None:
    """Slice(x) that takes all of it => x."""
    taken, shape = _taken(node), static_shape(x)
    if taken is None or shape is None or any(step != 1 for _, _, step in taken.values()):
        return None
    whole = all(
        axis < len(shape) and slice(*cut).indices(shape[axis]) == (0, shape[axis], 1) for axis, cut in taken.items()
    )
    return _instead(node, x) if whole else None


@optimizer(onnx.Unsqueeze(onnx.Squeeze(var("x"), const("gone")), const("back"), name="node"), phase="clean")
def squeeze_undone(op: OpBuilder, node: ir.Node, x: ir.Value, gone: ir.Value, back: ir.Value) -> ir.Value | None:
    """Unsqueeze(Squeeze(x, axes), axes) => x."""
    return _instead(node, x) if _same_axes(rank(x), gone, back) else None


@optimizer(onnx.Squeeze(onnx.Unsqueeze(var("x"), const("new")), const("gone"), name="node"), phase="clean")
def unsqueeze_undone(op: OpBuilder, node: ir.Node, x: ir.Value, new: ir.Value, gone: ir.Value) -> ir.Value | None:
    """Squeeze(Unsqueeze(x, axes), axes) => x."""
    size, array = rank(x), constant_array(new)
    full = None if size is None or array is None else size + array.size
    return _instead(node, x) if _same_axes(full, new, gone) else None


@optimizer(
    onnx.Slice(onnx.Shape(var("x"), name="shape"), const("starts"), const("ends"), ..., name="node"), phase="clean"
)
def part_of_shape(
    op: OpBuilder, node: ir.Node, shape: ir.Node, x: ir.Value, starts: ir.Value, ends: ir.Value
) -> ir.Value | None:
    """Slice(Shape(x)) => Shape{start, end}(x)."""
    cut = _cut(op, node, shape, rank(x))
    return None if cut is None else op.Shape(x, start=cut[0], end=cut[1])


@optimizer(
    onnx.Slice(
        onnx.Cast(onnx.Shape(var("x"), name="shape"), name="cast"), const("starts"), const("ends"), ..., name="node"
    ),
    phase="clean",
)
def part_of_cast_shape(
    op: OpBuilder, node: ir.Node, cast: ir.Node, shape: ir.Node, x: ir.Value, starts: ir.Value, ends: ir.Value
) -> ir.Value | None:
    """Slice(Cast(Shape(x))) => Cast(Shape{start, end}(x))."""
    cut = _cut(op, node, shape, rank(x))
    return None if cut is None else op.Cast(op.Shape(x, start=cut[0], end=cut[1]), to=attr(cast, "to"))


@optimizer(onnx.Gather(onnx.Shape(var("x"), name="shape"), const("at"), name="node"), phase="clean")
def one_of_shape(op: OpBuilder, node: ir.Node, shape: ir.Node, x: ir.Value, at: ir.Value) -> ir.Value | None:
    """Gather(Shape(x), [i]) => Shape{start=i, end=i + 1}(x)."""
    places, size = constant_array(at), rank(x)
    if places is None or places.shape != (1,) or size is None or op.opset < _PARTS or not _is_whole(shape):
        return None
    first = int(places[0]) % size
    return op.Shape(x, start=first, end=first + 1)


@optimizer(onnx.Cast(onnx.Cast(onnx.Shape(...), name="inner"), name="node"), phase="clean")
def casts_of_shape(op: OpBuilder, node: ir.Node, inner: ir.Node) -> ir.Value | None:
    """Cast{int64}(Cast{int32}(Shape(x))) => Shape(x): no size is beyond 32 bits."""
    wide = attr(node, "to") == ir.DataType.INT64 and attr(inner, "to") in (ir.DataType.INT32, ir.DataType.INT64)
    return _instead(node, inner.inputs[0]) if wide and inner.inputs[0] is not None else None


@optimizer(onnx.Reshape(var("x"), onnx.Concat(..., name="sizes"), name="node"), phase="clean")
def reshape_by_own_sizes(op: OpBuilder, node: ir.Node, x: ir.Value, sizes: ir.Node) -> ir.Value | None:
    """Reshape(x, [x's own size, a computed one, 3]) => Reshape(x, [0, -1, 3]), where no other size is open."""
    if attr(node, "allowzero", 0):
        return None
    found: list[int] = []
    given: list[int] = []
    for part in sizes.inputs:
        array = constant_array(part)
        if array is not None:
            found.extend(int(v) for v in array.ravel())
            given.extend(int(v) for v in array.ravel())
        elif list(getattr(part, "shape", None) or []) != [1]:
            return None
        else:
            found.append(0 if _is_own_size(part, x, len(found)) else -1)
    if found.count(-1) != 1 or any(v <= 0 and v != -1 for v in given):
        return None
    return op.like(op.Reshape(x, op.const(np.array(found, np.int64))), node.outputs[0])


def _is_own_size(part: ir.Value | None, x: ir.Value, at: int) -> bool:
    """Whether a number is the size of x's dimension `at`."""
    maker = None if part is None else part.producer()
    while maker is not None and is_onnx(maker, "Cast") and maker.inputs[0] is not None:
        maker = maker.inputs[0].producer()
    if maker is None or not is_onnx(maker, "Shape") or maker.inputs[0] is not x:
        return False
    return bool(attr(maker, "start", 0) == at and attr(maker, "end") == at + 1)


def _cut(op: OpBuilder, node: ir.Node, shape: ir.Node, size: int | None) -> tuple[int, int] | None:
    """The start and end of a Slice of x's sizes, one after another."""
    taken = _taken(node)
    if op.opset < _PARTS or size is None or taken is None or set(taken) != {0} or not _is_whole(shape):
        return None
    start, stop, step = slice(*taken[0]).indices(size)
    return (start, stop) if step == 1 and start < stop else None


def _is_whole(shape: ir.Node) -> bool:
    return attr(shape, "start", 0) == 0 and attr(shape, "end") is None


def _taken(node: ir.Node) -> dict[int, tuple[int, int, int]] | None:
    """Axis => (start, end, step) of a Slice whose numbers are constants, its axes counted from the first one."""
    arrays = [constant_array(v) for v in node.inputs[1:]]
    size = rank(node.inputs[0])
    if size is None or any(a is None for v, a in zip(node.inputs[1:], arrays, strict=True) if v is not None):
        return None
    starts, ends, axes, steps = (*arrays, None, None)[:4]
    if starts is None or ends is None:
        return None
    places = range(len(starts)) if axes is None else [int(a) % size for a in axes]
    strides = [1] * len(starts) if steps is None else [int(s) for s in steps]
    return {a: (int(s), int(e), k) for a, s, e, k in zip(places, starts, ends, strides, strict=True)}


def _same_axes(size: int | None, first: ir.Value, second: ir.Value) -> bool:
    arrays = [constant_array(v) for v in (first, second)]
    if size is None or any(a is None for a in arrays):
        return False
    places = [sorted(int(v) % size for v in a.ravel()) for a in arrays if a is not None]
    return places[0] == places[1]


def _instead(node: ir.Node, x: ir.Value) -> ir.Value | None:
    """x in the node's place, unless the output's name would be lost, or x is of another graph."""
    out = node.outputs[0]
    if out.is_graph_output() and (x.is_graph_output() or x.producer() is None or x.graph is not out.graph):
        return None
    return x
