"""Parameters with which ONNX Runtime's kernels, which round once, come as close as they can to LiteRT, which rounds
twice.

LiteRT multiplies in fixed point and rounds the product before the shift, which moves every half step a little away from
zero: by up to a quarter of a step where the multiplier is near one. A zero point of the input and of the output, both
moved, move all results by a fraction of a step, and a scale that is a little larger moves the far ones. Both cost
nothing as it runs.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import onnx_ir as ir

from tfonnx_lab.arithmetic.fixed_point import Ints, MeanKernel
from tfonnx_lab.graph import Quantization, code_range

F = np.float32

_COARSE, _FINE = np.linspace(-0.012, 0.012, 5), np.linspace(-0.02, 0.02, 41)
"""Changes of the slopes that are tried: on every pair of zero points, and on the best of them."""

_STRETCHES = np.linspace(-0.012, 0.012, 13)
_REFINED = 4
_SUMS = 2048
"""How many sums at most stand for all."""


@dataclass(frozen=True)
class Line:
    """LeakyRelu{alpha} between DequantizeLinear and QuantizeLinear, and the share of the 256 codes that it gives
    right."""

    scale: float
    zero: int
    alpha: float
    out_zero: int
    equal: float


def fitted_line(want: Ints, source: Quantization, target: Quantization, alpha: float, dtype: ir.DataType) -> Line:
    """The line of two slopes, alpha apart, that is closest to the results `want` for the codes of dtype from the lowest
    on."""
    low, high = code_range(dtype)
    codes = np.arange(low, high + 1)
    reach = 3 if alpha not in (0.0, 1.0) else 30
    scale, out_scale = float(source.scale[0]), float(target.scale[0])
    zeros = int(source.zero_point[0]), int(target.zero_point[0])
    lines = []
    for zero, out_zero in _zero_points(scale / out_scale, zeros, reach, (low, high)):
        lines.append(_two_slopes(want, codes, Line(scale, zero, alpha, out_zero, 0.0), out_scale, _COARSE))
        if lines[-1].equal == 1:
            return lines[-1]
    lines.sort(key=lambda line: -line.equal)
    start = [Line(scale, line.zero, alpha, line.out_zero, 0.0) for line in lines[:_REFINED]]
    return max((_two_slopes(want, codes, line, out_scale, _FINE) for line in start), key=lambda line: line.equal)


def _zero_points(
    ratio: float, zeros: tuple[int, int], reach: int, bounds: tuple[int, int]
) -> Iterator[tuple[int, int]]:
    """Pairs of zero points that mean nearly the same as the given ones, beginning with these."""
    low, high = bounds
    for shift in sorted(range(-reach, reach + 1), key=abs):
        zero, out_zero = zeros[0] + shift, zeros[1] + round(shift * ratio)
        if low <= zero <= high and low <= out_zero <= high:
            yield zero, out_zero


def _two_slopes(want: Ints, codes: Ints, line: Line, out_scale: float, changes: np.ndarray) -> Line:
    """The line with the slopes on either side of zero that give most codes right."""
    x = (codes - line.zero).astype(F)
    above = x >= 0
    low, high = int(codes[0]), int(codes[-1])

    def right(real: np.ndarray, where: np.ndarray) -> Ints:
        found = np.clip(np.rint(real / F(out_scale)) + line.out_zero, low, high)
        return np.asarray(((found == want) & where).sum(-1), np.int64)

    scales = (line.scale * (1 + changes)).astype(F)
    hits = right(x * scales[:, None], above)
    scale = scales[_best(hits, changes)]
    alphas = (line.alpha * float(F(line.scale) / scale) * (1 + changes)).astype(F)
    more = right((x * scale) * alphas[:, None], ~above)
    share = int(hits.max() + more.max()) / codes.size
    return Line(float(scale), line.zero, float(alphas[_best(more, changes)]), line.out_zero, share)


def _best(hits: Ints, changes: np.ndarray) -> int:
    """The smallest change among the best."""
    return int(np.lexsort((np.abs(changes), -hits))[0])


@dataclass(frozen=True)
class Mean:
    """GlobalAveragePool between DequantizeLinear and QuantizeLinear, and the share of sums that it gives right."""

    zero: int
    out_zero: int
    stretch: float
    equal: float


@lru_cache(256)
def fitted_mean(kernel: MeanKernel, ratio: float, dtype: ir.DataType) -> Mean | None:
    """The zero points, and the factor on the ratio of input scale to output scale, that give most sums right.

    Tried are pairs of zero points that differ by nearly the kernel's offset, or by what rounding twice adds to it. None
    where no pair fits into the dtype.
    """
    low, high = code_range(dtype)
    sums = np.unique(np.linspace(low * kernel.count, high * kernel.count, _SUMS).astype(np.int64))
    want = kernel.codes(sums)
    inside = (want >= low) & (want <= high)
    if not inside.any():
        return None
    sums, want = sums[inside], want[inside]
    offset = kernel.offset - kernel.zero * ratio
    zeros = np.arange(low, high + 1)
    outs = np.rint(offset + zeros * ratio)
    rests = outs - zeros * ratio - offset
    fit = (outs >= low) & (outs <= high)
    lean = float(np.median(want - (sums / kernel.count * ratio + offset)))
    found: list[Mean] = []
    for aim in (0.0, lean):
        nearest = [i for i in np.argsort(np.abs(rests - aim), kind="stable") if fit[i]][:_REFINED]
        found.extend(_stretched(kernel, ratio, sums, want, int(zeros[i]), int(outs[i])) for i in nearest)
    return max(found, key=lambda mean: mean.equal, default=None)


def _stretched(kernel: MeanKernel, ratio: float, sums: Ints, want: Ints, zero: int, out_zero: int) -> Mean:
    real = (sums - zero * kernel.count).astype(F) * F(ratio / kernel.count)
    hits = (np.rint(real * (1 + _STRETCHES).astype(F)[:, None]) + out_zero == want).sum(-1)
    best = _best(hits, _STRETCHES)
    return Mean(zero, out_zero, float(1 + _STRETCHES[best]), float(hits[best] / want.size))
