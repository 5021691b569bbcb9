"""RESIZE_BILINEAR of int8: LiteRT rounds the distance between rows to 1024ths, which Resize is given as its scale."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import onnx_ir as ir

from tfonnx_lab.arithmetic import constants
from tfonnx_lab.graph import OpBuilder, Quantization, attr, constant_array, known_sizes, quantization, rank
from tfonnx_lab.patterns import const, tfl, var
from tfonnx_lab.rules import rewriter

F = np.float32

LARGE = 16384
"""Results from which a spelled-out RESIZE_BILINEAR costs more than its exactness is worth by default."""


def size_of(x: ir.Value) -> int:
    """The number of elements, dimensions that are not known counted as one."""
    return math.prod(d if isinstance(d, int) else 1 for d in x.shape or ())


@dataclass(frozen=True)
class Rows:
    """Rows or columns as Resize takes them: so many times as many, of those that there are and `pad` more of the
    last."""

    factor: float
    pad: int
    made: int


def rows(old: int, new: int, align: bool) -> Rows:
    """The factor of LiteRT's rounded distance. Source: ResizeBilinearInteger in resize_bilinear.h."""
    before, after = (old - 1, new - 1) if align and new > 1 else (old, new)
    step = (constants.RESIZE_UNIT * before + after // 2) // after
    factor = F(new) if old == 1 or step == 0 else F(constants.RESIZE_UNIT / step)
    pad = 0
    while math.floor(factor * F(old + pad)) < new:
        pad += 1
    return Rows(float(factor), pad, math.floor(factor * F(old + pad)))


def steps_are_whole(node: ir.Node) -> bool:
    """Whether the new rows and columns of a RESIZE_BILINEAR are a whole number of 1024ths apart, or their number not
    known.

    LiteRT rounds that distance for int8, so that others end up somewhere else than Resize takes them from.
    """
    x, size = node.inputs[0], constant_array(node.inputs[1])
    old = [] if x is None or x.shape is None else list(x.shape)[1:3]
    if size is None or not all(isinstance(d, int) for d in old):
        return True
    align = bool(attr(node, "align_corners", False))
    for a, b in zip(old, size.ravel().tolist(), strict=False):
        before, after = (a - 1, b - 1) if align and b > 1 else (a, b)
        if a != 1 and (constants.RESIZE_UNIT * before) % after:  # one row is everywhere
            return False
    return True


HALVES_AWAY = 2.0**-19
"""So much smaller a scale rounds halves away from zero, as LiteRT does, and nothing else otherwise: less than half a
step of what lies between two codes, and more than what float32 rounds away."""


def on_codes(source: Quantization, less: float) -> tuple[dict[str, float | int], dict[str, float | int]]:
    """Codes as multiples of the scale, whatever the zero point; `less` moves what lies half way, and nothing else."""
    scale = float(source.scale[0])
    return {"as_scale": scale, "as_zero_point": 0}, {"as_scale": scale * (1 - less), "as_zero_point": 0}


@rewriter(tfl.RESIZE_BILINEAR(var("x"), const("size"), name="node"), phase="activations")
def bilinear_at_rounded_distances(op: OpBuilder, node: ir.Node, x: ir.Value, size: ir.Value) -> ir.Value | None:
    """RESIZE_BILINEAR(int8) => SLICE(QUANTIZE(RESIZE_BILINEAR{factors}(DEQUANTIZE(MIRROR_PAD(int8))))), where it is
    large.

    The factors are those of LiteRT's rounded distances; a last row more, and what is too much cut off, gives the size.
    """
    out, target = node.outputs[0], constant_array(size)
    source, sizes = quantization(x), known_sizes(x, (1, 2, 3)) if rank(x) == 4 else None
    if op.options.dequantize or op.options.exact or source is None or sizes is None or target is None:
        return None
    if op.options.as_stated:
        return None
    if x.dtype != ir.DataType.INT8 or out.dtype != x.dtype or 0 in list(x.shape or ()) or size_of(out) < LARGE:
        return None
    if steps_are_whole(node) or not source.per_tensor:
        return None
    align = bool(attr(node, "align_corners", False))
    batch = next(iter(x.shape or ()))
    high, wide = (rows(old, int(new), align) for old, new in zip(sizes[:2], target.ravel(), strict=True))
    op.note(f"{sizes[0]} rows times {high.factor:.5g}, {sizes[1]} columns times {wide.factor:.5g}")
    if high.pad or wide.pad:
        pads = op.const(np.array([[0, 0], [0, high.pad], [0, wide.pad], [0, 0]], np.int32))
        x = op.like(op.tfl.MIRROR_PAD(x, pads, mode="SYMMETRIC"), x)
        x.shape = ir.Shape([batch, sizes[0] + high.pad, sizes[1] + wide.pad, sizes[2]])
    codes = _resized(op, node, x, source, (high, wide))
    if codes.shape == out.shape:
        return codes
    ends = op.const(np.array([batch if isinstance(batch, int) else -1, *target.ravel(), sizes[2]], np.int32))
    return op.like(op.tfl.SLICE(codes, op.const(np.zeros(4, np.int32)), ends), out)


def _resized(op: OpBuilder, node: ir.Node, x: ir.Value, source: Quantization, both: tuple[Rows, Rows]) -> ir.Value:
    """The codes of the resized real values."""
    high, wide = both
    before, after = on_codes(source, HALVES_AWAY)
    real = op.tfl.node("DEQUANTIZE", [x], before, name=f"{node.name}/DEQUANTIZE").outputs[0]
    options = {
        "factor_h": high.factor,
        "factor_w": wide.factor,
        "half_pixel_centers": bool(attr(node, "half_pixel_centers", False)),
    }
    size = op.const(np.array([high.made, wide.made], np.int32))
    made = op.tfl.node("RESIZE_BILINEAR", [real, size], options, name=f"{node.name}/real").outputs[0]
    real.type = made.type = ir.TensorType(ir.DataType.FLOAT)
    codes = op.like(op.tfl.node("QUANTIZE", [made], after, name=f"{node.name}/QUANTIZE").outputs[0], node.outputs[0])
    real.shape = x.shape
    batch, _, _, channels = list(x.shape or ())
    made.shape, codes.shape = (ir.Shape([batch, high.made, wide.made, channels]) for _ in range(2))
    return codes
