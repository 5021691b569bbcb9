"""TRANSPOSE_CONV, CONV_3D_TRANSPOSE and CONV_3D."""

from __future__ import annotations

import numpy as np
import onnx_ir as ir

from tfonnx_lab.errors import Unsupported
from tfonnx_lab.graph import OpBuilder, constant_array, static_shape
from tfonnx_lab.graph.budget import room
from tfonnx_lab.handlers.lowering.layout import pad_attributes, to_channels_first, to_channels_last
from tfonnx_lab.handlers.lowering.shape import vector
from tfonnx_lab.handlers.lowering.sizes import Size, size_of, sizes_in
from tfonnx_lab.rules import handler


@handler("TRANSPOSE_CONV")
def transpose_conv(
    op: OpBuilder, node: ir.Node, shape: ir.Value, w: ir.Value, x: ir.Value, b: ir.Value | None, *,
    padding: str = "SAME",
    stride_h: int, stride_w: int,
) -> ir.Value:  # fmt: skip
    """TRANSPOSE_CONV (NHWC, weights OHWI) => Transpose, ConvTranspose, Transpose. Source: transpose_conv.h."""
    strides, kernel = [stride_h, stride_w], _kernel(w, 1, 3)
    weights = constant_array(w)
    if weights is not None and weights.dtype == np.float32 and kernel[0] == stride_h == 1 < stride_w:
        over = _over(node, shape, x, kernel, strides)
        if over is not None and over[1] >= 0 == over[0]:
            return _of_sequence(op, x, weights, b, stride_w, _pads(over[1], padding == "SAME"))
    return _transposed(op, node, shape, op.Transpose(w, perm=[3, 0, 1, 2]), x, b, kernel, strides, padding)


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
    over = _over(node, shape, x, kernel, strides)
    if over is None:
        options = {"kernel_shape": kernel, "strides": strides}
        whole = op.ConvTranspose(to_channels_first(op, x, spatial), w, **options)
        return _cut(op, to_channels_last(op, whole, spatial), spatial, shape, same, b)
    before, after, extra = [], [], []
    for more in over:
        low, high = _pads(more, same)
        before.append(low)
        after.append(max(high, 0))
        extra.append(max(-high, 0))
    options = {"kernel_shape": kernel, "strides": strides, "pads": before + after}
    if any(extra):
        options["output_padding"] = extra
    y = op.ConvTranspose(to_channels_first(op, x, spatial), w, b, **options)
    return to_channels_last(op, y, spatial)


def _of_sequence(
    op: OpBuilder, x: ir.Value, weights: np.ndarray, b: ir.Value | None, stride: int, cut: tuple[int, int]
) -> ir.Value:
    """A sequence [n, 1, time, channels], weights [out, 1, kernel, channels]: a convolution to stride times the
    channels, which are the steps of time then. Its weights are read in their order.

    Microseconds of one thread, ONNX Runtime 1.32: 128 to 64 channels, kernel 16, stride 8, of 8 steps 48 => 27, 256 to
    128 of 50 steps 633 => 493; a vocoder, whose weights are in no cache, 1658 => 1105. For images ConvTranspose is
    faster: 2 x 2, 64 to 32 channels of 32 x 32, 199 => 434.

    cut: what is cut off before and behind the full result.
    """
    count, _, kernel, channels = weights.shape
    taps = -(-kernel // stride)
    room((count, taps * stride, channels), 4, "the kernel of a transposed convolution, split into its steps,")
    whole = np.zeros((count, taps * stride, channels), np.float32)
    whole[:, :kernel] = weights[:, 0]
    parts = whole.reshape(count, taps, stride, channels)[:, ::-1].transpose(2, 0, 3, 1)  # [stride, out, channels, taps]
    kernels = op.const(np.ascontiguousarray(parts).reshape(stride * count, channels, 1, taps))
    bias = None if b is None else op.Concat(*[b] * stride, axis=0)
    options = {"kernel_shape": [1, taps], "pads": [0, taps - 1, 0, taps - 1]}
    y = to_channels_last(op, op.Conv(to_channels_first(op, x, 2), kernels, bias, **options), 2)
    y = op.Reshape(y, op.const([0, 1, -1, count]))
    before, behind = cut[0], cut[1] + taps * stride - kernel
    if not before and not behind:
        return y
    return op.Slice(y, op.const([before]), op.const([-behind or 2**31 - 1]), op.const([2]))


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


def _over(node: ir.Node, shape: ir.Value, x: ir.Value, kernel: list[int], strides: list[int]) -> list[int] | None:
    """By how much the full result is larger than what is wanted, for each spatial dimension; None where the wanted
    shape is computed of something else than the input's."""
    constant, known = sizes_in(shape), list(node.outputs[0].shape or ())
    found = []
    for i, (k, s) in enumerate(zip(kernel, strides, strict=True)):
        full = size_of(x, 1 + i).scaled(s, k - s)
        wanted = known[1 + i] if constant is None and len(known) == len(kernel) + 2 else None
        target = constant[1 + i] if constant is not None else Size(wanted) if isinstance(wanted, int) else None
        more = None if target is None else full.less(target)
        if more is None or (more < 0 and full.root is not None):
            return None
        found.append(more)
    return found


def _pads(over: int, same: bool) -> tuple[int, int]:
    """What is cut off before and after the full result; a negative second one is what is added.

    The first comes from the convolution that this one undoes: half of what it would have padded.
    """
    low = max(0, over) // 2 if same else 0
    return low, over - low


def _kernel(w: ir.Value, start: int, end: int) -> list[int]:
    """Some dimensions of the weights."""
    shape = static_shape(w)
    if shape is None:
        raise Unsupported("the shape of its weights is not known")
    return list(shape[start:end])
