"""Channels last (TFLite) to channels first (ONNX) and back, and paddings.

Handlers put a Transpose on each side of an op that ONNX only has channels first; the layout optimizer removes them.
"""

from __future__ import annotations

from collections.abc import Sequence

import onnx_ir as ir

from tfonnx_lab.errors import Unsupported
from tfonnx_lab.graph import OpBuilder


def to_channels_first(op: OpBuilder, x: ir.Value, spatial: int = 2) -> ir.Value:
    """[n, ..., c] => [n, c, ...]. Raises Unsupported for what has another number of dimensions."""
    check_rank(x, spatial + 2)
    return op.Transpose(x, perm=[0, spatial + 1, *range(1, spatial + 1)])


def check_rank(x: ir.Value, wanted: int) -> None:
    """Raise Unsupported for a tensor of another number of dimensions, where that is known."""
    if x.shape is not None and len(x.shape) not in (0, wanted):
        raise Unsupported(f"its input has {len(x.shape)} dimensions; it takes {wanted}, as in LiteRT")


def to_channels_last(op: OpBuilder, x: ir.Value, spatial: int = 2) -> ir.Value:
    """[n, c, ...] => [n, ..., c]."""
    return op.Transpose(x, perm=[0, *range(2, spatial + 2), 1])


def pad_attributes(
    x: ir.Value, kind: str, kernel: Sequence[int], strides: Sequence[int], dilations: Sequence[int] = ()
) -> dict[str, object]:
    """The attributes `pads` or `auto_pad` of an ONNX op for TFLite's padding of the spatial dimensions of NHWC `x`.

    dilations: those of a convolution; a pool gives none.

    SAME: the output has ceil(size / stride) elements, the odd one of an odd padding comes at the end. `auto_pad` only
    where a size has to be known. Raises Unsupported where ONNX Runtime refuses that: beside dilations, and for a pool
    whose window is smaller than its stride, for some sizes ("padding values must be non-negative").
    Source: ComputePaddingHeightWidth in LiteRT's kernels/padding.h.
    """
    count = len(kernel)
    if kind == "VALID":
        return {"pads": [0] * (2 * count)}
    sizes = [None] * count if x.shape is None else list(x.shape)[1 : 1 + count]
    totals = [
        _total(size if isinstance(size, int) else None, window, stride, dilation)
        for size, window, stride, dilation in zip(sizes, kernel, strides, dilations or [1] * count, strict=True)
    ]
    known = [total for total in totals if total is not None]
    if len(known) < count:
        if any(d > 1 for d in dilations):
            raise Unsupported("SAME padding beside strides and dilations needs the input's size; fix the input's shape")
        if not dilations and any(k < s for k, s in zip(kernel, strides, strict=True)):
            raise Unsupported(
                "SAME padding of windows smaller than the stride needs the input's size; fix the input's shape"
            )
        return {"auto_pad": "SAME_UPPER"}
    return {"pads": [total // 2 for total in known] + [total - total // 2 for total in known]}


def _total(size: int | None, window: int, stride: int, dilation: int) -> int | None:
    """The padding of one axis, before and after together; None where it depends on a size that is not known."""
    reach = (window - 1) * dilation + 1
    if stride == 1:
        return reach - 1
    if reach == 1:
        return 0
    return None if size is None else max(0, (-(-size // stride) - 1) * stride + reach - size)
