"""Tables of codes."""

from __future__ import annotations

import onnx_ir as ir

from tfonnx_lab.graph import OpBuilder
from tfonnx_lab.rules import handler


@handler("LOOKUP_CODES")
def lookup_codes(op: OpBuilder, node: ir.Node, x: ir.Value, table: ir.Value) -> ir.Value:
    """LOOKUP_CODES(q, table) => Gather(table, q); negative codes count from its end. A made-up op: an 8-bit unary op.

    Source: LookupTable in internal/reference/integer_ops/lut.h.
    """
    return op.Gather(table, op.Cast(x, to=ir.DataType.INT32))
