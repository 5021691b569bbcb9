"""Strings: what ONNX Runtime gets wrong with them."""

from __future__ import annotations

import onnx_ir as ir

from tfonnx_lab.graph import OpBuilder, attr, rank
from tfonnx_lab.patterns import onnx, var
from tfonnx_lab.rules import optimizer


@optimizer(onnx.Gather(var("x"), var("indices"), name="node"), phase="finish")
def gather_texts(op: OpBuilder, node: ir.Node, x: ir.Value, indices: ir.Value) -> ir.Value | None:
    """Gather{axis}(texts, i) => GatherND(texts, i), the axis being first.

    ONNX Runtime's Gather copies one string of each part where a part has several (seen in 1.32), the others come out
    empty.
    """
    size, count = rank(x), rank(indices)
    if x.dtype != ir.DataType.STRING or size is None or count is None:
        return None
    axis = attr(node, "axis", 0) % max(size, 1)
    if axis == size - 1:
        return None
    order = [axis, *(a for a in range(size) if a != axis)]
    first = op.Transpose(x, perm=order) if axis else x
    made = op.GatherND(first, op.Unsqueeze(op.Cast(indices, to=ir.DataType.INT64), op.const([-1])))
    made.type = x.type
    made.shape = node.outputs[0].shape
    if not axis:
        return made
    back = [*range(count, count + axis), *range(count), *range(count + axis, count + size - 1)]
    return op.Transpose(made, perm=back)
