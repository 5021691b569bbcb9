"""Softmax by what ONNX Runtime runs faster, or not at all.

Ops: SOFTMAX (Softmax), ARG_MAX (ArgMax).
"""

from __future__ import annotations

import math

import numpy as np
import onnx_ir as ir

from tfonnx_lab.graph import EIGHT_BIT, OpBuilder, attr, constant_array, is_onnx, rank, static_shape, use_count
from tfonnx_lab.patterns import const, onnx, var
from tfonnx_lab.rules import Miss, optimizer

_WORTH = 1 << 16
"""Fewer elements are not worth two more ops."""
_REACH = 80.0
"""Exponentials of numbers that are at most so far apart are normal float32 numbers, and so are their sums."""


@optimizer(onnx.ArgMax(onnx.Softmax(var("x"), name="softmax"), name="node"), phase="fuse")
def largest_without_softmax(op: OpBuilder, node: ir.Node, softmax: ir.Node, x: ir.Value) -> ir.Value | None:
    """ArgMax(Softmax(x)) => ArgMax(x), along one axis: [1, 256, 256, 21] 2110 => 760 us.

    Not with `exact`: where two of x differ by less than float32 shows of their exponentials, the first one counted.
    """
    size = rank(x)
    if op.options.exact or op.options.bits or size is None or x.dtype != ir.DataType.FLOAT:
        return None
    if attr(node, "axis", 0) % size != attr(softmax, "axis", -1) % size:
        raise Miss("it is along another axis")
    options = {name: attr(node, name, default) for name, default in (("keepdims", 1), ("select_last_index", 0))}
    return op.like(op.ArgMax(x, axis=attr(node, "axis", 0), **options), node.outputs[0])


@optimizer(
    onnx.QuantizeLinear(
        onnx.Softmax(onnx.DequantizeLinear(var("codes"), const("step"), ..., name="real"), name="softmax"),
        ...,
        name="node",
    ),
    phase="fuse",
)
def softmax_of_codes_by_parts(
    op: OpBuilder, node: ir.Node, softmax: ir.Node, real: ir.Node, codes: ir.Value, step: ir.Value
) -> ir.Value | None:
    """Softmax(DequantizeLinear(q)) of an image => Exp, over its ReduceSum: 21 channels of 256 x 256 4020 => 2040 us.

    ONNX Runtime's QLinearSoftmax goes from row to row; no largest element need be subtracted where the codes' range is
    known. Channels last or first, 2 of them 1505 => 960 us, 19 of 128 x 128 890 => 510 us.
    """
    shape, scale = static_shape(codes), constant_array(step)
    zero = constant_array(real.inputs[2]) if len(real.inputs) > 2 else np.zeros((), np.uint8)
    if op.options.static or op.options.exact or op.options.bits or codes.dtype not in EIGHT_BIT or shape is None:
        return None
    if scale is None or scale.size != 1 or zero is None or math.prod(shape) < _WORTH:
        return None
    axis = attr(softmax, "axis", -1) % len(shape)
    if shape[axis] * shape[axis] > math.prod(shape):
        raise Miss("its rows are long: few of them are reduced at once")
    if use_count(softmax.outputs[0]) != 1 or not is_onnx(softmax, "Softmax"):
        return None
    x, y = real.outputs[0], softmax.outputs[0]
    ends = np.iinfo(codes.dtype.numpy())
    low, high = ((end - int(zero.ravel()[0])) * float(scale.ravel()[0]) for end in (ends.min, ends.max))
    if high - low > _REACH:
        raise Miss("its codes reach too far for exponentials without the largest subtracted")
    middle = (low + high) / 2
    near = x if abs(middle) < _REACH / 2 else op.like(op.Sub(x, np.float32(middle)), x)
    powers = op.like(op.Exp(near), x)
    total = op.ReduceSum(powers, op.const([axis]), keepdims=1)
    return op.QuantizeLinear(op.like(op.Div(powers, total), y), *node.inputs[1:])
