"""One of two values, element by element.

Ops: SELECT, SELECT_V2, STABLEHLO_SELECT.
"""

from __future__ import annotations

import onnx_ir as ir

from tfonnx_lab.graph import OpBuilder
from tfonnx_lab.handlers.lowering.numeric import WIDER, cast
from tfonnx_lab.handlers.lowering.shape import rank_of
from tfonnx_lab.rules import handler

_D = ir.DataType
_KERNELS = frozenset((_D.FLOAT, _D.DOUBLE, _D.INT32, _D.INT64, _D.UINT8, _D.STRING))


@handler("SELECT_V2", "STABLEHLO_SELECT")
def select_v2(op: OpBuilder, node: ir.Node, condition: ir.Value, x: ir.Value, y: ir.Value) -> ir.Value:
    """SELECT_V2(c, x, y) => Where, so nothing leaks from the branch that is not taken. Source: select.h."""
    return where(op, condition, x, y)


@handler("SELECT")
def select(op: OpBuilder, node: ir.Node, condition: ir.Value, x: ir.Value, y: ir.Value) -> ir.Value:
    """SELECT(c, x, y) => Where; a condition with one dimension chooses rows. Source: select.cc."""
    if rank_of(condition) == 1 and rank_of(x) > 1:
        condition = op.Reshape(condition, op.const([-1] + [1] * (rank_of(x) - 1)))
    return where(op, condition, x, y)


def where(op: OpBuilder, condition: ir.Value, x: ir.Value, y: ir.Value) -> ir.Value:
    """Where, in a dtype that it has a kernel for."""
    if x.dtype in _KERNELS or x.dtype is None:
        return op.Where(condition, x, y)
    wide = WIDER.get(x.dtype, _D.INT32)
    return op.Cast(op.Where(condition, cast(op, x, wide), cast(op, y, wide)), to=x.dtype)
