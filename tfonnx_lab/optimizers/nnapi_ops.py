"""For NNAPI: ops in the form that its provider takes. The rules it goes by are in `tfonnx_lab/mobile/nnapi`."""

from __future__ import annotations

import numpy as np
import onnx_ir as ir

from tfonnx_lab.graph import OpBuilder, attr, constant_array, is_onnx, rank, static_shape
from tfonnx_lab.optimizers.nnapi_codes import UINT8, apart, parameters
from tfonnx_lab.patterns import onnx, var
from tfonnx_lab.rules import optimizer

IN_FLOAT = (
    "Abs", "AveragePool", "Clip", "DepthToSpace", "Div", "Elu", "Exp", "Floor", "GlobalAveragePool", "GlobalMaxPool",
    "LeakyRelu",
    "Log", "Max", "Min", "Neg", "PRelu", "Pow", "ReduceMean", "Relu", "Sigmoid", "Sin", "Softmax", "Sqrt", "Sub",
    "Tanh",
)  # fmt: skip
"""Ops that NNAPI computes in float and refuses as a group with DequantizeLinear and QuantizeLinear around them."""

OPERANDS = ("Add", "Div", "Max", "Min", "Mul", "Pow", "Sub")
"""Ops of two operands, either of which can be a number."""

STEPS = ("Cast", "Ceil", "Equal", "Floor", "Greater", "GreaterOrEqual", "Less", "LessOrEqual", "Mod", "Round", "Sign")
"""Ops whose result jumps where their input changes a little."""

FLOAT = ir.DataType.FLOAT
_RELUS = ((0.0, 6.0), (-1.0, 1.0))


@optimizer(
    onnx[IN_FLOAT](onnx.DequantizeLinear(..., name="dq"), ..., name="node"),
    phase="finish",
    when=lambda options: options.target == "nnapi",
)
def compute_in_float(op: OpBuilder, node: ir.Node, dq: ir.Node) -> ir.Value | None:
    """QuantizeLinear(Sub(DequantizeLinear(x), y)) => QuantizeLinear(Sub(Max(DequantizeLinear(x), its lowest value),
    y)).

    The Max changes nothing. It keeps ONNX Runtime from making a group of the three, which NNAPI refuses; in float it
    takes them.
    """
    x, codes = dq.inputs[0], parameters(dq)
    if x is None or x.dtype != UINT8 or codes is None or len(node.outputs) != 1:
        return None
    users = [user for user, _ in node.outputs[0].uses()]
    if not any(is_onnx(user, "QuantizeLinear") for user in users) or _is_group(node, codes, users):
        return None
    made = op.node(node.op_type, [apart(op, dq.outputs[0], codes), *node.inputs[1:]], dict(_plain(node))).outputs[0]
    return op.like(made, node.outputs[0])


@optimizer(
    onnx.MatMul(onnx.DequantizeLinear(..., name="dq"), onnx.DequantizeLinear(...), name="node"),
    phase="finish",
    when=lambda options: options.target == "nnapi",
)
def batch_of_products_in_float(op: OpBuilder, node: ir.Node, dq: ir.Node) -> ir.Value | None:
    """MatMul(DequantizeLinear(x), DequantizeLinear(y)) => MatMul(Max(DequantizeLinear(x), its lowest value),
    DequantizeLinear(y)), of rank 3 and more: NNAPI multiplies such batches in float, and refuses the group."""
    x, codes = dq.inputs[0], parameters(dq)
    if x is None or x.dtype != UINT8 or codes is None or min(rank(v) or 0 for v in node.inputs) < 3:
        return None
    return op.like(op.MatMul(apart(op, dq.outputs[0], codes), node.inputs[1]), node.outputs[0])


def _is_group(node: ir.Node, codes: tuple[float, int], users: list[ir.Node]) -> bool:
    """An average of one scale, a Softmax whose result has the scale 1/256: NNAPI takes these as a group."""
    wanted = {"AveragePool": codes, "Softmax": (1 / 256, 0)}.get(node.op_type)
    return wanted is not None and len(users) == 1 and parameters(users[0]) == wanted


def _plain(node: ir.Node) -> dict[str, object]:
    return {k: v.value for k, v in node.attributes.items()}


@optimizer(
    onnx.Split(var("x"), var("sizes"), name="node"), phase="finish", when=lambda options: options.target == "nnapi"
)
def split_by_count(op: OpBuilder, node: ir.Node, x: ir.Value, sizes: ir.Value | None) -> list[ir.Value] | None:
    """Split(x, [2, 2, 2]) => Split{num_outputs=3}(x), unequal parts => a Slice each;

    NNAPI's provider crashes on the first form.
    """
    parts = constant_array(sizes)
    if parts is None or x.dtype != FLOAT:
        return None
    axis = int(attr(node, "axis", 0))
    if len(set(parts.tolist())) == 1:
        more = {"num_outputs": parts.size} if op.opset >= 18 else {}
        made = op.node("Split", [x], {"axis": axis, **more}, outputs=parts.size).outputs
        return [op.like(y, out) for y, out in zip(made, node.outputs, strict=True)]
    ends = np.cumsum(parts)
    return [
        op.like(op.Slice(x, op.const([int(end - size)]), op.const([int(end)]), op.const([axis])), out)
        for size, end, out in zip(parts, ends, node.outputs, strict=True)
    ]


@optimizer(onnx.HardSwish(var("x"), name="node"), phase="finish", when=lambda options: options.target == "nnapi")
def hard_swish_of_relu6(op: OpBuilder, node: ir.Node, x: ir.Value) -> ir.Value | None:
    """HardSwish(x) => x * (Clip(x + 3, 0, 6) / 6), of which NNAPI knows every op."""
    if x.dtype != FLOAT:
        return None
    zero, six = op.const(np.float32(0)), op.const(np.float32(6))
    gate = op.Mul(op.Clip(op.Add(x, np.float32(3)), zero, six), np.float32(1 / 6))
    return op.like(op.Mul(x, gate), node.outputs[0])


@optimizer(onnx.Clip(var("x"), ..., name="node"), phase="finish", when=lambda options: options.target == "nnapi")
def clip_by_bounds(op: OpBuilder, node: ir.Node, x: ir.Value) -> ir.Value | None:
    """Clip(x, low, high) => Min(Max(x, low), high); NNAPI's Clip is ReLU6 (0 to 6) and ReLU1 (-1 to 1) only."""
    bounds = [constant_array(v) for v in node.inputs[1:]]
    if x.dtype != FLOAT or any(b is None and v for b, v in zip(bounds, node.inputs[1:], strict=True)):
        return None
    limits = tuple(None if b is None else float(b.flat[0]) for b in bounds)
    if limits in _RELUS:
        return None
    y = x
    for kind, limit in zip(("Max", "Min"), limits, strict=False):
        if limit is not None:
            y = op.like(op.node(kind, [y, np.float32(limit)], {}).outputs[0], node.outputs[0])
    return y


@optimizer(onnx.Reciprocal(var("x"), name="node"), phase="finish", when=lambda options: options.target == "nnapi")
def reciprocal_by_div(op: OpBuilder, node: ir.Node, x: ir.Value) -> ir.Value | None:
    """Reciprocal(x) => 1 / x."""
    if x.dtype != FLOAT:
        return None
    return op.like(op.Div(np.float32(1), x), node.outputs[0])


@optimizer(
    onnx.ReduceSum(var("x"), var("axes"), name="node"), phase="finish", when=lambda options: options.target == "nnapi"
)
def sum_by_mean(op: OpBuilder, node: ir.Node, x: ir.Value, axes: ir.Value | None) -> ir.Value | None:
    """ReduceSum(x) => ReduceMean(x) * how many there are; not where a sum that is a little off would count."""
    along, shape = constant_array(axes), static_shape(x)
    if x.dtype != FLOAT or along is None or not along.size or shape is None:
        return None
    count = int(np.prod([shape[i] for i in along.tolist()]))
    exact = count & (count - 1) == 0  # a power of two
    if not count or not (exact or all(not is_onnx(user, *STEPS) for user, _ in node.outputs[0].uses())):
        return None
    keep = int(attr(node, "keepdims", 1))
    mean = (
        op.ReduceMean(x, axes, keepdims=keep)
        if op.opset >= 18
        else op.ReduceMean(x, axes=along.tolist(), keepdims=keep)
    )
    return op.like(op.Mul(op.like(mean, node.outputs[0]), np.float32(count)), node.outputs[0])


@optimizer(onnx[OPERANDS](..., name="node"), phase="finish", when=lambda options: options.target == "nnapi")
def operand_of_its_own(op: OpBuilder, node: ir.Node) -> ir.Value | None:
    """Add(x, number) => Add(x, [number]).

    NNAPI's provider does not load a constant that is a scale or a bound somewhere else, so no operand may be one of
    these.
    """
    if node.outputs[0].dtype != FLOAT or len(node.inputs) != 2:
        return None
    for index, x in enumerate(node.inputs):
        other, number = node.inputs[1 - index], constant_array(x)
        if number is None or number.ndim or not rank(other):
            continue
        own = op.const(number.reshape(1), name=f"{x.name}/operand")  # type: ignore[union-attr]
        made = op.node(node.op_type, [other, own] if index else [own, other], dict(_plain(node))).outputs[0]
        return op.like(made, node.outputs[0])
    return None
