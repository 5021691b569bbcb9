"""Inputs to compare with, where the user gives none."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from tfonnx_lab.litert.natural import picture, sound
from tfonnx_lab.readers.metadata import Normalization

_SIDE = 8
"""From so many pixels a side on, an input with a channel or three is a picture."""

_SAMPLES = 320
"""From so many numbers on, an input with one other dimension than 1 is a sound: 20 ms of speech."""


def default_inputs(
    details: Sequence[dict[str, Any]], seed: int = 0, stated: Sequence[Normalization | None] = ()
) -> list[np.ndarray]:
    """One array an input, from LiteRT's input details: a picture or a sound where the shape is that of one, else as
    `random_inputs`.

    stated: how the model wants pictures normalized, by input.
    """
    found = random_inputs(details, seed)
    for number, detail in enumerate(details):
        if (natural := _natural([int(d) for d in detail["shape"]])) is not None:
            found[number] = as_input(natural, detail, stated[number] if number < len(stated) else None)
    return found


def as_input(natural: np.ndarray, detail: dict[str, Any], stated: Normalization | None = None) -> np.ndarray:
    """A picture (0 to 1) or a sound (-1 to 1) in the dtype, and in the codes, of an input.

    Real numbers: as the model states; else a picture is 0 to 1, a sound as it is. Codes: what their scale makes of the
    normalized values where the model states how, else the whole range of the codes. Plain integers: 0 to 255.
    """
    dtype = np.dtype(detail["dtype"])
    low = float(natural.min(initial=0.0))
    if stated is not None and low >= 0:
        mean, std = np.asarray(stated.mean, np.float32), np.asarray(stated.std, np.float32)
        real = (natural * np.float32(255) - mean) / std
        q = detail["quantization_parameters"]
        if dtype.kind == "f":
            return np.asarray(real, dtype)
        if len(q["scales"]):
            info = np.iinfo(dtype)
            codes = np.rint(real / q["scales"][0]) + q["zero_points"][0]
            made: np.ndarray = np.clip(codes, info.min, info.max).astype(dtype)
            return made
    if dtype.kind == "f":
        return natural.astype(dtype)
    share = natural if low >= 0 else (natural + 1) / 2
    if dtype.itemsize > 2 or not len(detail["quantization_parameters"]["scales"]):
        return np.rint(share * 255).astype(dtype) if dtype.itemsize > 1 or dtype.kind == "u" else _codes(share, dtype)
    return _codes(share, dtype)


def _codes(share: np.ndarray, dtype: np.dtype[Any]) -> np.ndarray:
    """0 to 1 over the whole range of an integer dtype."""
    info = np.iinfo(dtype)
    return np.rint(share * (float(info.max) - info.min) + info.min).astype(dtype)


def is_picture(shape: Sequence[int]) -> bool:
    """Whether a shape is that of pictures, channels last: [batch, height, width, 1, 3 or 4]."""
    return len(shape) == 4 and shape[3] in (1, 3, 4) and min(shape[1:3]) >= _SIDE


def is_sound(shape: Sequence[int]) -> bool:
    """Whether a shape is that of a mono sound: one long dimension."""
    long = [d for d in shape if d != 1]
    return len(shape) <= 3 and len(long) == 1 and long[0] >= _SAMPLES


def _natural(shape: list[int]) -> np.ndarray | None:
    """A picture for each of a batch (every second one mirrored), channels last or first, or a sound; None for other
    shapes."""
    if is_picture(shape):
        one = picture(shape[1], shape[2], shape[3])
        return np.stack([one if i % 2 == 0 else one[:, ::-1] for i in range(shape[0])])
    if len(shape) == 4 and shape[1] in (1, 3) and is_picture([shape[0], *shape[2:], shape[1]]):
        last = _natural([shape[0], *shape[2:], shape[1]])
        return None if last is None else np.ascontiguousarray(last.transpose(0, 3, 1, 2))
    return sound(int(np.prod(shape))).reshape(shape) if is_sound(shape) else None


def random_inputs(details: Sequence[dict[str, Any]], seed: int = 0) -> list[np.ndarray]:
    """One array an input, from LiteRT's input details: floats in -1 to 1, quantized codes over their whole range, small
    integers elsewhere (they tend to be indices), empty strings."""
    rng = np.random.default_rng(seed)
    return [_one(rng, d) for d in details]


def _one(rng: np.random.Generator, detail: dict[str, Any]) -> np.ndarray:
    dtype, shape = np.dtype(detail["dtype"]), [int(d) for d in detail["shape"]]
    if dtype.kind == "f":
        return rng.uniform(-1, 1, shape).astype(dtype)
    if dtype.kind == "b":
        return rng.integers(0, 2, shape).astype(bool)
    if dtype.kind == "c":
        return (rng.uniform(-1, 1, shape) + 1j * rng.uniform(-1, 1, shape)).astype(dtype)
    if dtype.kind in "iu":
        if len(detail["quantization_parameters"]["scales"]) and dtype.itemsize <= 2:
            info = np.iinfo(dtype)
            return rng.integers(info.min, info.max + 1, shape).astype(dtype)
        return rng.integers(0, 2, shape).astype(dtype)
    return np.full(shape, b"", object)
