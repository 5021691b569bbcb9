"""Convolutions: CONV_2D, DEPTHWISE_CONV_2D."""

from __future__ import annotations

from dataclasses import dataclass

import onnx_ir as ir

from tfonnx_lab.errors import Unsupported
from tfonnx_lab.graph import OpBuilder, static_shape
from tfonnx_lab.handlers.lowering.groups import grouped
from tfonnx_lab.handlers.lowering.layout import pad_attributes, to_channels_first, to_channels_last
from tfonnx_lab.rules import handler


@handler("CONV_2D")
def conv_2d(
    op: OpBuilder, node: ir.Node, x: ir.Value, w: ir.Value, b: ir.Value | None, *, padding: str = "SAME",
    stride_h: int, stride_w: int, dilation_h_factor: int = 1, dilation_w_factor: int = 1,
) -> ir.Value:  # fmt: skip
    """CONV_2D (NHWC, weights OHWI) => Transpose, Conv, Transpose. Groups from the weights' channels.

    Beyond 3.4e38 it is infinity, as in XNNPACK; LiteRT's reference has 3.4e38 (docs/limits.md).
    Source: conv.h.
    """
    kernel = _shape(w)
    weights, groups = grouped(op, x, op.Transpose(w, perm=[0, 3, 1, 2]), kernel[3], kernel[0])
    windows = _Windows(kernel[1:3], [stride_h, stride_w], [dilation_h_factor, dilation_w_factor], padding)
    return _conv(op, x, weights, b, windows, groups)


@handler("DEPTHWISE_CONV_2D")
def depthwise_conv_2d(
    op: OpBuilder, node: ir.Node, x: ir.Value, w: ir.Value, b: ir.Value | None, *, padding: str = "SAME",
    stride_h: int, stride_w: int, depth_multiplier: int = 0, dilation_h_factor: int = 1, dilation_w_factor: int = 1,
) -> ir.Value:  # fmt: skip
    """DEPTHWISE_CONV_2D (NHWC, weights 1HWO) => Transpose, Conv with a group a channel, Transpose.

    Beyond 3.4e38 it is infinity, as in XNNPACK; LiteRT's reference has 3.4e38 (docs/limits.md).
    Source: depthwiseconv_float.h.
    """
    kernel = _shape(w)
    groups = channels_of(x, kernel[3], depth_multiplier)
    windows = _Windows(kernel[1:3], [stride_h, stride_w], [dilation_h_factor, dilation_w_factor], padding)
    return _conv(op, x, op.Transpose(w, perm=[3, 0, 1, 2]), b, windows, groups)


@dataclass(frozen=True)
class _Windows:
    """Height and width of the kernel, its strides and dilations, and TFLite's padding."""

    kernel: list[int]
    strides: list[int]
    dilations: list[int]
    padding: str


def _conv(op: OpBuilder, x: ir.Value, w: ir.Value, b: ir.Value | None, windows: _Windows, groups: int) -> ir.Value:
    kernel, strides, dilations = windows.kernel, windows.strides, windows.dilations
    pads = pad_attributes(x, windows.padding, kernel, strides, dilations)
    y = op.Conv(
        to_channels_first(op, x), w, b, kernel_shape=kernel, strides=strides, dilations=dilations, group=groups, **pads
    )
    return to_channels_last(op, y)


def channels_of(x: ir.Value, outputs: int, multiplier: int) -> int:
    """How many channels the input has, each a group: its own dimension, or what the option makes of the output's."""
    channels = None if x.shape is None else list(x.shape)[3]
    if isinstance(channels, int) and channels:
        return channels
    if not multiplier:
        raise Unsupported("neither the number of its input's channels nor its depth multiplier is known")
    return outputs // multiplier


def _shape(w: ir.Value) -> list[int]:
    shape = static_shape(w)
    if shape is None or len(shape) != 4:
        raise Unsupported("the shape of its weights is not known")
    return shape
