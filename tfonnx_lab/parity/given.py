"""What a comparison runs on: what is given, as LiteRT takes it and as the converted model does."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

import numpy as np
import onnx_ir as ir

from tfonnx_lab.conversion.result import Conversion
from tfonnx_lab.errors import ConversionError
from tfonnx_lab.graph.meta import TENSORS, TFLITE_NAMES
from tfonnx_lab.litert.input_files import Given, runs_from
from tfonnx_lab.litert.inputs import default_inputs, random_inputs
from tfonnx_lab.litert.reference import LiteRT
from tfonnx_lab.litert.signature import converted_source
from tfonnx_lab.parity.arrays import in_codes_of, tensor_quantization
from tfonnx_lab.readers.metadata import normalizations
from tfonnx_lab.readers.source import open_source

Inputs: TypeAlias = Sequence[np.ndarray] | Mapping[str, Any] | np.ndarray | Given | None
"""What a comparison takes (`given_runs`)."""


def given_runs(
    result: Conversion, reference: LiteRT, inputs: Any = None, seed: int = 0, *, natural: bool = True
) -> list[list[np.ndarray]]:
    """The inputs of each run, in LiteRT's layout: arrays as they are, files read, the default where nothing is given.

    inputs: one array an input, in the TFLite model's order, layout and dtypes; a dict of them by input name; a single
    array, of a model with one input; or files (`runs_from`).
    natural: whether the default is a picture or a sound where the model takes one; else it is random.
    Raises ConversionError, with the input and the shape that it takes, for what does not fit.
    """
    details = taken_details(result, reference.inputs)
    if inputs is None and not natural:
        return [random_inputs(details, seed)]
    if isinstance(inputs, Mapping):
        inputs = _by_name(result, inputs, details)
    elif isinstance(inputs, np.ndarray):
        inputs = [inputs]
    if inputs is not None and not isinstance(inputs, (str, os.PathLike)) and not _are_paths(inputs):
        return [_fitting(result, inputs, details)]
    stated = normalizations(open_source(result.source)[0])
    return [default_inputs(details, seed, stated)] if inputs is None else runs_from(inputs, details, stated)


def _are_paths(inputs: Any) -> bool:
    if not isinstance(inputs, Sequence):
        raise ConversionError(
            f"inputs: {type(inputs).__name__} is given; give one array an input, a dict of arrays by name, or a file"
        )
    return bool(len(inputs)) and all(isinstance(item, (str, os.PathLike)) for item in inputs)


def taken_details(result: Conversion, details: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """LiteRT's details of the inputs, with the shapes that the converted model takes, in LiteRT's layout."""
    values = result.ir_model.graph.inputs
    found = list(details)
    for number, (detail, value) in enumerate(zip(details, values, strict=False)):
        free = _dims(value, detail)
        if free is not None:
            sizes = [int(d) for d in detail["shape"]]
            fixed = [d if d is not None else (sizes[i] if i < len(sizes) else 1) for i, d in enumerate(free)]
            found[number] = {**detail, "shape": np.array(fixed, np.int32)}
    return found


def as_taken(result: Conversion, given: Sequence[np.ndarray], details: Sequence[dict[str, Any]]) -> list[np.ndarray]:
    """Inputs as the converted model takes them: channels first where it does, its codes, or real numbers of codes."""
    values = result.ir_model.graph.inputs
    return [
        in_codes_of(value, _laid(value, array), tensor_quantization(detail))
        for value, array, detail in zip(values, given, details, strict=False)
    ]


def default_given(result: Conversion) -> list[np.ndarray]:
    """What the converted model is run on where nothing is given, as it takes it."""
    reference = LiteRT(converted_source(result), keep=False)
    return as_taken(result, given_runs(result, reference)[0], reference.inputs)


def _perm(value: ir.Value) -> tuple[int, ...] | None:
    """The permutation that makes LiteRT's layout of an input's; None where it is the same."""
    held = value.meta.get(TENSORS, ())
    return held[0][1] if held else None


def _laid(value: ir.Value, array: np.ndarray) -> np.ndarray:
    perm = _perm(value)
    if perm is None or len(perm) != array.ndim:
        return array
    return np.ascontiguousarray(array.transpose(np.argsort(perm)))


def _dims(value: ir.Value, detail: Mapping[str, Any]) -> list[int | None] | None:
    """The dimensions of an input in LiteRT's layout, None where one is free; None where the rank is not known."""
    if value.shape is None:
        return None
    dims = [d if isinstance(d, int) else None for d in value.shape]
    if np.dtype(detail["dtype"]).kind == "c":
        dims = dims[:-1]  # pairs
    perm = _perm(value)
    return dims if perm is None else [dims[i] for i in perm]


def _by_name(result: Conversion, inputs: Mapping[Any, Any], details: Sequence[dict[str, Any]]) -> list[Any]:
    """Arrays by input name, in order. A name is the converted model's, or the file's."""
    of_file = result.ir_model.meta.get(TFLITE_NAMES, {})
    rest, found = dict(inputs), []
    for detail, value in zip(details, result.ir_model.graph.inputs, strict=False):
        name = value.name or ""
        names = [name, of_file.get(name, name), str(detail["name"])]
        names += [n.split(":")[0] for n in names]
        called = next((n for n in names if n in rest), None)
        if called is None:
            raise ConversionError(f"inputs: nothing is given for {_wanted(value, detail)}; {_told(result, details)}")
        found.append(rest.pop(called))
    if rest:
        raise ConversionError(f"inputs: there is no input {next(iter(rest))!r}; {_told(result, details)}")
    return found


def _fitting(result: Conversion, inputs: Sequence[Any], details: Sequence[dict[str, Any]]) -> list[np.ndarray]:
    """One array an input, of the input's dtype and of a shape that the converted model takes."""
    if len(inputs) != len(details):
        raise ConversionError(f"inputs: {len(inputs)} are given; {_told(result, details)}")
    values: list[ir.Value | None] = [*result.ir_model.graph.inputs, *[None] * len(details)]
    return [_one(x, value, detail) for x, value, detail in zip(inputs, values, details, strict=False)]


def _one(given: Any, value: ir.Value | None, detail: dict[str, Any]) -> np.ndarray:
    try:
        array = np.asarray(given)
    except ValueError as error:  # rows of different lengths
        raise ConversionError(f"inputs: {_wanted(value, detail)} cannot be made of it: {error}") from error
    dtype = np.dtype(detail["dtype"])
    dims = None if value is None else _dims(value, detail)
    fits = dims is None or (
        array.ndim == len(dims) and all(d in (None, size) for d, size in zip(dims, array.shape, strict=True))
    )
    texts = dtype.kind in "OSU" and array.dtype.kind in "OSU"
    if not fits or (array.dtype != dtype and not texts and not _holds(dtype, array)):
        raise ConversionError(
            f"inputs: {_wanted(value, detail)} is wanted, in the TFLite model's layout, "
            f"{array.dtype}{list(array.shape)} is given"
        )
    return array if texts else array.astype(dtype, copy=False)


def _holds(dtype: np.dtype[Any], array: np.ndarray) -> bool:
    """Whether a dtype is of an array's kind and holds its numbers."""
    if dtype.kind != array.dtype.kind:
        return False
    if dtype.kind not in "iu":
        return True
    info = np.iinfo(dtype)
    return not array.size or bool(array.min() >= info.min and array.max() <= info.max)


def _wanted(value: ir.Value | None, detail: Mapping[str, Any]) -> str:
    """An input in words: `image int8[4, 8, 8, 1]`; a dimension that is free has its name, or a question mark."""
    dims: Sequence[int | None] = (None if value is None else _dims(value, detail)) or [int(d) for d in detail["shape"]]
    name = str(detail["name"]) if value is None else value.name
    return f"{name} {np.dtype(detail['dtype'])}[{', '.join('?' if d is None else str(d) for d in dims)}]"


def _told(result: Conversion, details: Sequence[dict[str, Any]]) -> str:
    values = result.ir_model.graph.inputs
    return f"the model takes {', '.join(_wanted(v, d) for v, d in zip(values, details, strict=False)) or 'none'}"
