"""For NNAPI: integer codes are moved where it moves them, between DequantizeLinear and QuantizeLinear.

NNAPI takes uint8 only with a scale, which codes have in ONNX where they are dequantized or quantized. What it takes:
the rules in `tfonnx_lab/mobile/nnapi`, which were read in ONNX Runtime's core/providers/nnapi.
"""

from __future__ import annotations

from collections import deque

import numpy as np
import onnx_ir as ir

from tfonnx_lab.graph import OpBuilder, Quantization, attr, constant_array, is_onnx, quantization, rank, static_shape
from tfonnx_lab.optimizers._codes import FIRST, LINKED, moves
from tfonnx_lab.patterns import const, onnx, var
from tfonnx_lab.rules import optimizer

UINT8 = ir.DataType.UINT8

GROUPED = ("Concat", "Reshape", "Resize", "Transpose")
"""Ops that move codes and that NNAPI takes as one with the DequantizeLinear and QuantizeLinear around them."""

ALONE = ("Clip", "Gather", "Max", "MaxPool", "Min", "Pad", "Slice", "Split")
"""Ops that move codes and that NNAPI takes in float only, where no DequantizeLinear stands right before them."""

MOVED_PAST = ("MaxPool", "Slice")
"""Those of them that ONNX Runtime would move a QuantizeLinear past, to make a group of them (qdq_propagation.cc)."""

Codes = tuple[float, int]
"""Scale and zero point."""


@optimizer(onnx["Squeeze", "Unsqueeze", "Flatten"](..., name="node"), phase="finish")
def reshape_codes_for_nnapi(op: OpBuilder, node: ir.Node) -> ir.Value | None:
    """Squeeze(uint8) => Reshape(uint8), which NNAPI takes."""
    shape = static_shape(node.outputs[0])
    if op.options.target != "nnapi" or node.outputs[0].dtype != UINT8 or shape is None or node.inputs[0] is None:
        return None
    return op.like(op.Reshape(node.inputs[0], op.const(np.array(shape, np.int64))), node.outputs[0])


@optimizer(onnx[GROUPED](..., name="node"), phase="finish")
def move_codes_as_nnapi_does(op: OpBuilder, node: ir.Node) -> ir.Value | None:
    """Reshape(uint8) => QuantizeLinear(Reshape(DequantizeLinear(uint8))), all of one scale: the codes stay as they
    are."""
    if op.options.target != "nnapi" or node.outputs[0].dtype != UINT8 or _is_constant(node):
        return None
    if node.op_type == "Resize" and attr(node, "mode", "nearest") != "nearest":
        return None
    codes = codes_of(node.outputs[0])
    data = range(len(node.inputs)) if node.op_type == "Concat" else range(1)
    inputs = [_real(op, x, codes) if i in data else x for i, x in enumerate(node.inputs)]
    return _quantized(op, _again(op, node, inputs)[0], node.outputs[0], codes)


@optimizer(onnx[ALONE](..., name="node"), phase="finish")
def move_codes_in_float(op: OpBuilder, node: ir.Node) -> list[ir.Value] | None:
    """Slice(uint8) => QuantizeLinear(Slice(Max(DequantizeLinear(uint8), its lowest value))), of one scale: the codes
    stay.

    The Max changes nothing; it keeps ONNX Runtime from making a group of Slice and its neighbours, which NNAPI refuses.
    """
    if op.options.target != "nnapi" or node.outputs[0].dtype != UINT8 or _is_constant(node):
        return None
    codes = codes_of(node.outputs[0])
    if node.op_type == "Clip":
        return [_quantized(op, _clipped(op, node, codes), node.outputs[0], codes)]
    data = {"Max": (0, 1), "Min": (0, 1), "Pad": (0, 2)}.get(node.op_type, (0,))
    if node.op_type in ("Max", "Min") and len(node.inputs) != 2:
        return None
    inputs = [_real(op, x, codes) if i in data else x for i, x in enumerate(node.inputs)]
    if inputs[0] is None:
        return None
    inputs[0] = apart(op, inputs[0], codes)
    results = _again(op, node, inputs)
    if node.op_type in MOVED_PAST:
        results = [apart(op, y, codes) for y in results]
    return [_quantized(op, y, out, codes) for y, out in zip(results, node.outputs, strict=True)]


def _clipped(op: OpBuilder, node: ir.Node, codes: Codes) -> ir.Value:
    """The real values between the bounds."""
    y = _real(op, node.inputs[0], codes)
    assert y is not None
    for kind, bound in zip(("Max", "Min"), node.inputs[1:], strict=False):
        limit = constant_array(bound)
        if limit is not None:
            y = op.like(op.node(kind, [y, real_of(codes, int(limit.flat[0]))], {}).outputs[0], y)
    return y


@optimizer(onnx.DequantizeLinear(const("x"), const("scale"), var("zero"), name="node"), phase="finish")
def constant_of_one_scale(
    op: OpBuilder, node: ir.Node, x: ir.Value, scale: ir.Value, zero: ir.Value | None
) -> ir.Value | None:
    """DequantizeLinear(constant) where the constant is read with another scale, or is a zero point, too => one of its
    own.

    NNAPI keeps one scale for each tensor of codes, and does not load one that is a zero point.
    """
    found = parameters(node)
    if op.options.target != "nnapi" or x.dtype != UINT8 or found is None:
        return None
    others = [(user, index) for user, index in x.uses() if user is not node or index]
    if all(index == 0 and is_onnx(user, "DequantizeLinear") and parameters(user) == found for user, index in others):
        return None
    quant = Quantization(np.array([found[0]], np.float32), np.array([found[1]], np.int64))
    own = op.const(x.const_value, name=f"{x.name}/own", quant=quant)
    return None if own is x else op.like(op.DequantizeLinear(own, *node.inputs[1:]), node.outputs[0])


@optimizer(onnx.DequantizeLinear(var("x"), const("scale"), var("zero"), name="node"), phase="finish")
def codes_of_one_scale(
    op: OpBuilder, node: ir.Node, x: ir.Value, scale: ir.Value, zero: ir.Value | None
) -> ir.Value | None:
    """DequantizeLinear(x) with another scale than x was written with => of the same codes, written anew with that
    scale."""
    wanted = parameters(node)
    if op.options.target != "nnapi" or x.dtype != UINT8 or x.const_value is not None or wanted is None:
        return None
    maker = x.producer()
    readers = [user for user, index in x.uses() if index == 0 and is_onnx(user, "DequantizeLinear")]
    first = maker if maker is not None and is_onnx(maker, "QuantizeLinear") else readers[0]
    given = parameters(first)
    if given is None or given == wanted:
        return None
    real = _real(op, x, given)
    size = [] if rank(x) == 0 else [1]  # a scale is a number, and no operand may be one (nnapi_ops.operand_of_its_own)
    ratio = np.full(size, wanted[0] / given[0], np.float32)
    moved = op.Add(op.Mul(real, ratio), np.full(size, wanted[0] * (given[1] - wanted[1]), np.float32))
    codes = op.like(op.QuantizeLinear(moved, *_written(op, wanted)), x)
    return op.like(op.DequantizeLinear(codes, *_written(op, wanted)), node.outputs[0])


def apart(op: OpBuilder, real: ir.Value, codes: Codes) -> ir.Value:
    """The real values again, as those of another op: of what stands between it and the next one no group is made."""
    return op.like(op.Max(real, real_of(codes, 0)), real)


def real_of(codes: Codes, code: int) -> np.float32:
    """What a code stands for."""
    return np.float32(np.float32(codes[0]) * np.float32(code - codes[1]))


def codes_of(value: ir.Value) -> Codes:
    """Scale and zero point of uint8 codes: those they are read or written with, through all ops that move them.

    Where there are none, any are right, for the codes are put back as they were: (1, 0).
    """
    seen, queue = {value}, deque([value])
    while queue:
        x = queue.popleft()
        maker, near = x.producer(), []
        for node, index in (*x.uses(), *([] if maker is None else [(maker, -1)])):
            if is_onnx(node, "DequantizeLinear", "QuantizeLinear") and (node is maker or index == 0):
                found = parameters(node)
                if found is not None:
                    return found
            if index == -1 and node.op_type in (*FIRST, *LINKED):
                near += [v for i, v in enumerate(node.inputs) if moves(node, i)]
            elif index >= 0 and moves(node, index):
                near += node.outputs
        for v in near:
            if v is not None and v not in seen and v.dtype == UINT8:
                seen.add(v)
                queue.append(v)
    quant = quantization(value)
    return (float(quant.scale[0]), int(quant.zero_point[0])) if quant is not None and quant.per_tensor else (1.0, 0)


def parameters(node: ir.Node) -> Codes | None:
    """Scale and zero point of a QuantizeLinear or DequantizeLinear, where they are constant and of the whole tensor."""
    scale = constant_array(node.inputs[1])
    zero = constant_array(node.inputs[2]) if len(node.inputs) > 2 else np.zeros((), np.uint8)
    if scale is None or zero is None or scale.size != 1 or zero.size != 1:
        return None
    return float(scale.flat[0]), int(zero.flat[0])


def _real(op: OpBuilder, x: ir.Value | None, codes: Codes) -> ir.Value | None:
    if x is None:
        return None
    if x.const_value is not None:  # a bound or what is padded with
        array = constant_array(x)
        if array is not None and array.size == 1:
            return op.const(real_of(codes, int(array.flat[0])).reshape(array.shape))
    made: ir.Value = op.DequantizeLinear(x, *_written(op, codes))
    made.type, made.shape = ir.TensorType(ir.DataType.FLOAT), None if x.shape is None else x.shape.copy()
    return made


def _quantized(op: OpBuilder, real: ir.Value, out: ir.Value, codes: Codes) -> ir.Value:
    return op.like(op.QuantizeLinear(real, *_written(op, codes)), out)


def _written(op: OpBuilder, codes: Codes) -> tuple[ir.Value, ir.Value]:
    return op.const(np.float32(codes[0])), op.const(np.uint8(codes[1]))


def _again(op: OpBuilder, node: ir.Node, inputs: list[ir.Value | None]) -> list[ir.Value]:
    """The node's op on real values."""
    attributes = {k: v.value for k, v in node.attributes.items()}
    made = op.node(node.op_type, inputs, attributes, outputs=len(node.outputs)).outputs
    for value, out in zip(made, node.outputs, strict=True):
        value.type = ir.TensorType(ir.DataType.FLOAT)
        value.shape = None if out.shape is None else out.shape.copy()
    return list(made)


def _is_constant(node: ir.Node) -> bool:
    return all(x is None or x.const_value is not None for x in node.inputs)
