"""XNNPACK's rules of Resize; as in `checks`."""

from __future__ import annotations

from tfonnx_lab.mobile.coreml.rules import CheckDies
from tfonnx_lab.mobile.xnnpack.ask import Ask
from tfonnx_lab.mobile.xnnpack.checks import CODES, FLOATS


def resize_input(ask: Ask) -> str:
    """the since-version is 10 or later; the input is float, float16, uint8 or int8, of rank 4 with known channels."""
    if ask.node.version < 10:
        return f"the since-version is {ask.node.version}"
    if ask.dtype() not in (*FLOATS, *CODES):
        return f"the input is {ask.dtype()}"
    shape = ask.shape()
    return "" if shape is not None and len(shape) == 4 and shape[1] else f"the input has shape {shape}"


def resize_target(ask: Ask) -> str:
    """scales or sizes are constant and keep the channels; a scale below 1 is 1 over a whole divisor, for both axes."""
    scales = ask.constant(1 if ask.node.version == 10 else 2)
    sizes = ask.constant(3) if ask.node.version > 10 else None
    shape = [d or 0 for d in ask.shape() or ()]
    if scales is None and sizes is None:
        return "neither scales nor sizes are constant"
    if scales is not None and (reason := _scales(scales.tolist(), shape)):
        return reason
    return "" if sizes is None or sizes[1] == shape[1] else f"the sizes are {sizes.tolist()}"


def _scales(scales: list[float], shape: list[int]) -> str:
    """What is wrong with scales.

    Raises CheckDies where the check reads one that is not there (gsl::span terminates).
    """
    if len(scales) > 1 and scales[1] != 1:
        return f"the scales are {scales}"
    if len(scales) < 4:
        raise CheckDies(f"the check of Resize reads four scales, and there are {len(scales)}: the process dies")
    good = min(scales[2:4]) >= 1 or all(map(_divides, shape[2:], scales[2:4]))
    return "" if good else f"the scales are {scales}"


def _divides(size: int, scale: float) -> bool:
    """Whether 1 / scale is a whole number that divides size (core/providers/utils.cc, ReciprocalIsAFactorOfN)."""
    if not 0 < scale < 1:
        return False
    factor = 1.0 / float(scale)
    return abs(factor - round(factor)) < 1e-4 and size % round(factor) == 0


def resize_mode(ask: Ask) -> str:
    """mode is linear; no antialias, axes or exclude_outside; the aspect ratio is stretched, the extrapolation value
    0."""
    wanted = {
        "mode": ("nearest", "linear"),
        "antialias": (0, 0),
        "keep_aspect_ratio_policy": ("stretch", "stretch"),
        "extrapolation_value": (0.0, 0.0),
        "exclude_outside": (0, 0),
    }
    for name, (default, good) in wanted.items():
        if ask.get(name, default) != good:
            return f"{name} is {ask.get(name, default)}"
    return "axes are given" if len(ask.get("axes", ()) or ()) else ""


def resize_coordinates(ask: Ask) -> str:
    """coordinates are asymmetric, half_pixel or align_corners; pytorch_half_pixel where the output is above 1 by 1."""
    given = ask.get("coordinate_transformation_mode", "half_pixel") if ask.node.version > 10 else "asymmetric"
    shape = ask.dims(ask.outputs[0].name) or (0, 0, 0, 0)
    large = all((d or 0) > 1 for d in shape[2:4])
    good = given in ("asymmetric", "half_pixel", "align_corners") or (given == "pytorch_half_pixel" and large)
    return "" if good else f"coordinates are {given}"
