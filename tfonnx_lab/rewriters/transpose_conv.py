"""Quantized transposed convolutions as convolutions, for which ONNX Runtime has an integer kernel.

Output s i + a of a transposed convolution with stride s takes the weights a, a + s, a + 2 s ... only: it is output i of
a convolution with those. All s * s of them are the channels of one convolution, and then moved to their places. Two to
nine times as fast as the float ConvTranspose between Q and DQ (docs/quantization.md), and rounded as LiteRT's kernel
rounds.

Ops: TRANSPOSE_CONV.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import onnx_ir as ir

from tfonnx_lab.graph import EIGHT_BIT, OpBuilder, Quantization, attr, constant_array, is_quantized, quantization
from tfonnx_lab.graph.budget import room
from tfonnx_lab.graph.meta import PLACE
from tfonnx_lab.patterns import tfl
from tfonnx_lab.rules import Miss, rewriter


@dataclass(frozen=True)
class Axis:
    """One spatial axis: stride, taps of the convolution, pads of its input, its outputs, and where the result
    begins."""

    stride: int
    taps: int
    before: int
    after: int
    positions: int
    start: int
    size: int

    @staticmethod
    def of(size: int, out: int, kernel: int, stride: int, same: bool) -> Axis:
        """As the handler of TRANSPOSE_CONV cuts it. Source: transpose_conv.h."""
        low = max(0, (size - 1) * stride + kernel - out) // 2 if same else 0
        taps, first, last = -(-kernel // stride), low // stride, -(-(low + out) // stride)
        before, after = taps - 1 - first, last - size
        if before < 0 or after < 0:
            raise Miss("it cuts more than its kernel overlaps")
        return Axis(stride, taps, before, after, last - first, low - first * stride, out)

    @property
    def is_whole(self) -> bool:
        """Whether nothing is cut off."""
        return self.start == 0 and self.size == self.positions * self.stride


@rewriter(tfl.TRANSPOSE_CONV(..., name="node"))
def transposed_convolution(op: OpBuilder, node: ir.Node) -> ir.Value | None:
    """TRANSPOSE_CONV(int8) => CONV_2D to stride * stride times the channels, RESHAPE, TRANSPOSE, RESHAPE."""
    _, w, x, bias = (*node.inputs, None)[:4]
    out = node.outputs[0]
    weights, quant = constant_array(w), quantization(w)
    if op.options.dequantize or w is None or x is None or weights is None or quant is None or quant.block:
        return None
    wide = (*EIGHT_BIT, ir.DataType.INT16) if op.options.bits else EIGHT_BIT
    if not all(is_quantized(v) and v.dtype in wide for v in (w, x, out)):
        return None
    axes = parts_of(node, x, out, weights)
    if axes is None:
        raise Miss("its height or width is computed")
    source = _padded(op, x, axes)
    parts = axes[0].stride * axes[1].stride
    ways = Quantization(np.tile(quant.scale, parts), np.tile(quant.zero_point, parts), 0)
    made = op.const(
        rearranged(weights, axes, quant.zero_point), name=f"{w.name}/parts", quant=quant if quant.per_tensor else ways
    )
    options = {"padding": "VALID", "fused_activation_function": attr(node, "fused_activation_function", "NONE")}
    options |= dict.fromkeys(("stride_h", "stride_w", "dilation_h_factor", "dilation_w_factor"), 1)
    if x.dtype == ir.DataType.INT16:
        options["quantized_bias_type"] = attr(node, "quantized_bias_type", "FLOAT32")
    conv = op.tfl.node("CONV_2D", [source, made, repeated(op, bias, parts)], options, name=f"{node.name}/parts")
    op.editor.inherit(conv, node, PLACE)
    y = op.like(conv.outputs[0], out)
    batch = (x.shape or out.shape or [None])[0]
    y.shape = ir.Shape([batch, *(a.positions for a in axes), parts * weights.shape[0]])
    return op.like(joined(op, y, axes, weights.shape[0]), out)


def parts_of(node: ir.Node, x: ir.Value, out: ir.Value, weights: np.ndarray) -> list[Axis] | None:
    """Height and width; None where one is computed. Raises Miss."""
    target, same = constant_array(node.inputs[0]), attr(node, "padding", "SAME") == "SAME"
    found = []
    for i, name in ((1, "stride_h"), (2, "stride_w")):
        size = None if x.shape is None else x.shape[i]
        wanted = int(target[i]) if target is not None else None if out.shape is None else out.shape[i]
        if not isinstance(size, int) or not isinstance(wanted, int):
            return None
        found.append(Axis.of(size, wanted, weights.shape[i], int(attr(node, name, 1)), same))
    return found


def rearranged(weights: np.ndarray, axes: list[Axis], zero: np.ndarray) -> np.ndarray:
    """[O, kernel, kernel, I] => [s s O, taps, taps, I]: tap t of part a is weight a + s (taps - 1 - t), zero beyond the
    kernel."""
    (sh, th), (sw, tw) = ((a.stride, a.taps) for a in axes)
    count, height, width, channels = weights.shape
    room((count, th * sh, tw * sw, channels), 3 * weights.itemsize, "its kernel, split into those of its strides,")
    made = np.zeros((count, th * sh, tw * sw, channels), weights.dtype)
    made += zero.reshape(-1, 1, 1, 1).astype(weights.dtype)
    made[:, :height, :width] = weights
    split = made.reshape(count, th, sh, tw, sw, channels)[:, ::-1, :, ::-1]
    return np.ascontiguousarray(split.transpose(2, 4, 0, 1, 3, 5)).reshape(-1, th, tw, channels)


def repeated(op: OpBuilder, bias: ir.Value | None, parts: int) -> ir.Value | None:
    """The bias of every part; None where there is none."""
    codes, quant = constant_array(bias), quantization(bias)
    if bias is None or codes is None:
        return None
    if quant is not None and not quant.per_tensor:
        quant = Quantization(np.tile(quant.scale, parts), np.tile(quant.zero_point, parts), 0)
    return op.const(np.tile(codes, parts), name=f"{bias.name}/parts", quant=quant)


def _padded(op: OpBuilder, x: ir.Value, axes: list[Axis]) -> ir.Value:
    if not any(a.before or a.after for a in axes):
        return x
    pads = np.array([[0, 0], *([a.before, a.after] for a in axes), [0, 0]], np.int32)
    made = op.like(op.tfl.PAD(x, op.const(pads)), x)
    if x.shape is not None:
        sizes = [d + int(sum(p)) if isinstance(d, int) else d for d, p in zip(x.shape, pads, strict=True)]
        made.shape = ir.Shape(sizes)
    return made


def joined(op: OpBuilder, y: ir.Value, axes: list[Axis], channels: int) -> ir.Value:
    """The parts at their places: [n, h, w, s s O] => [n, h s, w s, O], cut; for NNAPI by DEPTH_TO_SPACE."""
    (h, sh), (w, sw) = ((a.positions, a.stride) for a in axes)
    quant = y
    if sh == sw > 1 and op.options.target == "nnapi":  # which has four dimensions
        y = op.like(op.tfl.node("DEPTH_TO_SPACE", [y], {"block_size": sh}).outputs[0], quant)
        y.shape = ir.Shape([None if quant.shape is None else quant.shape[0], h * sh, w * sw, channels])
    elif sh * sw > 1:
        for kind, argument, shape in (
            ("RESHAPE", [-1, h, w, sh, sw, channels], (h, w, sh, sw, channels)),
            ("TRANSPOSE", [0, 1, 3, 2, 4, 5], (h, sh, w, sw, channels)),
            ("RESHAPE", [-1, h * sh, w * sw, channels], (h * sh, w * sw, channels)),
        ):
            batch = None if y.shape is None else y.shape[0]
            moved = op.like(op.tfl.node(kind, [y, np.array(argument, np.int32)], {}).outputs[0], quant)
            moved.shape = ir.Shape([batch, *shape])
            y = moved
    if all(a.is_whole for a in axes):
        return y
    begin = np.array([0, *(a.start for a in axes), 0], np.int32)
    size = np.array([-1, *(a.size for a in axes), channels], np.int32)
    return op.like(op.tfl.node("SLICE", [y, begin, size], {}).outputs[0], quant)
