"""CoreML rows of Resize and GridSample."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from tfonnx_lab.mobile.coreml.rules import DYNAMIC, Ask, CheckDies, Row, both, program_only, rule

RESIZE = "impl/resize_op_builder.cc"


@rule()
def filled(ask: Ask) -> str:
    """no dimension of the input is 0."""
    return "a dimension of the input is 0" if 0 in ask.shape(0) else ""


@rule()
def rank_3_to_5(ask: Ask) -> str:
    """the input has rank 3 to 5."""
    rank = len(ask.shape(0))
    return "" if 3 <= rank <= 5 else f"the input has rank {rank}, not 3 to 5"


@rule('format="MLProgram"')
def rank_4(ask: Ask) -> str:
    """the input has rank 4."""
    rank = len(ask.shape(0))
    return "" if rank == 4 else f"the input has rank {rank}, not 4"


@rule()
def mode(ask: Ask) -> str:
    """mode is linear, or nearest with nearest_mode floor."""
    given = ask.get("mode", "nearest")
    if given not in ("linear", "nearest"):
        return f"mode is {given}"
    rounding = ask.get("nearest_mode", "round_prefer_floor")
    return f"nearest_mode is {rounding}, not floor" if given == "nearest" and rounding != "floor" else ""


@rule()
def plain(ask: Ask) -> str:
    """antialias and exclude_outside are 0, and keep_aspect_ratio_policy is stretch."""
    for name in ("antialias", "exclude_outside"):
        if ask.get(name, 0) != 0:
            return f"{name} is 1"
    policy = ask.get("keep_aspect_ratio_policy", "stretch")
    return "" if policy == "stretch" else f"keep_aspect_ratio_policy is {policy}"


@rule("make scales or sizes an initializer")
def target_constant(ask: Ask) -> str:
    """sizes, or else scales, are given as a constant initializer; with scales, height and width are known."""
    if not ask.has(2) and not _by_sizes(ask):
        return "neither scales nor sizes are given"
    if not _by_sizes(ask) and DYNAMIC in ask.shape(0)[-2:]:
        return "scales are given, and the height or the width of the input is not known"
    position = 3 if _by_sizes(ask) else 2
    return "" if ask.is_constant(position) else f"{ask.name(position)!r} is no constant initializer"


@rule()
def last_two(ask: Ask) -> str:
    """only the last two dimensions change."""
    shape, target = ask.shape(0), _target(ask)
    for position, axis in enumerate(_axes(ask)):
        # the source compares a size with the dimension at the entry's position, not at its axis
        same = target[position] == shape[position] if _by_sizes(ask) else target[position] == 1.0
        if axis < len(shape) - 2 and not same:
            return f"axis {axis} of rank {len(shape)} changes"
    return ""


@rule("scale by whole numbers")
def whole_scales(ask: Ask) -> str:
    """scales of height and width are both whole numbers, or both 1 over a whole divisor of the dimension."""
    if _by_sizes(ask):
        return ""
    up = _scales_up(ask)
    if up is not None:
        return up
    for scale, size in zip(_target(ask)[-2:], ask.shape(0)[-2:], strict=True):
        if not _divides(size, scale):
            return f"the scale {scale:g} is not 1 over a divisor of {size}"
    return ""


@rule('format="MLProgram"')
def whole_scales_network(ask: Ask) -> str:
    """scales of height and width are whole numbers; sizes are multiples of a static shape."""
    if not _by_sizes(ask):
        up = _scales_up(ask)
        return "it makes the input smaller" if up is None else up
    if DYNAMIC in ask.shape(0):
        return "sizes are given, and the input's shape is not static"
    for new, old in zip(_target(ask)[-2:], ask.shape(0)[-2:], strict=True):
        if math.fmod(new, old) != 0:
            return f"the size {new:g} is no multiple of {old}"
    return ""


def _scales_up(ask: Ask) -> str | None:
    """What is wrong with scales of height and width that enlarge; None where both reduce."""
    height, width = _target(ask)[-2:]
    if height >= 1 and width >= 1:
        broken = [s for s in (height, width) if s != round(s)]
        return f"the scale {broken[0]:g} is no whole number" if broken else ""
    if height <= 1 and width <= 1:
        return None
    return f"one of the scales {height:g} and {width:g} enlarges, the other reduces"


@rule()
def coordinates(ask: Ask) -> str:
    """nearest: asymmetric coordinates; linear: half_pixel, align_corners, or asymmetric with sizes.

    pytorch_half_pixel is half_pixel where height and width of the output are above 1.
    """
    given = ask.get("coordinate_transformation_mode", "half_pixel")
    if ask.get("mode", "nearest") == "nearest":
        return "" if given == "asymmetric" else f"mode is nearest and coordinates are {given}, not asymmetric"
    if given == "pytorch_half_pixel" and min(_output(ask)) > 1:
        return ""
    if given in ("half_pixel", "align_corners") or (given == "asymmetric" and _by_sizes(ask)):
        return ""
    return f"mode is linear and coordinates are {given}" + ("" if _by_sizes(ask) else " with scales")


@rule('format="MLProgram", or asymmetric coordinates')
def coordinates_network(ask: Ask) -> str:
    """coordinate_transformation_mode is asymmetric."""
    given = ask.get("coordinate_transformation_mode", "half_pixel")
    return "" if given == "asymmetric" else f"coordinates are {given}, not asymmetric"


def _by_sizes(ask: Ask) -> bool:
    """Whether sizes are given; they go before scales."""
    return ask.has(3)


def _axes(ask: Ask) -> Sequence[int]:
    rank = len(ask.shape(0))
    given = list(ask.get("axes", ()) or ())
    return [ask.axis(a, rank) if a < 0 else a for a in given] or list(range(rank))


def _target(ask: Ask) -> list[float]:
    """The scales or sizes, one an axis. Raises CheckDies where there are fewer than the check reads."""
    given = [float(v) for v in ask.data(3 if _by_sizes(ask) else 2).reshape(-1)]
    if len(given) < max(2, len(_axes(ask))):
        raise CheckDies(f"the check of Resize reads more scales or sizes than the {len(given)} that are there")
    return given


def _output(ask: Ask) -> tuple[int, int]:
    """Height and width of the output."""
    target = _target(ask)[-2:]
    if _by_sizes(ask):
        return int(target[0]), int(target[1])
    height, width = ask.shape(0)[-2:]
    # std::llround of a float product: halves go away from zero
    made = [
        math.floor(float(np.float32(size) * np.float32(s)) + 0.5)
        for size, s in zip((height, width), target, strict=True)
    ]
    return made[0], made[1]


def _divides(size: int, scale: float) -> bool:
    """Whether 1 / scale is a whole number that divides size (core/providers/utils.cc, ReciprocalIsAFactorOfN)."""
    if not 0 < scale < 1:
        return False
    factor = 1.0 / scale
    return abs(factor - round(factor)) < 1e-4 and size % round(factor) == 0


@rule()
def sampled(ask: Ask) -> str:
    """the input has rank 4 and mode is bilinear (opset 16) or linear (20).

    The stock table writes `zeros`, too, which the source accepts although ONNX has no such mode.
    """
    rank, given = len(ask.shape(0)), ask.get("mode", "linear")
    if rank != 4:
        return f"the input has rank {rank}, not 4"
    return "" if given in ("linear", "bilinear", "zeros") else f"mode is {given}"


@rule()
def sampled_border(ask: Ask) -> str:
    """padding_mode is not reflection without align_corners."""
    linear = ask.get("mode", "linear") in ("linear", "bilinear")
    mirrored = ask.get("padding_mode", "zeros") == "reflection" and not ask.get("align_corners", 0)
    return "padding_mode is reflection and align_corners 0" if linear and mirrored else ""


_COMMON = (plain, mode, target_constant, last_two)

ROWS: tuple[Row, ...] = (
    *both(
        "Resize",
        RESIZE,
        filled,
        program=(rank_3_to_5, *_COMMON, whole_scales, coordinates),
        network=(rank_4, *_COMMON, whole_scales_network, coordinates_network),
        first=11,
        zero=True,
    ),
    *program_only("GridSample", "impl/gridsample_op_builder.cc", sampled, sampled_border),
)
