"""RESIZE_BILINEAR and RESIZE_NEAREST_NEIGHBOR."""

from __future__ import annotations

from typing import Any

import numpy as np
import onnx_ir as ir

from tfonnx_lab.arithmetic import constants
from tfonnx_lab.errors import Unsupported
from tfonnx_lab.graph import OpBuilder
from tfonnx_lab.graph.budget import room
from tfonnx_lab.handlers.lowering.integer import rounding_shift, wide
from tfonnx_lab.handlers.lowering.layout import check_rank, to_channels_first, to_channels_last
from tfonnx_lab.handlers.lowering.numeric import cast, is_float
from tfonnx_lab.handlers.lowering.shape import dims, ints, vector
from tfonnx_lab.rules import handler

_D = ir.DataType
_KERNELS = frozenset((_D.FLOAT, _D.INT8, _D.UINT8, _D.INT32))
"""What ONNX Runtime resizes."""


@handler("RESIZE_BILINEAR")
def resize_bilinear(
    op: OpBuilder, node: ir.Node, x: ir.Value, size: ir.Value, *, align_corners: bool = False,
    half_pixel_centers: bool = False, factor_h: float | None = None, factor_w: float | None = None,
) -> ir.Value:  # fmt: skip
    """RESIZE_BILINEAR => Transpose, Resize{linear}, Transpose; integers in integers. Source: resize_bilinear.h."""
    _check_target(size)
    if not is_float(x):
        return resize_codes(op, x, size, align_corners, half_pixel_centers)
    options = {"mode": "linear", "coordinate_transformation_mode": _coordinates(align_corners, half_pixel_centers)}
    factors = None if factor_h is None or factor_w is None else [factor_h, factor_w]
    y = _resize(op, to_channels_first(op, x), x, size, factors, **options)
    return to_channels_last(op, y)


def _check_target(size: ir.Value) -> None:
    """Raise Unsupported for a size that no image has. Source: Prepare in resize_bilinear.cc."""
    target = ints(size)
    if target and min(target) <= 0:
        raise Unsupported(f"it makes images of the size {' x '.join(map(str, target))}")


def resize_codes(op: OpBuilder, x: ir.Value, size: ir.Value, align: bool, half: bool) -> ir.Value:
    """Rows, then columns, mixed with weights in 1024ths and rounded once. Source: ResizeBilinearInteger."""
    check_rank(x, 4)
    _check_target(size)
    target = vector(op, size)
    mixed = wide(op, x)
    for axis in (1, 2):
        new = op.Gather(target, op.const([axis - 1]), axis=0)
        first, second, weight = _places(op, dims(op, x, [axis]), new, align, half)
        weight = wide(op, op.Reshape(weight, op.const([-1] + [1] * (3 - axis))))
        near, far = (op.Gather(mixed, where, axis=axis) for where in (first, second))
        mixed = op.Add(op.Mul(near, op.Sub(np.float64(constants.RESIZE_UNIT), weight)), op.Mul(far, weight))
    return op.Cast(rounding_shift(op, mixed, 2 * (constants.RESIZE_UNIT.bit_length() - 1)), to=x.dtype)


def _places(
    op: OpBuilder, old: ir.Value, new: ir.Value, align: bool, half: bool
) -> tuple[ir.Value, ir.Value, ir.Value]:
    """The two indices that each new position lies between, and its distance from the first in 1024ths."""
    one, unit = op.const([1]), op.const([constants.RESIZE_UNIT])
    scale = op.Div(op.Add(op.Mul(unit, old), op.Div(new, op.const([2]))), new)
    if align:
        gaps = op.Sub(new, one)
        between = op.Add(op.Mul(unit, op.Sub(old, one)), op.Div(gaps, op.const([2])))
        scale = op.Where(op.Greater(gaps, op.const([0])), op.Div(between, op.Max(gaps, one)), scale)
    none = op.const(np.zeros(0, np.int64))
    at = op.Mul(op.Range(op.const(0), op.Reshape(new, none), op.const(1)), scale)
    if half:
        at = op.Add(at, op.Sub(op.Div(scale, op.const([2])), op.const([constants.RESIZE_UNIT // 2])))
    last = op.Sub(old, one)
    first = op.Min(op.Max(op.Div(at, unit), op.const([0])), last)
    second = op.Min(op.Div(op.Add(at, op.const([constants.RESIZE_UNIT - 1])), unit), last)
    return first, second, op.Sub(at, op.Mul(first, unit))


@handler("RESIZE_NEAREST_NEIGHBOR")
def resize_nearest_neighbor(
    op: OpBuilder, node: ir.Node, x: ir.Value, size: ir.Value, *, align_corners: bool = False,
    half_pixel_centers: bool = False
) -> ir.Value:  # fmt: skip
    """RESIZE_NEAREST_NEIGHBOR => Resize{nearest} where it takes LiteRT's rows and columns, else Gather of them.

    8-bit codes times whole factors => Tile of pixels, Tile of rows. Source: GetNearestNeighbor in
    resize_nearest_neighbor.h.
    """
    check_rank(x, 4)
    _check_target(size)
    target = ints(size)
    spatial = None if x.shape is None else list(x.shape)[1:3]
    align, half = align_corners, half_pixel_centers
    if target is None or spatial is None or not all(isinstance(d, int) for d in spatial):
        return _resize_nearest(op, x, size, *_WAYS[2 if align else 1 if half else 0])
    known = [int(d) for d in spatial]  # type: ignore[arg-type]
    for new in target:
        room(new, 64, "the list of the rows, or columns, that it takes,")
    wanted = [nearest(old, new, align, half) for old, new in zip(known, target, strict=True)]
    factors = _whole_factors(known, wanted)
    channels = x.shape[3] if x.shape is not None else None
    tiles = x.dtype in (_D.INT8, _D.UINT8) and op.options.target != "nnapi"  # which has no Tile
    if tiles and factors is not None and isinstance(channels, int) and channels:
        return _copied(op, x, channels, target, factors)
    for how, rounding in _WAYS if x.dtype in (_D.FLOAT, _D.INT8, _D.UINT8) and all(known) else ():
        taken = [as_onnx_runtime(old, new, how) for old, new in zip(known, target, strict=True)]
        if all(map(np.array_equal, taken, wanted)):
            return _resize_nearest(op, x, size, how, rounding)
    for axis, index in enumerate(wanted, 1):
        x = op.Gather(x, op.const(index), axis=axis)
    return x


def nearest(old: int, new: int, align: bool, half: bool) -> np.ndarray:
    """The index that each of the new positions takes, in LiteRT's float32 arithmetic."""
    scale = np.float32((old - 1) / np.float32(new - 1)) if align and new > 1 else np.float32(old / np.float32(new))
    position = (np.arange(new, dtype=np.float32) + np.float32(0.5 if half else 0)) * scale
    index = np.floor(position + np.float32(0.5)) if align else np.floor(position)
    return np.clip(index, 0, old - 1).astype(np.int64)


def _whole_factors(known: list[int], wanted: list[np.ndarray]) -> list[int] | None:
    """How often each row and column is taken, where all are equally often and in order."""
    factors = [index.size // old if old else 0 for old, index in zip(known, wanted, strict=True)]
    same = [
        f > 0 and np.array_equal(index, np.arange(old).repeat(f))
        for old, index, f in zip(known, wanted, factors, strict=True)
    ]
    return factors if all(same) else None


def _copied(op: OpBuilder, x: ir.Value, channels: int, target: list[int], factors: list[int]) -> ir.Value:
    """Each pixel, then each row, as often as its factor says.

    Integer kernels leave codes channels last, and ONNX Runtime's Resize takes six times as long there.
    """
    y = x
    for length, times in ((channels, factors[1]), (target[1] * channels, factors[0])):
        if times > 1:
            y = op.Tile(op.Reshape(y, op.const([-1, length])), op.const([1, times]))
    return x if y is x else op.Reshape(y, op.const([-1, *target, channels]))


_WAYS = (("asymmetric", "floor"), ("half_pixel", "round_prefer_ceil"), ("align_corners", "round_prefer_ceil"))


def as_onnx_runtime(old: int, new: int, how: str) -> np.ndarray:
    """The index that each of the new positions takes, in ONNX Runtime's float32 arithmetic. Source: upsamplebase.h."""
    scale, x, half = np.float32(new) / np.float32(old), np.arange(new, dtype=np.float32), np.float32(0.5)
    if how == "asymmetric" or scale == 1:
        index = np.floor(x / scale)
    elif how == "half_pixel":
        index = np.floor((x + half) / scale - half + half)
    else:
        index = np.floor(x * np.float32(old - 1) / np.float32(max(new - 1, 1)) + half)
    return np.clip(index, 0, old - 1).astype(np.int64)


def _resize_nearest(op: OpBuilder, x: ir.Value, size: ir.Value, how: str, rounding: str) -> ir.Value:
    options = {"mode": "nearest", "coordinate_transformation_mode": how, "nearest_mode": rounding}
    wide = x if x.dtype in _KERNELS else op.Cast(x, to=_D.FLOAT if is_float(x) else _D.INT32)
    y = to_channels_last(op, _resize(op, to_channels_first(op, wide), wide, size, None, **options))
    return cast(op, y, x.dtype)


def _coordinates(align: bool, half: bool) -> str:
    if align:
        return "align_corners"
    return "half_pixel" if half else "asymmetric"


def _resize(
    op: OpBuilder, first: ir.Value, x: ir.Value, size: ir.Value, given: list[float] | None, **options: str
) -> ir.Value:
    """Resize of channels-first `first` to the height and width in `size`, which the given factors lead to."""
    target = ints(size)
    linear = options["mode"] == "linear"
    factors = _factors(x, target, linear) if given is None else np.array([1, 1, *given], np.float32)
    if factors is not None:
        made = op.node("Resize", [first, None, op.const(factors)], dict(options))
    else:
        whole = op.Concat(dims(op, x, [0, 3]), vector(op, size, 2), axis=0)
        made = op.node("Resize", [first, None, None, whole], dict(options))
    made.outputs[0].type = x.type
    if first.shape is not None:
        lead = list(first.shape)[:2]
        spatial: list[int | None] = [None, None] if target is None else [*target]
        made.outputs[0].shape = ir.Shape([*lead, *spatial])
    return made.outputs[0]


def _factors(x: ir.Value, target: list[int] | None, linear: bool) -> np.ndarray | None:
    """Height and width as factors of what they are, where batch or channels are not known but their factors, 1, are.

    Without them the sizes would have to be computed. None where ONNX Runtime, which multiplies in 32 bits, or
    onnx's shape inference, in 64, would not round them to the target; a linear one may be a little larger for that.
    """
    shape = [] if x.shape is None else list(x.shape)
    spatial = [d for d in shape[1:3] if isinstance(d, int) and d]
    if target is None or len(spatial) < 2 or all(isinstance(d, int) for d in shape):
        return None
    old, new = (np.array(v, np.float32) for v in (spatial, target))
    factors = new / old
    if linear:
        factors = np.where(_floors(old, factors, np.float64) < new, np.nextafter(factors, np.float32(np.inf)), factors)
    fits = all((_floors(old, factors, kind) == new).all() for kind in (np.float32, np.float64))
    return np.concatenate([np.ones(2, np.float32), factors]) if fits else None


def _floors(old: np.ndarray, factors: np.ndarray, kind: type[np.floating[Any]]) -> np.ndarray:
    return np.asarray(np.floor(old.astype(kind) * factors.astype(kind)))
