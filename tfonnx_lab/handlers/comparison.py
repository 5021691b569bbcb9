"""Comparisons and logic.

Ops: EQUAL, GREATER, GREATER_EQUAL, LESS, LESS_EQUAL, LOGICAL_AND, LOGICAL_NOT, LOGICAL_OR, NOT_EQUAL, STABLEHLO_AND,
STABLEHLO_COMPARE, STABLEHLO_OR.
"""

from __future__ import annotations

import numpy as np
import onnx_ir as ir

from tfonnx_lab.graph import EIGHT_BIT, OpBuilder
from tfonnx_lab.handlers.lowering.bits import bitwise
from tfonnx_lab.handlers.lowering.numeric import compared
from tfonnx_lab.handlers.lowering.shape import shape_of
from tfonnx_lab.rules import handler


@handler("EQUAL")
def equal(op: OpBuilder, node: ir.Node, a: ir.Value, b: ir.Value) -> ir.Value:
    """EQUAL => Equal. Source: comparisons.cc."""
    return _equal(op, a, b)


def _equal(op: OpBuilder, a: ir.Value, b: ir.Value) -> ir.Value:
    if a.dtype == ir.DataType.STRING and op.opset < 19:
        return op.Equal(*_numbered(op, a, b))
    if a.dtype == ir.DataType.BOOL:
        return op.Equal(a, b)
    return compared(op, op.Equal, a, b, scaled=(*EIGHT_BIT, ir.DataType.INT16))


def _numbered(op: OpBuilder, a: ir.Value, b: ir.Value) -> list[ir.Value]:
    """Two tensors of strings as numbers, equal where the strings are: their places in Unique of both together."""
    flat = [op.Reshape(x, op.const([-1])) for x in (a, b)]
    first = op.Size(flat[0])
    _, _, places, _ = op.node("Unique", [op.Concat(*flat, axis=0)], {}, outputs=4).outputs
    places.type = ir.TensorType(ir.DataType.INT64)
    ends = op.Reshape(first, op.const([1])), op.const([np.iinfo(np.int64).max])
    parts = op.Slice(places, op.const([0]), ends[0]), op.Slice(places, *ends)
    return [op.Reshape(part, shape_of(op, x)) for part, x in zip(parts, (a, b), strict=True)]


@handler("NOT_EQUAL")
def not_equal(op: OpBuilder, node: ir.Node, a: ir.Value, b: ir.Value) -> ir.Value:
    """NOT_EQUAL => Not(Equal). Source: comparisons.cc."""
    return op.Not(_equal(op, a, b))


@handler("LESS")
def less(op: OpBuilder, node: ir.Node, a: ir.Value, b: ir.Value) -> ir.Value:
    """LESS => Less. Source: comparisons.cc."""
    return compared(op, op.Less, a, b)


@handler("LESS_EQUAL")
def less_equal(op: OpBuilder, node: ir.Node, a: ir.Value, b: ir.Value) -> ir.Value:
    """LESS_EQUAL => LessOrEqual. Source: comparisons.cc."""
    return compared(op, op.LessOrEqual, a, b)


@handler("GREATER")
def greater(op: OpBuilder, node: ir.Node, a: ir.Value, b: ir.Value) -> ir.Value:
    """GREATER => Greater. Source: comparisons.cc."""
    return compared(op, op.Greater, a, b)


@handler("GREATER_EQUAL")
def greater_equal(op: OpBuilder, node: ir.Node, a: ir.Value, b: ir.Value) -> ir.Value:
    """GREATER_EQUAL => GreaterOrEqual. Source: comparisons.cc."""
    return compared(op, op.GreaterOrEqual, a, b)


@handler("STABLEHLO_COMPARE")
def compare(
    op: OpBuilder, node: ir.Node, a: ir.Value, b: ir.Value, *,
    comparison_direction: str = "STABLEHLO_COMPARISON_DIRECTION_EQ"
) -> ir.Value:  # fmt: skip
    """STABLEHLO_COMPARE{direction} => Equal, Less ... Source: the StableHLO specification."""
    kinds = {
        "STABLEHLO_COMPARISON_DIRECTION_EQ": equal,
        "STABLEHLO_COMPARISON_DIRECTION_NE": not_equal,
        "STABLEHLO_COMPARISON_DIRECTION_LT": less,
        "STABLEHLO_COMPARISON_DIRECTION_LE": less_equal,
        "STABLEHLO_COMPARISON_DIRECTION_GT": greater,
        "STABLEHLO_COMPARISON_DIRECTION_GE": greater_equal,
    }
    return kinds[comparison_direction](op, node, a, b)


@handler("LOGICAL_AND")
def logical_and(op: OpBuilder, node: ir.Node, a: ir.Value, b: ir.Value) -> ir.Value:
    """LOGICAL_AND => And. Source: logical.cc."""
    return op.And(a, b)


@handler("LOGICAL_OR")
def logical_or(op: OpBuilder, node: ir.Node, a: ir.Value, b: ir.Value) -> ir.Value:
    """LOGICAL_OR => Or. Source: logical.cc."""
    return op.Or(a, b)


@handler("LOGICAL_NOT")
def logical_not(op: OpBuilder, node: ir.Node, x: ir.Value) -> ir.Value:
    """LOGICAL_NOT => Not. Source: elementwise.cc."""
    return op.Not(x)


@handler("STABLEHLO_AND")
def bitwise_and(op: OpBuilder, node: ir.Node, a: ir.Value, b: ir.Value) -> ir.Value:
    """STABLEHLO_AND => And of bools, BitwiseAnd of integers. Source: stablehlo_elementwise.h."""
    return bitwise(op, "And", a, b)


@handler("STABLEHLO_OR")
def bitwise_or(op: OpBuilder, node: ir.Node, a: ir.Value, b: ir.Value) -> ir.Value:
    """STABLEHLO_OR => Or of bools, BitwiseOr of integers. Source: the StableHLO specification."""
    return bitwise(op, "Or", a, b)
