"""Tables of codes: moved through layouts as one op, and written as the lookup that ONNX Runtime runs fastest."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import onnx_ir as ir

from tfonnx_lab.graph import EIGHT_BIT, OpBuilder, attr, constant_array, rank
from tfonnx_lab.optimizers._channels_last import FIRST, LAST, from_kernel
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


ROWS = 16
"""How many rows at most are looked up separately, each in its copy of the table: threads share rows, not elements."""

_ALONE = 16384
"""Fewer elements than this are not worth a second thread."""


@optimizer(onnx.Gather(const("table"), onnx.Cast(var("codes"), name="cast"), name="node"), phase="fuse")
def lookup_elements(op: OpBuilder, node: ir.Node, table: ir.Value, cast: ir.Node, codes: ir.Value) -> ir.Value | None:
    """Gather(table, Cast(codes)) => Reshape, Cast, GatherElements, Reshape: eight times as fast for single elements.

    What an integer kernel leaves channels last is read in that order, so nothing is transposed.
    """
    array = constant_array(table)
    if array is None or array.shape != (256,) or rank(codes) is None or codes.dtype not in EIGHT_BIT:
        return None
    if 0 in list(codes.shape or ()):
        raise Miss("it is empty")
    if rank(codes) == 4 and from_kernel(codes):
        return op.Transpose(_looked_up(op, table, op.Transpose(codes, perm=LAST)), perm=FIRST)
    return _looked_up(op, table, codes)


def _looked_up(op: OpBuilder, table: ir.Value, codes: ir.Value) -> ir.Value:
    array, dims = constant_array(table), list(codes.shape or ())
    assert array is not None
    rows = _rows(dims)
    flat = codes if len(dims) == 1 and rows == 1 else op.Reshape(codes, op.const([-1] if rows == 1 else [rows, -1]))
    entries = table if rows == 1 else op.const(np.tile(array, (rows, 1)), name=f"{table.name}/rows")
    found: ir.Value = op.GatherElements(entries, op.Cast(flat, to=ir.DataType.INT32), axis=0 if rows == 1 else 1)
    found.type = ir.TensorType(ir.DataType.from_numpy(array.dtype))
    if flat is codes:
        return found
    if sum(not isinstance(d, int) for d in dims) > 1:
        shaped: ir.Value = op.Reshape(found, op.Shape(codes))
    else:
        shaped = op.Reshape(found, op.const([d if isinstance(d, int) else -1 for d in dims]))
    shaped.type, shaped.shape = found.type, None if codes.shape is None else codes.shape.copy()
    return shaped


def _rows(dims: list[Any]) -> int:
    """Into how many rows of equal length the elements are split."""
    known = [d for d in dims if isinstance(d, int)]
    size = math.prod(known) if len(known) == len(dims) else 0
    return max((k for k in range(1, ROWS + 1) if size % k == 0), default=1) if size >= _ALONE else 1
