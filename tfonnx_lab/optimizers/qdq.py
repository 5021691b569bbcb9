"""Q/DQ beside their op: what only moves elements moves codes, and does not stand between an op and its Q or DQ."""

from __future__ import annotations

import numpy as np
import onnx_ir as ir

from tfonnx_lab.graph import OpBuilder, attr, constant_array, is_onnx, rank, tensor_of
from tfonnx_lab.patterns import const, onnx, var
from tfonnx_lab.rules import optimizer

RESHAPING = ("Reshape", "Squeeze", "Unsqueeze")


@optimizer(onnx[RESHAPING](onnx.DequantizeLinear(const("x"), var("scale"), ..., name="dq"), ..., name="node"))
def fold_reshape_of_codes(op: OpBuilder, node: ir.Node, dq: ir.Node, x: ir.Value, scale: ir.Value) -> ir.Value | None:
    """Reshape(DequantizeLinear(constant)) => DequantizeLinear(constant), for one scale."""
    array, shape = constant_array(x), node.outputs[0].shape
    if array is None or rank(scale) != 0 or shape is None or not all(isinstance(d, int) for d in shape):
        return None
    codes = tensor_of(np.reshape(array, [int(d) for d in shape if isinstance(d, int)]), x.dtype)
    return op.DequantizeLinear(op.const(codes, name=f"{x.name}/reshaped"), *dq.inputs[1:])


@optimizer(onnx[RESHAPING](onnx.DequantizeLinear(var("x"), var("scale"), ..., name="dq"), ..., name="node"))
def reshape_codes_before(op: OpBuilder, node: ir.Node, dq: ir.Node, x: ir.Value, scale: ir.Value) -> ir.Value | None:
    """Reshape(DequantizeLinear(x)) => DequantizeLinear(Reshape(x)), so DequantizeLinear stands before the op that reads
    it."""
    if x.const_value is not None or rank(scale) != 0 or _as_nnapi_does(op, dq, node):
        return None
    return op.DequantizeLinear(_same(op, node, x), *dq.inputs[1:])


@optimizer(onnx.QuantizeLinear(onnx[RESHAPING](var("x"), ..., name="move"), var("scale"), ..., name="node"))
def reshape_codes_behind(op: OpBuilder, node: ir.Node, move: ir.Node, x: ir.Value, scale: ir.Value) -> ir.Value | None:
    """QuantizeLinear(Reshape(x)) => Reshape(QuantizeLinear(x)), so QuantizeLinear stands behind the op that wrote
    it."""
    maker = x.producer()
    if (
        rank(scale) != 0
        or maker is None
        or _as_nnapi_does(op, maker, move)
        or len(move.outputs[0].uses()) != 1
        or move.outputs[0].is_graph_output()
    ):
        return None
    return _same(op, move, op.QuantizeLinear(x, *node.inputs[1:]))


def _as_nnapi_does(op: OpBuilder, before: ir.Node, move: ir.Node) -> bool:
    """Whether it stands between DequantizeLinear and QuantizeLinear, as NNAPI takes what moves codes."""
    users = [user for user, _ in move.outputs[0].uses()]
    return (
        op.options.target == "nnapi"
        and is_onnx(before, "DequantizeLinear")
        and bool(users)
        and all(is_onnx(user, "QuantizeLinear") for user in users)
    )


def _same(op: OpBuilder, node: ir.Node, x: ir.Value) -> ir.Value:
    """The node on another input."""
    made = op.node(node.op_type, [x, *node.inputs[1:]], {k: v.value for k, v in node.attributes.items()}).outputs[0]
    made.shape = None if node.outputs[0].shape is None else node.outputs[0].shape.copy()
    if x.dtype is not None:
        made.type = ir.TensorType(x.dtype)
    return made


@optimizer(
    onnx.QuantizeLinear(
        onnx.DequantizeLinear(var("x"), var("scale"), var("zero"), name="dq"), var("scale"), var("zero"), name="node"
    )
)
def drop_requantization_to_the_same(
    op: OpBuilder, node: ir.Node, dq: ir.Node, x: ir.Value, scale: ir.Value, zero: ir.Value
) -> ir.Value | None:
    """QuantizeLinear(DequantizeLinear(x)) with one scale and zero point => x."""
    same = attr(dq, "axis", 1) == attr(node, "axis", 1) and attr(dq, "block_size", 0) == attr(node, "block_size", 0)
    return x if same and x.dtype == node.outputs[0].dtype else None


FIRST_WITHOUT_KERNEL = 28
"""ONNX Runtime 1.32 has kernels for QuantizeLinear and DequantizeLinear of opsets up to 27."""


@optimizer(onnx["QuantizeLinear", "DequantizeLinear"](..., name="node"), phase="finish")
def quantization_with_a_kernel(op: OpBuilder, node: ir.Node) -> ir.Value | None:
    """QuantizeLinear of opset 28 => com.microsoft's, which ONNX Runtime has and fuses just the same; not in a portable
    file."""
    if op.opset < FIRST_WITHOUT_KERNEL or attr(node, "block_size", 0) or op.options.target == "portable":
        return None
    attributes = {"axis": attr(node, "axis")} if rank(node.inputs[1]) else {}
    made = op.ms.node(node.op_type, node.inputs, attributes)
    return op.like(made.outputs[0], node.outputs[0])
