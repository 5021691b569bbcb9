"""Flex ops that look through windows, beside convolutions and pools.

Ops: FlexConv2DBackpropInput, FlexConv3DBackpropInputV2, FlexDepthwiseConv2dNativeBackpropInput, FlexDilation2D,
FlexMaxPoolWithArgmax.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import onnx_ir as ir

from tfonnx_lab.errors import Unsupported
from tfonnx_lab.graph import OpBuilder, constant_array, static_shape
from tfonnx_lab.graph.budget import room
from tfonnx_lab.handlers.flex.linear import Windows
from tfonnx_lab.handlers.lowering.layout import pad_attributes, to_channels_first, to_channels_last
from tfonnx_lab.handlers.lowering.numeric import cast
from tfonnx_lab.handlers.lowering.shape import ints, known_size
from tfonnx_lab.readers.nodedef import NodeDef
from tfonnx_lab.rules import handler

_D = ir.DataType


@handler("FlexMaxPoolWithArgmax")
def max_pool_with_argmax(op: OpBuilder, node: ir.Node, x: ir.Value) -> list[ir.Value]:
    """FlexMaxPoolWithArgmax => MaxPool with its second output, whose places are counted channels last then.

    Source: maxpooling_op.cc.
    """
    definition = NodeDef(node)
    kernel, strides = ([int(v) for v in definition.get(k)][1:3] for k in ("ksize", "strides"))
    pads = pad_attributes(x, str(definition.get("padding", "VALID")), kernel, strides)
    given = x if x.dtype in (_D.FLOAT, _D.DOUBLE) else cast(op, x, _D.FLOAT)
    first = to_channels_first(op, given)
    made = op.node("MaxPool", [first], {"kernel_shape": kernel, "strides": strides, **pads}, outputs=2)
    made.outputs[0].type, made.outputs[1].type = first.type, ir.TensorType(_D.INT64)
    made.outputs[0].shape = made.outputs[1].shape = ir.Shape([None] * 4)
    shape = op.Shape(x)
    batch, height, width, channels = (op.Gather(shape, op.const(k), axis=0) for k in range(4))
    pixels = op.Mul(height, width)
    own = op.Range(op.const(0), channels, op.const(1))
    at = op.Add(op.Mul(op.Mod(to_channels_last(op, made.outputs[1]), pixels), channels), own)
    if definition.get("include_batch_in_index", False):
        line = op.Range(op.const(0), batch, op.const(1))
        at = op.Add(at, op.Unsqueeze(op.Mul(line, op.Mul(pixels, channels)), op.const([1, 2, 3])))
    return [cast(op, to_channels_last(op, made.outputs[0]), x.dtype), cast(op, at, node.outputs[1].dtype)]


@handler("FlexConv2DBackpropInput", "FlexConv3DBackpropInputV2", "FlexDepthwiseConv2dNativeBackpropInput")
def conv_backprop_input(op: OpBuilder, node: ir.Node, size: ir.Value, w: ir.Value, x: ir.Value) -> ir.Value:
    """FlexConv2DBackpropInput(size, w HWOI, x) => ConvTranspose{dilations}, padded so that it has that size.

    Source: conv_grad_input_ops.cc.
    """
    spatial = 3 if "3D" in node.op_type else 2
    windows, shape = Windows(node, x, spatial), static_shape(w)
    if shape is None:
        raise Unsupported("the shape of its weights is not known")
    kernel, strides, dilations = shape[:spatial], windows.numbers("strides"), windows.numbers("dilations")
    group = shape[spatial] if node.op_type.startswith("FlexDepthwise") else 1
    w = op.Transpose(w, perm=[spatial + 1, spatial, *range(spatial)])
    if group > 1:
        multiplier = shape[spatial + 1]
        w = op.Reshape(op.Transpose(w, perm=[1, 0, 2, 3]), op.const([group * multiplier, 1, *kernel]))
    wanted = _sizes(node, size, windows.at, spatial)
    here = [known_size(x, axis) for axis in range(windows.at.start, windows.at.stop)]
    begin, end, more = _padding(windows, wanted, here, kernel, strides, dilations)
    y = op.ConvTranspose(
        windows.enter(op), w, kernel_shape=kernel, strides=strides, dilations=dilations, group=group,
        pads=[*begin, *end], output_padding=more,
    )  # fmt: skip
    return windows.leave(op, y)


def _sizes(node: ir.Node, size: ir.Value, at: slice, spatial: int) -> list[int]:
    """The spatial sizes of the result."""
    given = ints(size)
    if given is not None:
        return given if len(given) == spatial else given[at]
    shape = node.outputs[0].shape
    found = [] if shape is None else list(shape)[at]
    if len(found) != spatial or not all(isinstance(d, int) for d in found):
        raise Unsupported("the size of its result is computed; fix the input's shape")
    return [int(d) for d in found if isinstance(d, int)]


def _padding(
    windows: Windows, wanted: Sequence[int], here: Sequence[int], kernel: Sequence[int], strides: Sequence[int],
    dilations: Sequence[int],
) -> tuple[list[int], list[int], list[int]]:  # fmt: skip
    """What the transposed convolution loses at both ends, and gets more at the end: that of the convolution that it
    inverts."""
    begin, end, more = [], [], []
    explicit = windows.pads(kernel, strides, dilations)["pads"] if windows.kind == "EXPLICIT" else None
    for axis, (size, count, k, s, d) in enumerate(zip(wanted, here, kernel, strides, dilations, strict=True)):
        reach = (k - 1) * d + 1
        total = max((count - 1) * s + reach - size, 0) if windows.kind == "SAME" else 0
        first = explicit[axis] if explicit else total // 2
        last = explicit[axis + len(kernel)] if explicit else total - total // 2
        begin.append(first)
        rest = size - ((count - 1) * s + reach - first - last)
        end.append(last - min(rest, 0))
        more.append(max(rest, 0))
    return begin, end, more


@handler("FlexDilation2D")
def dilation_2d(op: OpBuilder, node: ir.Node, x: ir.Value, w: ir.Value) -> ir.Value:
    """FlexDilation2D(x, w) => the largest of x + w over the window: Max of a Slice for each of its elements.

    Source: dilation_ops.cc.
    """
    definition, weights = NodeDef(node), constant_array(w)
    if weights is None:
        raise Unsupported("its weights are computed; ONNX needs them to be constant")
    kernel = [int(v) for v in weights.shape[:2]]
    strides, rates = ([int(v) for v in definition.get(k) or [1] * 4][1:3] for k in ("strides", "rates"))
    room((kernel[0] * kernel[1],), 4_000, "a slice for each element of its window")
    height, width = (known_size(x, axis) for axis in (1, 2))
    pads = _around((height, width), str(definition.get("padding", "VALID")), kernel, strides, rates)
    least = np.asarray(
        np.finfo(np.float32).min if weights.dtype.kind == "f" else np.iinfo(weights.dtype).min, weights.dtype
    )
    padded = op.Pad(x, op.const([0, *pads[:2], 0, 0, *pads[2:], 0]), op.const(least))
    counts = [
        (size + pads[k] + pads[k + 2] - (kernel[k] - 1) * rates[k] - 1) // strides[k] + 1
        for k, size in enumerate((height, width))
    ]
    found: ir.Value | None = None
    for row in range(kernel[0]):
        for column in range(kernel[1]):
            starts = [row * rates[0], column * rates[1]]
            ends = [s + (n - 1) * step + 1 for s, n, step in zip(starts, counts, strides, strict=True)]
            part = op.Slice(padded, op.const(starts), op.const(ends), op.const([1, 2]), op.const(strides))
            part = op.Add(part, op.const(weights[row, column]))
            found = part if found is None else op.Max(found, part)
    assert found is not None
    return found


def _around(
    size: Sequence[int], kind: str, kernel: Sequence[int], strides: Sequence[int], rates: Sequence[int]
) -> list[int]:
    """Rows and columns before, then behind."""
    if kind == "VALID":
        return [0, 0, 0, 0]
    totals = [
        max((-(-n // s) - 1) * s + (k - 1) * r + 1 - n, 0)
        for n, k, s, r in zip(size, kernel, strides, rates, strict=True)
    ]
    return [t // 2 for t in totals] + [t - t // 2 for t in totals]
