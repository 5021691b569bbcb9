"""Products of codes with weights, bit for bit: sums in integers, rescaled in fixed point.

Ops: BATCH_MATMUL, CONV_2D, DEPTHWISE_CONV_2D, FULLY_CONNECTED.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import onnx_ir as ir

from tfonnx_lab.arithmetic.fixed_point import quantize_multiplier
from tfonnx_lab.errors import Unsupported
from tfonnx_lab.graph import EIGHT_BIT, OpBuilder, constant_array, quantization, rank, static_shape
from tfonnx_lab.handlers.conv import channels_of
from tfonnx_lab.handlers.lowering import integer
from tfonnx_lab.handlers.lowering.groups import grouped
from tfonnx_lab.handlers.lowering.layout import pad_attributes, to_channels_first, to_channels_last
from tfonnx_lab.handlers.lowering.products import Part, fits, parts_of, sums
from tfonnx_lab.handlers.lowering.rescale import as_codes, reach_of, rescaled, rescaled_wide, round_away
from tfonnx_lab.handlers.lowering.shape import shape_until
from tfonnx_lab.rules.bits import bits_handler, lacking

_D = ir.DataType
F = np.float32


def _taken(node: ir.Node) -> str:
    """Codes in and out, of one scale each; weights of bytes, with one zero point at most; a constant bias."""
    x, w, *rest = node.inputs
    if why := next((y for v in (x, node.outputs[0]) if (y := lacking(v, *EIGHT_BIT, _D.INT16))), ""):
        return why
    quant, bias = quantization(w), rest[0] if rest else None
    if w is None or not fits(w) or quant is None or quant.block:
        return "its weights are no codes of 8 bits"
    if not quant.per_tensor and quant.zero_point.any():
        return "its weights have many zero points"
    if x is None or x.dtype != node.outputs[0].dtype:
        return "its input and its output have two dtypes"
    if node.op_type != "BATCH_MATMUL" and bias is not None and constant_array(bias) is None:
        return "its bias is computed"
    if node.op_type.endswith("CONV_2D") and static_shape(w) is None:
        return "the shape of its weights is not known"
    return ""


@dataclass(frozen=True)
class _Windows:
    """Where the windows of a convolution lie."""

    strides: list[int]
    dilations: list[int]
    padding: str


@bits_handler("CONV_2D", takes=_taken)
def conv_2d_on_codes(
    op: OpBuilder, node: ir.Node, x: ir.Value, w: ir.Value, b: ir.Value | None, *, padding: str = "SAME",
    stride_h: int, stride_w: int, dilation_h_factor: int = 1, dilation_w_factor: int = 1,
    quantized_bias_type: str = "FLOAT32",
) -> ir.Value:  # fmt: skip
    """CONV_2D{on_codes} => ConvInteger, its sums rescaled in fixed point. Source: integer_ops/conv.h, conv.h."""
    shape = static_shape(w)
    assert shape is not None
    parts = parts_of(op, w, (0, 3, 1, 2))
    found = [grouped(op, x, part.value, shape[3], shape[0], zero=part.zero) for part in parts]
    weights = [Part(value, p.zero, p.factor) for (value, _), p in zip(found, parts, strict=True)]
    windows = _Windows([stride_h, stride_w], [dilation_h_factor, dilation_w_factor], padding)
    total = _conv(op, x, weights, shape[1:3], windows, found[0][1])
    narrow = (
        b is not None and b.dtype == _D.INT32 if quantized_bias_type == "FLOAT32" else quantized_bias_type == "INT32"
    )
    return _finished(op, node, total, x, w, b, axis=0, wide=not narrow)


@bits_handler("DEPTHWISE_CONV_2D", takes=_taken)
def depthwise_conv_2d_on_codes(
    op: OpBuilder, node: ir.Node, x: ir.Value, w: ir.Value, b: ir.Value | None, *, padding: str = "SAME",
    stride_h: int, stride_w: int, depth_multiplier: int = 0, dilation_h_factor: int = 1, dilation_w_factor: int = 1,
) -> ir.Value:  # fmt: skip
    """DEPTHWISE_CONV_2D{on_codes} => ConvInteger with a group a channel. Source: integer_ops/depthwise_conv.h."""
    shape = static_shape(w)
    assert shape is not None
    windows = _Windows([stride_h, stride_w], [dilation_h_factor, dilation_w_factor], padding)
    group = channels_of(x, shape[3], depth_multiplier)
    total = _conv(op, x, parts_of(op, w, (3, 0, 1, 2)), shape[1:3], windows, group)
    return _finished(op, node, total, x, w, b, axis=3)


def _conv(
    op: OpBuilder, x: ir.Value, weights: list[Part], kernel: list[int], windows: _Windows, group: int
) -> ir.Value:
    """The sums of a convolution, channels last, as float64."""
    attributes = {"kernel_shape": kernel, "strides": windows.strides, "dilations": windows.dilations, "group": group}
    attributes |= pad_attributes(x, windows.padding, kernel, windows.strides, windows.dilations)
    inputs = [Part(to_channels_first(op, part.value), part.zero, part.factor) for part in parts_of(op, x)]
    return to_channels_last(op, sums(op, "ConvInteger", inputs, weights, attributes))


@bits_handler("FULLY_CONNECTED", takes=_taken)
def fully_connected_on_codes(
    op: OpBuilder, node: ir.Node, x: ir.Value, w: ir.Value, b: ir.Value | None, *, weights_format: str = "DEFAULT",
    keep_num_dims: bool = False,
) -> ir.Value:  # fmt: skip
    """FULLY_CONNECTED{on_codes} => MatMulInteger, its sums rescaled in fixed point. Source: fully_connected.h."""
    shape = static_shape(w)
    if weights_format != "DEFAULT" or shape is None:
        raise Unsupported("its weights are shuffled for one kernel; export the model with the default weights format")
    rows = x
    if not keep_num_dims or rank(x) is None:
        rows = op.like(op.Reshape(x, op.const([-1, shape[1]])), x)
        rows.shape = None
    found = sums(op, "MatMulInteger", parts_of(op, rows), parts_of(op, w, (1, 0)), {})
    made = _finished(op, node, found, x, w, b, axis=0)
    if keep_num_dims and rows is not x:
        return op.Reshape(made, op.Concat(shape_until(op, x, -1), op.const([shape[0]]), axis=0))
    return made


@bits_handler("BATCH_MATMUL", takes=_taken)
def batch_matmul_on_codes(
    op: OpBuilder, node: ir.Node, x: ir.Value, y: ir.Value, *, adj_x: bool = False, adj_y: bool = False
) -> ir.Value:
    """BATCH_MATMUL{on_codes} => MatMulInteger, its sums rescaled in fixed point. Source: batch_matmul.h."""
    perms = [_last_swapped(v) if swapped else None for v, swapped in ((x, adj_x), (y, adj_y))]
    first, second = (parts_of(op, v, p) for v, p in zip((x, y), perms, strict=True))
    found = sums(op, "MatMulInteger", first, second, {})
    return _finished(op, node, found, x, y, None, axis=0)


def _last_swapped(x: ir.Value) -> list[int]:
    size = rank(x)
    if size is None:
        raise Unsupported("its rank is not known")
    return [*range(size - 2), size - 1, size - 2]


def _finished(
    op: OpBuilder, node: ir.Node, found: ir.Value, x: ir.Value, w: ir.Value, b: ir.Value | None, *, axis: int,
    wide: bool = True,
) -> ir.Value:  # fmt: skip
    """The codes of sums: plus the bias, rescaled.

    axis: of the output channels in the weights.
    wide: whether LiteRT adds up 64 bits for codes of 16, which it rescales with half the bits of a multiplier.
    """
    out, bias = node.outputs[0], None if b is None else constant_array(b)
    if bias is not None and bias.any():
        found = op.Add(found, bias.astype(np.float64))
    if node.op_type == "FULLY_CONNECTED":  # the only reference kernel that multiplies by the real scale
        real = np.array(_exact_scales(x, w, out), np.float64)
        return as_codes(op, round_away(op, op.Mul(found, real if real.size > 1 else real[0])), out)
    reals = _scales(node, x, w)
    if x.dtype == _D.INT16 and wide:
        return rescaled_wide(op, found, [quantize_multiplier(r) for r in reals], out)
    return rescaled(op, found, reals, out, _most(x, w, bias, axis))


def _scales(node: ir.Node, x: ir.Value, w: ir.Value) -> list[float]:
    """The real multipliers: one, or one for each output channel.

    Source: PopulateConvolutionQuantizationParams; GetQuantizedConvolutionMultipler multiplies in float32.
    """
    quant = quantization(w)
    assert quant is not None
    if quant.per_tensor and (x.dtype == _D.UINT8 or not node.op_type.endswith("CONV_2D")):
        product = F(integer.scale_of(x)[0]) * F(quant.scale.reshape(-1)[0])
        return [float(product) / float(integer.scale_of(node.outputs[0])[0])]
    return _exact_scales(x, w, node.outputs[0])


def _exact_scales(x: ir.Value, w: ir.Value, out: ir.Value) -> list[float]:
    """The real multipliers in float64: one, or one for each output channel."""
    quant = quantization(w)
    assert quant is not None
    source, target = float(integer.scale_of(x)[0]), float(integer.scale_of(out)[0])
    return [source * float(s) / target for s in quant.scale.reshape(-1)]


def _most(x: ir.Value, w: ir.Value, bias: np.ndarray | None, axis: int) -> float:
    """No sum is larger."""
    weights = constant_array(w)
    if weights is None:
        shape = static_shape(x)
        return 2.0**31 if shape is None else min(2.0**31, float(reach_of(x) * reach_of(w) * max(shape)))
    zero = integer.scale_of(w)[1]
    others = tuple(i for i in range(weights.ndim) if i != axis)
    found = reach_of(x) * np.abs(weights.astype(np.float64) - zero).sum(others)
    return min(
        2.0**31, float((found if bias is None or found.size != bias.size else found + np.abs(bias)).max(initial=0))
    )
