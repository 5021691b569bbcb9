"""Layout, at the end: what is left of the Transposes is made as cheap as it can be."""

from __future__ import annotations

import onnx_ir as ir

from tfonnx_lab.graph import EIGHT_BIT, OpBuilder, attr, constant_array, is_onnx, rank
from tfonnx_lab.optimizers._channels_last import FIRST, LAST, from_kernel, into_kernel, meets_kernel
from tfonnx_lab.patterns import onnx, var
from tfonnx_lab.rules import Miss, optimizer


@optimizer(onnx.Transpose(var("x"), name="node"), phase="fuse")
def transpose_of_ones_is_reshape(op: OpBuilder, node: ir.Node, x: ir.Value) -> ir.Value | None:
    """Transpose(x) that moves only dimensions of size one => Reshape(x)."""
    shape = list(x.shape) if x.shape is not None else None
    perm = attr(node, "perm")
    if shape is None or perm is None or len(shape) != len(perm) or 0 in shape:
        return None
    moving = [p for p in perm if shape[p] != 1]
    if moving != sorted(moving):
        return None
    target = [shape[p] for p in perm]
    if len(perm) == 4 and (from_kernel(x) or into_kernel(node.outputs[0])):
        raise Miss("an integer kernel next to it is channels last, where ONNX Runtime needs no Transpose")
    if sum(not isinstance(d, int) for d in target) > 1:
        raise Miss("two dimensions are not known, so no Reshape can name them")
    return op.Reshape(x, op.const([d if isinstance(d, int) else -1 for d in target]))


@optimizer(onnx["Reshape", "Squeeze"](onnx.QuantizeLinear(...), ..., name="node"), phase="finish")
def ones_are_read_channels_last(op: OpBuilder, node: ir.Node) -> ir.Value | None:
    """Squeeze(x), codes [n, c, 1, 1] of an integer kernel => Reshape(Transpose(x)): ONNX Runtime has them channels
    last."""
    x, out = node.inputs[0], node.outputs[0]
    if x is None or x.shape is None or list(x.shape)[2:] != [1, 1] or not from_kernel(x):
        return None
    target = None if out.shape is None else [d if isinstance(d, int) else -1 for d in out.shape]
    if target is None or 0 in target or target.count(-1) > 1:
        raise Miss("two dimensions are not known, so no Reshape can name them")
    return op.Reshape(op.Transpose(x, perm=LAST), op.const(target))


@optimizer(onnx.Reshape(var("x"), ..., name="node"), phase="finish")
def ones_are_given_channels_last(op: OpBuilder, node: ir.Node, x: ir.Value) -> ir.Value | None:
    """Reshape(x) to codes [n, c, 1, 1] for an integer kernel => Transpose(Reshape(x)): ONNX Runtime wants them channels
    last."""
    out = node.outputs[0]
    dims = [] if out.shape is None else list(out.shape)
    if x.dtype not in EIGHT_BIT or len(dims) != 4 or dims[2:] != [1, 1]:
        return None
    target = [d if isinstance(d, int) else -1 for d in (dims[0], 1, 1, dims[1])]
    if target.count(-1) > 1 or 0 in target or target[3] == 1 or not meets_kernel(out):
        return None
    return op.Transpose(op.Reshape(x, op.const(target)), perm=FIRST)


@optimizer(
    onnx.Transpose(onnx.DequantizeLinear(var("x"), var("scale"), ..., name="dq"), name="node"),
    phase="fuse",
    after=("transpose_of_ones_is_reshape",),
)
def transpose_codes_not_reals(
    op: OpBuilder, node: ir.Node, dq: ir.Node, x: ir.Value, scale: ir.Value
) -> ir.Value | None:
    """Transpose(DequantizeLinear(x)) => DequantizeLinear(Transpose(x)): a quarter of the bytes, and the op behind it
    fuses."""
    if attr(dq, "block_size", 0) or x.const_value is not None:
        return None
    perm = list(attr(node, "perm"))
    axis = None if rank(scale) == 0 else perm.index(attr(dq, "axis", 1) % len(perm))
    moved = op.Transpose(x, perm=perm)
    return op.DequantizeLinear(moved, *dq.inputs[1:], axis=axis)


@optimizer(
    onnx.Reshape(
        onnx["Reshape", "Squeeze", "Unsqueeze", "Flatten"](var("x"), ..., name="inner"), var("shape"), name="node"
    )
)
def merge_reshapes(op: OpBuilder, node: ir.Node, inner: ir.Node, x: ir.Value, shape: ir.Value) -> ir.Value | None:
    """Reshape(Reshape(x)) => Reshape(x)."""
    target = constant_array(shape)
    if target is None or (0 in target):
        return None
    return op.Reshape(x, shape)


def _keeps_the_rank(node: ir.Node) -> bool:
    size, target = rank(node.inputs[0]), node.inputs[1]
    return target is not None and target.const_value is not None and target.const_value.size == size


@optimizer(onnx.Reshape(var("x"), var("shape"), name="node"), only=_keeps_the_rank)
def drop_reshape_to_itself(op: OpBuilder, node: ir.Node, x: ir.Value, shape: ir.Value) -> ir.Value | None:
    """Reshape(x) to the shape that x has => x."""
    target = constant_array(shape)
    if target is None or x.shape is None or 0 in target or 0 in list(x.shape):
        return None
    pairs = [(int(want), dim) for want, dim in zip(target, x.shape, strict=True)]
    same = all(want == dim or want == -1 for want, dim in pairs)
    return x if same and sum(not isinstance(dim, int) for _, dim in pairs) <= 1 else None


@optimizer(onnx.Reshape(onnx.Transpose(var("x"), name="t"), var("shape"), name="node"), phase="layout")
def reshape_of_ones(op: OpBuilder, node: ir.Node, t: ir.Node, x: ir.Value, shape: ir.Value) -> ir.Value | None:
    """Reshape(Transpose(x)) where the Transpose moves only dimensions of size one => Reshape(x)."""
    dims = list(x.shape) if x.shape is not None else None
    if dims is None or not is_onnx(t, "Transpose"):
        return None
    moving = [p for p in attr(t, "perm") if dims[p] != 1]
    target = constant_array(shape)
    return op.Reshape(x, shape) if moving == sorted(moving) and (target is None or 0 not in target) else None
