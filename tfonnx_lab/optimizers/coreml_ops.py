"""For CoreML: ops in the form that its provider takes. The rules it goes by are in `tfonnx_lab/mobile/coreml`."""

from __future__ import annotations

import numpy as np
import onnx_ir as ir

from tfonnx_lab.graph import OpBuilder, attr, constant_array, rank
from tfonnx_lab.patterns import const, onnx, var
from tfonnx_lab.rules import optimizer

FLOAT = ir.DataType.FLOAT


@optimizer(onnx.HardSwish(var("x"), name="node"), phase="finish")
def hard_swish_by_gate(op: OpBuilder, node: ir.Node, x: ir.Value) -> ir.Value | None:
    """HardSwish(x) => x * HardSigmoid{1/6, 1/2}(x)."""
    if op.options.target != "coreml":
        return None
    return op.like(op.Mul(x, op.like(op.HardSigmoid(x, alpha=1 / 6, beta=0.5), x)), node.outputs[0])


@optimizer(onnx.Neg(var("x"), name="node"), phase="finish")
def negative_by_product(op: OpBuilder, node: ir.Node, x: ir.Value) -> ir.Value | None:
    """Neg(x) => x * -1."""
    if op.options.target != "coreml" or x.dtype != FLOAT:
        return None
    return op.like(op.Mul(x, np.float32(-1)), node.outputs[0])


@optimizer(onnx.Abs(var("x"), name="node"), phase="finish")
def absolute_by_maximum(op: OpBuilder, node: ir.Node, x: ir.Value) -> ir.Value | None:
    """Abs(x) => Max(x, x * -1)."""
    if op.options.target != "coreml" or x.dtype != FLOAT:
        return None
    return op.like(op.Max(x, op.like(op.Mul(x, np.float32(-1)), x)), node.outputs[0])


@optimizer(onnx.PRelu(var("x"), const("slope"), name="node"), phase="finish")
def slope_of_channels(op: OpBuilder, node: ir.Node, x: ir.Value, slope: ir.Value) -> ir.Value | None:
    """PRelu(x, slopes [1, C, 1, 1]) => PRelu(x, slopes [C, 1, 1]); of one value a number: the shapes that CoreML
    takes."""
    slopes = constant_array(slope)
    if op.options.target != "coreml" or slopes is None:
        return None
    if slopes.size == 1:
        wanted: tuple[int, ...] = (1,)
    elif slopes.ndim == 4 and slopes.shape[0] == 1:
        wanted = slopes.shape[1:]
    else:
        return None
    if slopes.shape == wanted:
        return None
    own = op.const(slopes.reshape(wanted), name=f"{slope.name}/channels")
    return op.like(op.PRelu(x, own), node.outputs[0])


@optimizer(onnx.ConvTranspose(..., name="node"), phase="finish")
def pads_written(op: OpBuilder, node: ir.Node) -> ir.Value | None:
    """ConvTranspose => ConvTranspose{pads=zeros}, where it has none: CoreML's check reads the attribute without asking
    for it."""
    size = rank(node.inputs[0])
    if (
        op.options.target != "coreml"
        or "pads" in node.attributes
        or attr(node, "auto_pad", "NOTSET") != "NOTSET"
        or not size
    ):
        return None
    attributes = {k: v.value for k, v in node.attributes.items()}
    made = op.node("ConvTranspose", list(node.inputs), {**attributes, "pads": [0] * (2 * (size - 2))}).outputs[0]
    return op.like(made, node.outputs[0])


@optimizer(onnx.Min(var("a"), var("b"), name="node"), phase="finish")
def minimum_by_maximum(op: OpBuilder, node: ir.Node, a: ir.Value, b: ir.Value | None) -> ir.Value | None:
    """Min(a, b) => Max(a * -1, b * -1) * -1."""
    if op.options.target != "coreml" or a.dtype != FLOAT or b is None:
        return None
    turned = [op.like(op.Mul(x, np.float32(-1)), x) for x in (a, b)]
    return op.like(op.Mul(op.like(op.Max(*turned), node.outputs[0]), np.float32(-1)), node.outputs[0])
