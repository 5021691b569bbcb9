"""Quotients of indices, which are never negative: rounding toward zero is rounding down.

Ops: FLOOR_DIV (Div), of what ARG_MAX, ARG_MIN, SHAPE, TOPK_V2 ... give.
"""

from __future__ import annotations

import numpy as np
import onnx_ir as ir

from tfonnx_lab.graph import OpBuilder, attr, constant_array, is_onnx
from tfonnx_lab.patterns import onnx, var
from tfonnx_lab.rules import optimizer

_COUNTS = ("ArgMax", "ArgMin", "Shape", "Size", "NonZero")
"""Ops whose results count something."""

_MOVES = ("Cast", "Gather", "GatherND", "Identity", "Reshape", "Slice", "Squeeze", "Transpose", "Unsqueeze")
"""Ops whose results are among the values of their first input."""

_INTEGERS = (ir.DataType.INT32, ir.DataType.INT64)


@optimizer(
    onnx.Cast(onnx.Floor(onnx.Div(onnx.Cast(var("a")), var("b"))), name="node"),
    phase="fuse",
)
def quotient_of_an_index(op: OpBuilder, node: ir.Node, a: ir.Value, b: ir.Value) -> ir.Value | None:
    """Cast(Floor(Div(Cast(a), b))) => Div(a, b), in integers, of a that is never negative and numbers b above 0.

    Both round to the same whole number: the double of the quotient of two int32 is below a whole number where it is.
    """
    divisor = constant_array(b)
    if a.dtype != ir.DataType.INT32 or attr(node, "to") != a.dtype or b.dtype != ir.DataType.DOUBLE:
        return None
    if divisor is None or not _positive(divisor) or not never_negative(a):
        return None
    return op.like(op.Div(a, op.const(divisor.astype(np.int32))), node.outputs[0])


def _positive(divisor: np.ndarray) -> bool:
    """Whole numbers from 1 to the largest int32: a Div by these is defined."""
    return bool(divisor.size and ((divisor >= 1) & (divisor < 2**31) & (divisor == np.floor(divisor))).all())


def never_negative(value: ir.Value | None, depth: int = 8) -> bool:
    """Whether integers are counts: positions, sizes, constants that are so, and what only moves these.

    depth: how many ops behind it are looked at. A count fits int32, as no tensor has more values than that.
    """
    if value is None or value.dtype not in _INTEGERS or depth == 0:
        return False
    known = constant_array(value)
    if known is not None:
        return bool((known >= 0).all())
    made = value.producer()
    if made is None or is_onnx(made, *_COUNTS) or (is_onnx(made, "TopK") and value is made.outputs[1]):
        return made is not None
    if is_onnx(made, *_MOVES):
        return never_negative(made.inputs[0], depth - 1)
    return is_onnx(made, "Concat") and all(never_negative(v, depth - 1) for v in made.inputs)
