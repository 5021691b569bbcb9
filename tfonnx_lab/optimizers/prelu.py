"""PRelu by ops that ONNX Runtime runs faster: its kernel takes one element at a time.

Ops: PRELU (PRelu). `python -m benchmarks.activations` prints the microseconds.
"""

from __future__ import annotations

import numpy as np
import onnx_ir as ir

from tfonnx_lab.graph import OpBuilder, is_onnx, rank
from tfonnx_lab.optimizers._weights import weights
from tfonnx_lab.patterns import onnx, var
from tfonnx_lab.rules import optimizer

_F = ir.DataType.FLOAT

BLOCK = 16
"""How many channels ONNX Runtime's blocked convolutions take at once, at most; a multiple stays in blocks."""


@optimizer(onnx.PRelu(var("x"), var("slope"), name="node"), phase="fuse")
def prelu_of_one_slope(op: OpBuilder, node: ir.Node, x: ir.Value, slope: ir.Value) -> ir.Value | None:
    """PRelu(x, equal slopes) => LeakyRelu(x): thirty times as fast for [1, 32, 128, 128] (2455 => 83 us)."""
    slopes = _slopes(op, x, slope)
    if slopes is None or (slopes != slopes.flat[0]).any():
        return None
    return op.like(op.LeakyRelu(x, alpha=float(slopes.flat[0])), node.outputs[0])


@optimizer(onnx.PRelu(var("x"), var("slope"), name="node"), phase="fuse", after=("prelu_of_one_slope",))
def prelu_in_blocks(op: OpBuilder, node: ir.Node, x: ir.Value, slope: ir.Value) -> ir.Value | None:
    """PRelu(Conv, a) => Conv{depthwise}(x, a) + Conv{depthwise}(Relu(x), 1 - a): a chain of 64 channels 7.1 => 2.0 ms.

    x86-64 only: there ONNX Runtime keeps the result of a convolution in blocks of channels, and takes it out of them
    for all but convolutions, sums, Relu and pools. By Max the same chain takes 2.5 ms. Separable convolutions,
    by Max => so, one thread and two: 64 channels of 48 x 48 1702 => 1535 and 1711 => 1530 us, 16 of 96 x 96 1060 => 758
    and 1079 => 548, 32 of 32 x 32 309 => 237 and 318 => 245.
    """
    slopes = _slopes(op, x, slope)
    if slopes is None or op.options.target != "x86_64" or not _convolved(x):
        return None
    channels = slopes.size
    if channels % BLOCK or slopes.shape[-3:] != (channels, 1, 1):
        return None
    each = slopes.reshape(channels, 1, 1, 1)
    names = f"{slope.name}/below", f"{slope.name}/above"
    below, above = (op.const(array, name=name) for array, name in zip((each, np.float32(1) - each), names, strict=True))
    given = {"group": channels, "kernel_shape": [1, 1]}
    scaled = op.like(op.Conv(x, below, **given), x)
    rest = op.like(op.Conv(op.like(op.Relu(x), x), above, **given), x)
    return op.like(op.Add(scaled, rest), node.outputs[0])


@optimizer(
    onnx.PRelu(var("x"), var("slope"), name="node"),
    phase="fuse",
    after=("prelu_of_one_slope", "prelu_in_blocks"),
)
def prelu_by_the_larger(op: OpBuilder, node: ir.Node, x: ir.Value, slope: ir.Value) -> ir.Value | None:
    """PRelu(x, a) => Max(x, a * x) where no slope is above 1 (2455 => 131 us), Min where none is below, else by parts.

    By parts: Relu(x) + a * Clip(x, max=0) (2455 => 233 us).
    """
    slopes = _slopes(op, x, slope)
    if slopes is None:
        return None
    if (slopes <= 1).all() or (slopes >= 1).all():
        pick = op.Max if (slopes <= 1).all() else op.Min
        return op.like(pick(x, op.like(op.Mul(x, slope), x)), node.outputs[0])
    below = op.like(op.Mul(op.like(op.Clip(x, None, np.float32(0)), x), slope), x)
    return op.like(op.Add(op.like(op.Relu(x), x), below), node.outputs[0])


def _slopes(op: OpBuilder, x: ir.Value, slope: ir.Value) -> np.ndarray | None:
    """The slopes, where another form may be taken: not for accelerators, which have PRelu, and not with `exact`, since
    infinity times a slope of 0 or 1 - 1 is no number."""
    slopes = weights(slope)
    if op.options.static or op.options.exact or x.dtype != _F or slopes is None or not slopes.size:
        return None
    return slopes if np.isfinite(slopes).all() else None


def _convolved(x: ir.Value) -> bool:
    """Whether ONNX Runtime has x, an image, in blocks of channels: a convolution, or a sum with one, makes it."""
    node = x.producer()
    if node is None:
        return False
    makers = [v.producer() for v in node.inputs if v is not None] if is_onnx(node, "Add") else [node]
    return any(maker is not None and is_onnx(maker, "Conv") and rank(maker.inputs[1]) == 4 for maker in makers)
