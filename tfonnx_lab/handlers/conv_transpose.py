"""TRANSPOSE_CONV, CONV_3D_TRANSPOSE and CONV_3D."""

from __future__ import annotations

import numpy as np
import onnx_ir as ir

from tfonnx_lab.errors import Unsupported
from tfonnx_lab.graph import OpBuilder, static_shape
from tfonnx_lab.handlers.lowering.layout import pad_attributes, to_channels_first, to_channels_last
from tfonnx_lab.handlers.lowering.shape import ints, vector
from tfonnx_lab.rules import handler


@handler("TRANSPOSE_CONV")
def transpose_conv(
    op: OpBuilder, node: ir.Node, shape: ir.Value, w: ir.Value, x: ir.Value, b: ir.Value | None, *,
    padding: str = "SAME",
    stride_h: int, stride_w: int,
) -> ir.Value:  # fmt: skip
    """TRANSPOSE_CONV (NHWC, weights OHWI) => Transpose, ConvTranspose, Transpose. Source: transpose_conv.h."""
    strides = [stride_h, stride_w]
    return _transposed(op, node, shape, op.Transpose(w, perm=[3, 0, 1, 2]), x, b, _kernel(w, 1, 3), strides, padding)


@handler("CONV_3D_TRANSPOSE")
def conv_3d_transpose(
    op: OpBuilder, node: ir.Node, shape: ir.Value, w: ir.Value, x: ir.Value, b: ir.Value | None, *,
    padding: str = "SAME",
    stride_d: int, stride_h: int, stride_w: int,
) -> ir.Value:  # fmt: skip
    """CONV_3D_TRANSPOSE (NDHWC, weights DHWOI) => Transpose, ConvTranspose, Transpose. Source: conv3d_transpose.h."""
    strides = [stride_d, stride_h, stride_w]
    return _transposed(op, node, shape, op.Transpose(w, perm=[4, 3, 0, 1, 2]), x, b, _kernel(w, 0, 3), strides, padding)


@handler("CONV_3D")
def conv_3d(
    op: OpBuilder, node: ir.Node, x: ir.Value, w: ir.Value, b: ir.Value | None, *, padding: str = "SAME",
    stride_d: int, stride_h: int, stride_w: int,
    dilation_d_factor: int = 1, dilation_h_factor: int = 1, dilation_w_factor: int = 1,
) -> ir.Value:  # fmt: skip
    """CONV_3D (NDHWC, weights DHWIO) => Transpose, Conv, Transpose. Source: conv3d.h."""
    strides = [stride_d, stride_h, stride_w]
    dilations = [dilation_d_factor, dilation_h_factor, dilation_w_factor]
    kernel = _kernel(w, 0, 3)
    pads = pad_attributes(x, padding, kernel, strides, dilations)
    weights = op.Transpose(w, perm=[4, 3, 0, 1, 2])
    y = op.Conv(
        to_channels_first(op, x, 3),
        weights,
        b,
        kernel_shape=kernel,
        strides=strides,
        dilations=dilations,
        group=1,  # LiteRT wants as many channels of the input as the weights have
        **pads,
    )
    return to_channels_last(op, y, 3)


def _transposed(
    op: OpBuilder,
    node: ir.Node,
    shape: ir.Value,
    w: ir.Value,
    x: ir.Value,
    b: ir.Value | None,
    kernel: list[int],
    strides: list[int],
    padding: str,
) -> ir.Value:
    spatial, same = len(kernel), padding == "SAME"
    constant = ints(shape)
    target = _known(node.outputs[0], spatial) if constant is None else constant[1 : 1 + spatial]
    sizes = _known(x, spatial)
    if target is None or sizes is None:
        options = {"kernel_shape": kernel, "strides": strides}
        whole = op.ConvTranspose(to_channels_first(op, x, spatial), w, **options)
        return _cut(op, to_channels_last(op, whole, spatial), spatial, shape, same, b)
    before, after, extra = [], [], []
    for i, (k, s) in enumerate(zip(kernel, strides, strict=True)):
        low, high = _pads(sizes[i], target[i], k, s, same)
        before.append(low)
        after.append(max(high, 0))
        extra.append(max(-high, 0))
    options = {"kernel_shape": kernel, "strides": strides, "pads": before + after}
    if any(extra):
        options["output_padding"] = extra
    y = op.ConvTranspose(to_channels_first(op, x, spatial), w, b, **options)
    return to_channels_last(op, y, spatial)


def _cut(op: OpBuilder, y: ir.Value, spatial: int, shape: ir.Value, same: bool, b: ir.Value | None) -> ir.Value:
    """The full result cut, or filled with zeros, to a computed shape; then the bias, which the filled part has too."""
    axes = op.const(list(range(1, 1 + spatial)))
    target = op.Slice(vector(op, shape), [1], [1 + spatial], [0])
    full = op.Slice(op.Shape(y), [1], [1 + spatial], [0])
    zero = op.const(np.zeros(spatial, np.int64))
    low = op.Div(op.Max(op.Sub(full, target), op.const(0)), op.const(2)) if same else zero
    missing = op.Max(op.Sub(op.Add(target, low), full), op.const(0))
    edge = op.const([0])
    pads = op.Concat(op.const(np.zeros(spatial + 2, np.int64)), edge, missing, edge, axis=0)
    y = op.Slice(op.Pad(y, pads), low, op.Add(low, target), axes)
    return y if b is None else op.Add(y, b)


def _known(x: ir.Value, spatial: int) -> list[int] | None:
    """The spatial dimensions of a channels-last value, where all are known."""
    sizes = [] if x.shape is None else list(x.shape)[1 : 1 + spatial]
    return [s for s in sizes if isinstance(s, int)] if sizes and all(isinstance(s, int) for s in sizes) else None


def _pads(size: int, out: int, kernel: int, stride: int, same: bool) -> tuple[int, int]:
    """What is cut off before and after the full result; a negative second one is what is added.

    The first comes from the convolution that this one undoes: half of what it would have padded.
    """
    full = (size - 1) * stride + kernel
    low = max(0, full - out) // 2 if same else 0
    return low, full - low - out


def _kernel(w: ir.Value, start: int, end: int) -> list[int]:
    """Some dimensions of the weights."""
    shape = static_shape(w)
    if shape is None:
        raise Unsupported("the shape of its weights is not known")
    return list(shape[start:end])
