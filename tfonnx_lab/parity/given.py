"""What a comparison runs on: what is given, as LiteRT takes it and as the converted model does."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any

import numpy as np

from tfonnx_lab.conversion.result import Conversion
from tfonnx_lab.litert.input_files import Given, runs_from
from tfonnx_lab.litert.inputs import default_inputs
from tfonnx_lab.litert.reference import LiteRT
from tfonnx_lab.litert.signature import converted_source
from tfonnx_lab.parity.arrays import real, tensor_quantization
from tfonnx_lab.readers.metadata import normalizations
from tfonnx_lab.readers.source import open_source
from tfonnx_lab.runtime.sessions import OnnxRuntime


def given_runs(
    source: Any, reference: LiteRT, inputs: Sequence[np.ndarray] | Given | None, seed: int = 0
) -> list[list[np.ndarray]]:
    """The inputs of each run: arrays as they are, files read, the default where nothing is given."""
    if inputs is not None and not isinstance(inputs, (str, os.PathLike)) and not _are_paths(inputs):
        return [[np.asarray(x) for x in inputs]]
    stated = normalizations(open_source(source)[0])
    if inputs is None:
        return [default_inputs(reference.inputs, seed, stated)]
    return runs_from(inputs, reference.inputs, stated)  # type: ignore[arg-type]


def _are_paths(inputs: Any) -> bool:
    return bool(len(inputs)) and all(isinstance(item, (str, os.PathLike)) for item in inputs)


def default_given(result: Conversion) -> list[np.ndarray]:
    """What the converted model is run on where nothing is given, as it takes it."""
    source = converted_source(result)
    reference = LiteRT(source, keep=False)
    floats = OnnxRuntime(result.model).floats
    given = given_runs(source, reference, None)[0]
    return [fed(x, detail, held) for x, detail, held in zip(given, reference.inputs, floats, strict=False)]


def fed(value: np.ndarray, detail: dict[str, Any], is_float: bool) -> np.ndarray:
    """An input as the converted model takes it: `float_io` gives it real values where LiteRT takes codes."""
    quant = tensor_quantization(detail)
    if not is_float or quant is None or value.dtype.kind not in "iu":
        return value
    return real(value, quant).astype(np.float32)
