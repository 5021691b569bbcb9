"""HYBRID_CONV, an intermediate op: a convolution of a float input that LiteRT rounds to 8 bits, with integer weights.

ONNX Runtime has no good kernel for convolutions of 8-bit integers with results in float (ConvInteger is slower than its
float one), but for products of matrices: a row for each place, of all codes that its window holds. Two neighbouring
places share a row where the channels are few, so that less is copied, in longer pieces.

Microseconds, one thread of an x86-64 machine with AVX-512 VNNI, ONNX Runtime 1.32, 3 x 3, float convolution => product:

    128 x 128, 32 to 16 channels    1804 => 1236      32 x 32, 128 to 64 channels    1447 => 466
    64 x 64, 64 to 32 channels      1469 => 666       28 x 28, 64 to 64 channels     514 => 197
    128 x 128, 3 to 16 channels     190 => 256, so fewer than 8 channels stay a float convolution

The weights are signed, which x86 CPUs without VNNI add up wrong where they are large. What is right there costs too
much to be the default: a U-Net takes 6.2 ms, with unsigned weights 19.6, with float convolutions 13.8. So the step says
it, and `exact=True` makes float convolutions.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import onnx_ir as ir

from tfonnx_lab.arithmetic.pairs import SAID, overflows
from tfonnx_lab.graph import OpBuilder, constant_array, quantization
from tfonnx_lab.graph.budget import room
from tfonnx_lab.handlers.dynamic_range import scaled_product
from tfonnx_lab.handlers.lowering.layout import pad_attributes
from tfonnx_lab.handlers.lowering.own_range import codes_of
from tfonnx_lab.rules import handler

_END = 2**31 - 1
_FEW = 32
"""With this many channels of the result or fewer, two places share a row; with an eighth of it, four."""


@dataclass(frozen=True)
class _Axis:
    """How one spatial axis is cut.

    group: how many of its elements are taken together, a step from one row of the product to the next.
    taps: group and element in it where each piece of a window begins; no element where whole groups are taken.
    together: how many places share a row.
    pads: what is added before and after; less than nothing is cut off.
    """

    group: int
    taps: Sequence[tuple[int, int | None]]
    together: int
    pads: tuple[int, int]

    @property
    def last(self) -> int:
        return self.taps[-1][0]

    def ends(self, group: int) -> tuple[int, int]:
        """Where the slice of all places begins and ends."""
        return group, group - self.last or _END

    @staticmethod
    def of(size: int, kernel: int, stride: int, dilation: int, pads: tuple[int, int], together: int) -> _Axis:
        """together: 0 where each piece of a window is cut out alone."""
        whole = max(together, 1) * stride
        if together:
            count = -(-(stride * (together - 1) + kernel) // whole)
            taps: list[tuple[int, int | None]] = [(i, None) for i in range(count)]
        else:
            places = [divmod(i * dilation, stride) for i in range(kernel)]
            taps = [(at, inner if stride > 1 else None) for at, inner in places]
        rows = ((size + sum(pads) - (kernel - 1) * dilation - 1) // stride + 1) // max(together, 1)
        return _Axis(whole, taps, max(together, 1), (pads[0], (rows + taps[-1][0]) * whole - size - pads[0]))


@handler("HYBRID_CONV")
def hybrid_conv(
    op: OpBuilder, node: ir.Node, x: ir.Value, w: ir.Value, b: ir.Value | None, *, asymmetric: bool = False,
    padding: str = "VALID", pads: Sequence[int] = (), stride_h: int = 1, stride_w: int = 1, dilation_h_factor: int = 1,
    dilation_w_factor: int = 1,
) -> ir.Value:  # fmt: skip
    """HYBRID_CONV(x [N, H, W, C], w [O, KH, KW, C], b) => MatMulInteger of the windows of x's codes, times both scales,
    plus b.

    pads: before height and width, then behind them; none where `padding` says them.
    Source: EvalHybridPerChannel in conv.cc.
    """
    weights, quant, out = constant_array(w), quantization(w), node.outputs[0]
    assert weights is not None and quant is not None and x.shape is not None
    count, kernel, channels = weights.shape[0], list(weights.shape[1:3]), weights.shape[3]
    sizes = [int(d) for d in list(x.shape)[1:3]]  # type: ignore[arg-type]  # the rewriter has seen to it
    strides, dilations = [stride_h, stride_w], [dilation_h_factor, dilation_w_factor]
    ends: Sequence[int] = pads or pad_attributes(x, padding, kernel, strides, dilations)["pads"]  # type: ignore[assignment]
    together = _together(sizes[1], kernel[1], stride_w, dilation_w_factor, (ends[1], ends[3]), count)
    rows = _Axis.of(sizes[0], kernel[0], stride_h, dilation_h_factor, (ends[0], ends[2]), 0)
    columns = _Axis.of(sizes[1], kernel[1], stride_w, dilation_w_factor, (ends[1], ends[3]), together)

    codes, scale, zero = codes_of(op, x, asymmetric)
    windows = _windows(op, codes, zero, rows, columns, [*sizes, channels])
    folded = _matrix(weights, columns, stride_w)
    if overflows(folded) and op.options.target != "arm64":
        op.note(SAID)
    matrix = op.const(folded, name=f"{w.name}/windows")
    scales = quant.scale.reshape(()) if quant.per_tensor else np.tile(quant.scale, columns.together)
    if b is not None and columns.together > 1:
        b = _repeated(op, b, columns.together)
    product = scaled_product(op, (windows, scale, zero), matrix, scales, b)
    if rows.group == 1 and columns.together == 1:
        return op.like(product, out)
    return op.like(op.Reshape(product, op.const([0, 0, -1, count])), out)


def _together(size: int, kernel: int, stride: int, dilation: int, pads: tuple[int, int], count: int) -> int:
    """How many neighbours share a row of the product; 0: each piece of a window is cut out alone."""
    if dilation > 1 or kernel == 1:
        return int(kernel == 1)
    width = (size + sum(pads) - kernel) // stride + 1
    wanted = 4 if 8 * count <= _FEW else 2 if count <= _FEW else 1
    while width % wanted:
        wanted //= 2
    return wanted if wanted > 1 or stride > 1 else 0


def _windows(
    op: OpBuilder, codes: ir.Value, zero: ir.Value, rows: _Axis, columns: _Axis, sizes: Sequence[int]
) -> ir.Value:
    """What lies under the kernel, side by side: [N, H, W, codes], with a stride between rows [N, H, 1, W, codes]."""
    before, behind = zip(rows.pads, columns.pads, strict=True)
    if any(before) or any(behind):
        codes = op.like(op.Pad(codes, op.const([0, *before, 0, 0, *behind, 0]), zero), codes)
    if rows.group > 1 or columns.group > 1:
        shape = [0, *_groups(sizes[0], rows), *_groups(sizes[1], columns)[:1], columns.group * sizes[2]]
        codes = op.like(op.Reshape(codes, op.const(shape)), codes)
    across = 3 if rows.group > 1 else 2
    pieces = []
    for at, inner in rows.taps:
        for place, _ in columns.taps:
            cuts = {1: rows.ends(at), across: columns.ends(place)}
            if inner is not None:
                cuts[2] = (inner, inner + 1)
            cuts = {axis: cut for axis, cut in sorted(cuts.items()) if cut != (0, _END)}
            starts, stops = (op.const([cut[i] for cut in cuts.values()]) for i in range(2)) if cuts else (None, None)
            pieces.append(op.Slice(codes, starts, stops, op.const(list(cuts))) if cuts else codes)
    joined: ir.Value = pieces[0] if len(pieces) == 1 else op.Concat(*pieces, axis=-1)
    joined.type = ir.TensorType(ir.DataType.UINT8)
    return joined


def _groups(size: int, axis: _Axis) -> list[int]:
    """How many groups an axis has with its pads, and the elements of one where there are several."""
    if axis.group == 1:
        return [size + sum(axis.pads)]
    return [(size + sum(axis.pads)) // axis.group, axis.group]


def _matrix(weights: np.ndarray, columns: _Axis, stride: int) -> np.ndarray:
    """[O, KH, KW, C] => [windows' codes, places together * O]: each place takes its part of the window."""
    count, height, width, channels = weights.shape
    wide = columns.group * len(columns.taps) if columns.taps[0][1] is None and columns.group > 1 else width
    room((height, wide, channels, columns.together, count), 1, "the weights of a convolution, for several places,")
    made = np.zeros((height, wide, channels, columns.together, count), np.int8)
    for place in range(columns.together):
        start = place * stride
        made[:, start : start + width, :, place] = weights.transpose(1, 2, 3, 0)
    return made.reshape(height * wide * channels, -1)


def _repeated(op: OpBuilder, b: ir.Value, times: int) -> ir.Value:
    """The bias of each of the places that share a row."""
    array = constant_array(b)
    return op.Concat(*[b] * times, axis=0) if array is None else op.const(np.tile(array, times))
