"""Channels last (TFLite) to channels first (ONNX) and back, and paddings.

Handlers put a Transpose on each side of an op that ONNX only has channels first; the layout optimizer removes them.
"""

from __future__ import annotations

from collections.abc import Sequence

import onnx_ir as ir

from tfonnx_lab.graph import OpBuilder, static_shape


def to_channels_first(op: OpBuilder, x: ir.Value, spatial: int = 2) -> ir.Value:
    """[n, ..., c] => [n, c, ...]."""
    return op.Transpose(x, perm=[0, spatial + 1, *range(1, spatial + 1)])


def to_channels_last(op: OpBuilder, x: ir.Value, spatial: int = 2) -> ir.Value:
    """[n, c, ...] => [n, ..., c]."""
    return op.Transpose(x, perm=[0, *range(2, spatial + 2), 1])


def padding(
    x: ir.Value, kind: str, kernel: Sequence[int], strides: Sequence[int], dilations: Sequence[int] = ()
) -> dict[str, object]:
    """The attributes `pads` or `auto_pad` of an ONNX op for TFLite's padding of the spatial dimensions of NHWC `x`.

    SAME: the output has ceil(size / stride) elements, the odd one of an odd padding comes at the end.
    Source: ComputePaddingHeightWidth in LiteRT's kernels/padding.h.
    """
    count = len(kernel)
    if kind == "VALID":
        return {"pads": [0] * (2 * count)}
    sizes = None if x.shape is None else static_shape(ir.Value(shape=ir.Shape(list(x.shape)[1 : 1 + count])))
    if sizes is None:
        return {"auto_pad": "SAME_UPPER"}
    before, after = [], []
    for size, window, stride, dilation in zip(sizes, kernel, strides, dilations or [1] * count, strict=True):
        total = max(0, (-(-size // stride) - 1) * stride + (window - 1) * dilation + 1 - size)
        before.append(total // 2)
        after.append(total - total // 2)
    return {"pads": before + after}
