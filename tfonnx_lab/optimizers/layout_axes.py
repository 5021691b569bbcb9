"""Layout, continued: Transposes behind ops that name axes, which are renamed."""

from __future__ import annotations

import numpy as np
import onnx_ir as ir

from tfonnx_lab.graph import OpBuilder, attr, constant_array, is_onnx, rank
from tfonnx_lab.graph.handed_on import Perm
from tfonnx_lab.optimizers._transposes import behind, transposed
from tfonnx_lab.optimizers.layout import without
from tfonnx_lab.patterns import onnx, var
from tfonnx_lab.rules import Miss, optimizer

REDUCTIONS = (
    "ReduceMean",
    "ReduceSum",
    "ReduceMax",
    "ReduceMin",
    "ReduceProd",
    "ReduceL2",
    "ReduceL1",
    "ReduceSumSquare",
    "ReduceLogSumExp",
)


@optimizer(onnx.Concat(..., name="node"), phase="layout")
def transpose_behind_concat(op: OpBuilder, node: ir.Node) -> list[ir.Value] | None:
    """Concat(Transpose(a), Transpose(b)) => Transpose(Concat(a, b)), its axis renamed."""
    perms = [t[1] for t in map(transposed, node.inputs) if t is not None]
    if not perms:
        return None
    perm = max(perms, key=perms.count)
    inputs = [_exactly(op, v, perm) for v in node.inputs]
    if any(v is None for v in inputs):
        raise Miss("another input has no Transpose of this kind")
    return behind(op, node, inputs, perm, axis=perm[attr(node, "axis") % len(perm)])


def _exactly(op: OpBuilder, value: ir.Value | None, perm: Perm) -> ir.Value | None:
    """As `without`, but nothing may be broadcast."""
    array = constant_array(value)
    if array is not None and (array.ndim != len(perm) or array.size == 1):
        return None
    return without(op, value, perm) if transposed(value) is not None or rank(value) == len(perm) else None


@optimizer(
    onnx["Softmax", "LogSoftmax", "Hardmax", "LpNormalization"](onnx.Transpose(var("x"), name="t"), name="node"),
    phase="layout",
)
def transpose_behind_softmax(op: OpBuilder, node: ir.Node, t: ir.Node, x: ir.Value) -> list[ir.Value]:
    """Softmax(Transpose(x)) => Transpose(Softmax(x)), its axis renamed.

    A float Softmax of more than one row stays along the last axis: ONNX Runtime's goes along another one element by
    element, [1, 21, 256, 256] 19700 us, with the Transpose before it 2400; [1, 5, 16, 16] 21 and 11.
    """
    perm = tuple(attr(t, "perm"))
    axis = perm[attr(node, "axis", -1) % len(perm)]
    if axis != len(perm) - 1 and node.op_type in ("Softmax", "LogSoftmax") and _of_real_rows(op, node, x):
        raise Miss("ONNX Runtime's Softmax is fast along the last axis only")
    return behind(op, node, [x], perm, axis=axis)


def _of_real_rows(op: OpBuilder, node: ir.Node, x: ir.Value) -> bool:
    """Whether it takes several rows of floats; of codes one kernel is made."""
    maker, out = x.producer(), node.outputs[0]
    if (
        op.options.static
        or out.dtype != ir.DataType.FLOAT
        or (maker is not None and is_onnx(maker, "DequantizeLinear"))
    ):
        return False
    dims = list(out.shape or [None])
    axis = attr(node, "axis", -1) % len(dims)
    return len(dims) == 1 or any(size != 1 for i, size in enumerate(dims) if i != axis)


@optimizer(onnx.Split(onnx.Transpose(var("x"), name="t"), ..., name="node"), phase="layout")
def transpose_behind_split(op: OpBuilder, node: ir.Node, t: ir.Node, x: ir.Value) -> list[ir.Value]:
    """Split(Transpose(x)) => Transpose of each part of Split(x)."""
    perm = tuple(attr(t, "perm"))
    return behind(op, node, [x, *node.inputs[1:]], perm, axis=perm[attr(node, "axis", 0) % len(perm)])


@optimizer(onnx.Pad(onnx.Transpose(var("x"), name="t"), ..., name="node"), phase="layout")
def transpose_behind_pad(op: OpBuilder, node: ir.Node, t: ir.Node, x: ir.Value) -> list[ir.Value]:
    """Pad(Transpose(x)) => Transpose(Pad(x)), its pads in the other order."""
    perm = tuple(attr(t, "perm"))
    pads = constant_array(node.inputs[1])
    if pads is None or (len(node.inputs) > 3 and node.inputs[3] is not None):
        raise Miss("its pads are computed, or name axes")
    if _windows_are_cut(node.outputs[0]):
        raise Miss("windows are cut out of it, all of which would be moved")
    old, new = pads.reshape(2, len(perm)), np.zeros((2, len(perm)), np.int64)
    new[:, list(perm)] = old
    return behind(op, node, [x, op.const(new.ravel()), *node.inputs[2:3]], perm)


def _windows_are_cut(value: ir.Value) -> bool:
    """Whether the pieces cut out of it are put side by side, as `handlers/dynamic_range_conv.py` does."""
    cuts = [user.outputs[0] for user, _ in value.uses() if is_onnx(user, "Slice")]
    readers = {user for cut in cuts for user, _ in cut.uses()}
    return len(cuts) > 2 and len(readers) == 1 and is_onnx(readers.pop(), "Concat")


@optimizer(onnx.Slice(onnx.Transpose(var("x"), name="t"), ..., name="node"), phase="layout")
def transpose_behind_slice(op: OpBuilder, node: ir.Node, t: ir.Node, x: ir.Value) -> list[ir.Value]:
    """Slice(Transpose(x)) => Transpose(Slice(x)), its axes renamed."""
    perm = tuple(attr(t, "perm"))
    starts, ends, axes, steps = (*node.inputs[1:], None, None)[:4]
    given = constant_array(axes)
    count = list(starts.shape or ())[0] if starts is not None and starts.shape is not None else None
    if (axes is not None and given is None) or (axes is None and not isinstance(count, int)):
        raise Miss("its axes are computed")
    if _windows_are_cut(t.outputs[0]):
        raise Miss("windows are cut out of it, all of which would be moved")
    old = range(int(count)) if given is None else [int(a) % len(perm) for a in given]  # type: ignore[arg-type]
    return behind(op, node, [x, starts, ends, op.const([perm[a] for a in old]), steps], perm)


@optimizer(onnx[REDUCTIONS](onnx.Transpose(var("x"), name="t"), ..., name="node"), phase="layout")
def transpose_behind_reduce(op: OpBuilder, node: ir.Node, t: ir.Node, x: ir.Value) -> list[ir.Value]:
    """ReduceMean(Transpose(x)) => Transpose(ReduceMean(x)) over the renamed axes; what is left keeps its order."""
    perm = tuple(attr(t, "perm"))
    axes = attr(node, "axes")
    by_input = len(node.inputs) > 1 and node.inputs[1] is not None
    if by_input:
        axes = constant_array(node.inputs[1])
    if axes is None or len(axes) == 0:
        raise Miss("its axes are computed, or all")
    new = sorted(perm[int(a) % len(perm)] for a in axes)
    rest = perm
    if not attr(node, "keepdims", 1):
        left = [p for p in perm if p not in new]
        rest = tuple(sorted(left).index(p) for p in left)
    if by_input:
        return behind(op, node, [x, op.const(new)], rest)
    return behind(op, node, [x], rest, axes=new)


@optimizer(onnx["ArgMax", "ArgMin"](onnx.Transpose(var("x"), name="t"), name="node"), phase="layout")
def transpose_behind_arg_max(op: OpBuilder, node: ir.Node, t: ir.Node, x: ir.Value) -> list[ir.Value]:
    """ArgMax(Transpose(x)) => Transpose(ArgMax(x)) over the renamed axis."""
    perm = tuple(attr(t, "perm"))
    axis = perm[attr(node, "axis", 0) % len(perm)]
    rest = perm
    if not attr(node, "keepdims", 1):
        left = [p for p in perm if p != axis]
        rest = tuple(sorted(left).index(p) for p in left)
    return behind(op, node, [x], rest, axis=axis)


@optimizer(onnx.Gather(onnx.Transpose(var("x"), name="t"), var("indices"), name="node"), phase="layout")
def transpose_behind_gather(op: OpBuilder, node: ir.Node, t: ir.Node, x: ir.Value, indices: ir.Value) -> list[ir.Value]:
    """Gather(Transpose(x), scalar or list) => Transpose(Gather(x)) along the renamed axis."""
    perm = tuple(attr(t, "perm"))
    axis = perm[attr(node, "axis", 0) % len(perm)]
    size = rank(indices)
    if size == 1:
        return behind(op, node, [x, indices], perm, axis=axis)
    if size != 0:
        raise Miss("its indices have more than one dimension")
    left = [p for p in perm if p != axis]
    return behind(op, node, [x, indices], tuple(sorted(left).index(p) for p in left), axis=axis)


@optimizer(onnx.Shape(onnx.Transpose(var("x"), name="t"), name="node"), phase="layout")
def shape_before_transpose(op: OpBuilder, node: ir.Node, t: ir.Node, x: ir.Value) -> ir.Value:
    """Shape(Transpose(x)) => Gather(Shape(x), perm)."""
    perm = list(attr(t, "perm"))
    return op.Gather(op.Shape(x), op.const(perm[attr(node, "start", 0) : attr(node, "end", len(perm))]), axis=0)
