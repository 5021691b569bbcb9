"""Inputs out of files: pictures, sounds, arrays, or a folder of them, made into what a model takes."""

from __future__ import annotations

import os
import wave
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from tfonnx_lab.errors import ConversionError
from tfonnx_lab.litert.inputs import as_input, default_inputs
from tfonnx_lab.readers.metadata import Normalization

PICTURES = (".png", ".jpg", ".jpeg", ".bmp", ".gif", ".webp")
ARRAYS = (".npy", ".npz")
SOUNDS = (".wav",)

Given = str | os.PathLike[str] | Sequence[str | os.PathLike[str]]
"""A file, a folder of files (each is one run), or a list of files (one an input)."""


def runs_from(
    given: Given, details: Sequence[dict[str, Any]], stated: Sequence[Normalization | None] = ()
) -> list[list[np.ndarray]]:
    """The inputs of one run, or of several where a folder is given: one array an input, in the model's order and
    dtypes.

    given: a picture (PNG, JPEG ...), a WAV file, a .npy file, a .npz file with an array for each input (by its name, or
    in the order of the inputs), a folder of such files, or a list with a file for each input. A picture is scaled to
    the input's size; a sound is mixed to mono and cut, or filled up with silence, to its length. Inputs that a single
    picture or sound says nothing of have their default.
    details: LiteRT's details of the inputs.
    stated: how the model normalizes pictures, by input. Raises ConversionError, with the file and what was expected,
    for what does not fit.
    """
    if not isinstance(given, (str, os.PathLike)):
        return [[_one(Path(path), detail, _of(stated, n)) for n, (path, detail) in enumerate(_paired(given, details))]]
    path = Path(given)
    if path.is_dir():
        files = sorted(f for f in path.iterdir() if f.suffix.lower() in (*PICTURES, *SOUNDS, *ARRAYS))
        if not files:
            raise ConversionError(f"{path}: no pictures, sounds (.wav) or arrays (.npy, .npz) in this folder")
        return [_run(file, details, stated) for file in files]
    return [_run(path, details, stated)]


def _paired(
    given: Sequence[str | os.PathLike[str]], details: Sequence[dict[str, Any]]
) -> list[tuple[str | os.PathLike[str], dict[str, Any]]]:
    if len(given) != len(details):
        raise ConversionError(f"{len(given)} files are given, the model has {len(details)} inputs: {_names(details)}")
    return list(zip(given, details, strict=True))


def _run(path: Path, details: Sequence[dict[str, Any]], stated: Sequence[Normalization | None]) -> list[np.ndarray]:
    """The inputs of one run out of one file."""
    if path.suffix.lower() == ".npz":
        return _archive(path, details)
    found = default_inputs(details, stated=stated)
    fits = [n for n, detail in enumerate(details) if _takes(path, detail)]
    if not fits:
        wanted = "; ".join(_expected(detail) for detail in details)
        raise ConversionError(f"{path}: the model has no input for it; it takes {wanted}")
    if path.suffix.lower() == ".npy" and len(details) > 1:
        raise ConversionError(
            f"{path}: the model has {len(details)} inputs ({_names(details)}); give an .npz file with all"
        )
    found[fits[0]] = _one(path, details[fits[0]], _of(stated, fits[0]))
    return found


def _takes(path: Path, detail: dict[str, Any]) -> bool:
    """Whether an input is of the kind that a file holds."""
    shape = [int(d) for d in detail["shape"]]
    suffix = path.suffix.lower()
    if suffix in PICTURES:
        return len(shape) in (3, 4) and _pixels(shape) is not None
    if suffix in SOUNDS:
        return np.dtype(detail["dtype"]).kind in "fiu" and max(shape, default=0) > 1 and sum(d != 1 for d in shape) == 1
    return True


def _one(path: Path, detail: dict[str, Any], stated: Normalization | None) -> np.ndarray:
    """One file as one input."""
    suffix = path.suffix.lower()
    if not path.is_file():
        raise ConversionError(f"{path}: there is no such file; the input is {_expected(detail)}")
    if suffix in PICTURES:
        return as_input(_picture(path, detail), detail, stated)
    if suffix in SOUNDS:
        return as_input(_sound(path, detail), detail)
    if suffix == ".npy":
        return _fitting(path, _loaded(path), detail)
    raise ConversionError(f"{path}: not a picture, a .wav, an .npy or an .npz file; the input is {_expected(detail)}")


def _loaded(path: Path) -> Any:
    try:
        return np.load(path, allow_pickle=False)
    except (OSError, ValueError, EOFError) as error:
        raise ConversionError(f"{path}: it cannot be read as arrays: {str(error).splitlines()[0]}") from error


def _archive(path: Path, details: Sequence[dict[str, Any]]) -> list[np.ndarray]:
    """The arrays of an .npz file, by the inputs' names, else in order."""
    if not path.is_file():
        raise ConversionError(f"{path}: there is no such file; the inputs are {_names(details)}")
    stored = _loaded(path)
    names = [str(detail["name"]) for detail in details]
    by_name = [next((k for k in (name, _short(name)) if k in stored), None) for name in names]
    keys = [k for k in by_name if k is not None] if None not in by_name else list(stored)
    if len(keys) != len(details):
        raise ConversionError(f"{path}: it holds {', '.join(stored) or 'nothing'}; the inputs are {_names(details)}")
    return [_fitting(path, stored[key], detail) for key, detail in zip(keys, details, strict=True)]


def _short(name: str) -> str:
    """`serving_default_image:0` => `image`."""
    return name.removeprefix("serving_default_").split(":")[0]


def _fitting(path: Path, array: np.ndarray, detail: dict[str, Any]) -> np.ndarray:
    """An array as it is, where its dtype and rank are the input's; a leading dimension of 1 may be left out."""
    shape, dtype = [int(d) for d in detail["shape"]], np.dtype(detail["dtype"])
    if array.ndim == len(shape) - 1 and shape[0] == 1:
        array = array[None]
    same_kind = array.dtype.kind == dtype.kind or dtype.kind == "O"
    if array.ndim != len(shape) or not same_kind:
        raise ConversionError(f"{path}: {array.dtype}{list(array.shape)}; the input is {_expected(detail)}")
    return array.astype(dtype)


def _picture(path: Path, detail: dict[str, Any]) -> np.ndarray:
    """A picture of 0 to 1 in the input's shape."""
    try:
        from PIL import Image, UnidentifiedImageError
    except ModuleNotFoundError as error:  # a slim installation
        raise ConversionError(f"{path}: pictures need Pillow: pip install pillow") from error
    shape = [int(d) for d in detail["shape"]]
    layout = _pixels(shape)
    if layout is None:
        raise ConversionError(f"{path}: a picture is given, the input is {_expected(detail)}")
    height, width, channels, first = layout
    mode = {1: "L", 4: "RGBA"}.get(channels, "RGB")
    try:
        with Image.open(path) as opened:
            small = opened.convert(mode).resize((width, height), Image.Resampling.BILINEAR)
    except (UnidentifiedImageError, OSError, ValueError, Image.DecompressionBombError) as error:
        raise ConversionError(f"{path}: it cannot be read as a picture: {str(error).splitlines()[0]}") from error
    array = np.asarray(small, np.float32).reshape(height, width, channels) / np.float32(255)
    array = array.transpose(2, 0, 1) if first else array
    return np.ascontiguousarray(
        np.broadcast_to(array.reshape(array.shape if shape[-3:] == list(array.shape) else shape[-3:]), shape)
    )


def _pixels(shape: list[int]) -> tuple[int, int, int, bool] | None:
    """Height, width, channels, and whether those come first; None where the shape is not that of a picture."""
    if len(shape) == 4 or (len(shape) == 3 and shape[0] != 1):
        a, b, c = shape[-3:]
        if c in (1, 3, 4):
            return a, b, c, False
        if a in (1, 3, 4):
            return b, c, a, True
    if len(shape) == 3:
        return shape[1], shape[2], 1, True
    return None


def _sound(path: Path, detail: dict[str, Any]) -> np.ndarray:
    """A sound of -1 to 1 in the input's shape."""
    shape = [int(d) for d in detail["shape"]]
    if not _takes(path, detail):
        raise ConversionError(f"{path}: a sound is given, the input is {_expected(detail)}")
    try:
        with wave.open(str(path)) as file:
            width, channels = file.getsampwidth(), file.getnchannels()
            raw = file.readframes(file.getnframes())
    except (wave.Error, EOFError, OSError) as error:
        raise ConversionError(
            f"{path}: it cannot be read as PCM sound (.wav): {str(error) or 'it ends too early'}"
        ) from error
    raw = raw[: len(raw) // (width * channels) * width * channels]
    mono = _samples(raw, width).reshape(-1, channels).mean(1)
    fitted = np.zeros(int(np.prod(shape)), np.float32)
    fitted[: mono.size] = mono[: fitted.size]
    return fitted.reshape(shape)


def _samples(raw: bytes, width: int) -> np.ndarray:
    """PCM as numbers of -1 to 1: one byte a sample is unsigned, more are signed, little end first."""
    if width == 1:
        return (np.frombuffer(raw, np.uint8).astype(np.float32) - 128) / 128
    parts = np.frombuffer(raw, np.uint8).reshape(-1, width)
    wide = np.zeros((len(parts), 4), np.uint8)
    wide[:, 4 - width :] = parts
    return (wide.view("<i4")[:, 0] / 2.0**31).astype(np.float32)


def _of(stated: Sequence[Normalization | None], number: int) -> Normalization | None:
    return stated[number] if number < len(stated) else None


def _expected(detail: dict[str, Any]) -> str:
    """An input in words: `image float32[1, 224, 224, 3]`."""
    return f"{_short(str(detail['name']))} {np.dtype(detail['dtype'])}{[int(d) for d in detail['shape']]}"


def _names(details: Sequence[dict[str, Any]]) -> str:
    return ", ".join(_expected(detail) for detail in details)
