"""TRANSPOSE_CONV, CONV_3D_TRANSPOSE and CONV_3D."""

from __future__ import annotations

import onnx_ir as ir

from tfonnx_lab.errors import Unsupported
from tfonnx_lab.graph import OpBuilder, attr, static_shape
from tfonnx_lab.handlers._layout import padding, to_channels_first, to_channels_last
from tfonnx_lab.handlers._shape import ints
from tfonnx_lab.rules import handler


@handler("TRANSPOSE_CONV")
def transpose_conv(
    op: OpBuilder, node: ir.Node, shape: ir.Value, w: ir.Value, x: ir.Value, b: ir.Value | None
) -> ir.Value:
    """TRANSPOSE_CONV (NHWC, weights OHWI) => Transpose, ConvTranspose, Transpose. Source: transpose_conv.h."""
    strides = [attr(node, "stride_h", 1), attr(node, "stride_w", 1)]
    return _transposed(op, node, shape, op.Transpose(w, perm=[3, 0, 1, 2]), x, b, _kernel(w, 1, 3), strides)


@handler("CONV_3D_TRANSPOSE")
def conv_3d_transpose(
    op: OpBuilder, node: ir.Node, shape: ir.Value, w: ir.Value, x: ir.Value, b: ir.Value | None
) -> ir.Value:
    """CONV_3D_TRANSPOSE (NDHWC, weights DHWOI) => Transpose, ConvTranspose, Transpose. Source: conv3d_transpose.h."""
    strides = [attr(node, f"stride_{d}", 1) for d in "dhw"]
    return _transposed(op, node, shape, op.Transpose(w, perm=[4, 3, 0, 1, 2]), x, b, _kernel(w, 0, 3), strides)


@handler("CONV_3D")
def conv_3d(op: OpBuilder, node: ir.Node, x: ir.Value, w: ir.Value, b: ir.Value | None) -> ir.Value:
    """CONV_3D (NDHWC, weights DHWIO) => Transpose, Conv, Transpose. Source: conv3d.h."""
    strides = [attr(node, f"stride_{d}", 1) for d in "dhw"]
    dilations = [attr(node, f"dilation_{d}_factor", 1) for d in "dhw"]
    kernel = _kernel(w, 0, 3)
    pads = padding(x, attr(node, "padding", "SAME"), kernel, strides, dilations)
    weights = op.Transpose(w, perm=[4, 3, 0, 1, 2])
    channels = None if x.shape is None else list(x.shape)[4]
    inner = _kernel(w, 3, 4)[0]
    groups = channels // inner if isinstance(channels, int) else 1
    y = op.Conv(
        to_channels_first(op, x, 3),
        weights,
        b,
        kernel_shape=kernel,
        strides=strides,
        dilations=dilations,
        group=groups,
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
) -> ir.Value:
    spatial = len(kernel)
    target = ints(shape)
    target = None if target is None else target[1 : 1 + spatial]
    if target is None:
        known = static_shape(node.outputs[0])
        target = None if known is None else known[1 : 1 + spatial]
    sizes = None if x.shape is None else list(x.shape)[1 : 1 + spatial]
    same = attr(node, "padding", "SAME") == "SAME"
    before, after, extra = [], [], []
    for i, (k, s) in enumerate(zip(kernel, strides, strict=True)):
        size = sizes[i] if sizes is not None else None
        out = target[i] if target is not None else None
        low, high = _pads(size if isinstance(size, int) else None, out, k, s, same)
        before.append(low)
        after.append(max(high, 0))
        extra.append(max(-high, 0))
    options = {"kernel_shape": kernel, "strides": strides, "pads": before + after}
    if any(extra):
        options["output_padding"] = extra
    y = op.ConvTranspose(to_channels_first(op, x, spatial), w, b, **options)
    return to_channels_last(op, y, spatial)


def _pads(size: int | None, out: int | None, kernel: int, stride: int, same: bool) -> tuple[int, int]:
    """What is cut off before and after the full result; a negative second one is what is added.

    The first comes from the convolution that this one undoes: half of what it would have padded.
    """
    if size is None or out is None:  # out = size * stride (SAME), or (size - 1) * stride + kernel
        total = max(0, kernel - stride) if same else 0
        return (total // 2, kernel - stride - total // 2) if same else (0, min(0, kernel - stride))
    full = (size - 1) * stride + kernel
    low = max(0, full - out) // 2 if same else 0
    return low, full - low - out


def _kernel(w: ir.Value, start: int, end: int) -> list[int]:
    """Some dimensions of the weights."""
    shape = static_shape(w)
    if shape is None:
        raise Unsupported("the shape of its weights is not known")
    return list(shape[start:end])
