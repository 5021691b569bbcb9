"""Convolutions: CONV_2D, DEPTHWISE_CONV_2D."""

from __future__ import annotations

import onnx_ir as ir

from tfonnx_lab.errors import Unsupported
from tfonnx_lab.graph import OpBuilder, attr, static_shape
from tfonnx_lab.handlers.lowering.groups import grouped
from tfonnx_lab.handlers.lowering.layout import padding, to_channels_first, to_channels_last
from tfonnx_lab.rules import handler


@handler("CONV_2D")
def conv_2d(op: OpBuilder, node: ir.Node, x: ir.Value, w: ir.Value, b: ir.Value | None) -> ir.Value:
    """CONV_2D (NHWC, weights OHWI) => Transpose, Conv, Transpose. Groups from the weights' channels. Source: conv.h."""
    kernel = _shape(w)
    weights, groups = grouped(op, x, op.Transpose(w, perm=[0, 3, 1, 2]), kernel[3], kernel[0])
    return _conv(op, node, x, weights, b, kernel[1:3], groups)


@handler("DEPTHWISE_CONV_2D")
def depthwise_conv_2d(op: OpBuilder, node: ir.Node, x: ir.Value, w: ir.Value, b: ir.Value | None) -> ir.Value:
    """DEPTHWISE_CONV_2D (NHWC, weights 1HWO) => Transpose, Conv with a group a channel, Transpose. Source: depthwiseconv_float.h."""
    kernel = _shape(w)
    groups = _channels(node, x, kernel[3])
    return _conv(op, node, x, op.Transpose(w, perm=[3, 0, 1, 2]), b, kernel[1:3], groups)


def _conv(
    op: OpBuilder, node: ir.Node, x: ir.Value, w: ir.Value, b: ir.Value | None, kernel: list[int], groups: int
) -> ir.Value:
    strides = [attr(node, "stride_h", 1), attr(node, "stride_w", 1)]
    dilations = [attr(node, "dilation_h_factor", 1), attr(node, "dilation_w_factor", 1)]
    pads = padding(x, attr(node, "padding", "SAME"), kernel, strides, dilations)
    y = op.Conv(
        to_channels_first(op, x), w, b, kernel_shape=kernel, strides=strides, dilations=dilations, group=groups, **pads
    )
    return to_channels_last(op, y)


def _channels(node: ir.Node, x: ir.Value, outputs: int) -> int:
    """How many channels the input has, each a group: its own dimension, or what the option makes of the output's."""
    channels = None if x.shape is None else list(x.shape)[3]
    if isinstance(channels, int) and channels:
        return channels
    multiplier = attr(node, "depth_multiplier", 0)
    if not multiplier:
        raise Unsupported("neither the number of its input's channels nor its depth multiplier is known")
    return outputs // multiplier


def _shape(w: ir.Value) -> list[int]:
    shape = static_shape(w)
    if shape is None or len(shape) != 4:
        raise Unsupported("the shape of its weights is not known")
    return shape
