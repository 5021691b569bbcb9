"""The options that the table of truth converts with, by name."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import onnx

from tfonnx_lab.errors import ConversionError
from tfonnx_lab.litert.reference import LiteRT

OPTIONS: dict[str, dict[str, Any]] = {
    "default": {},
    "opset 13": {"opset": 13},
    "opset 21": {"opset": 21},
    "newest opset": {"opset": onnx.defs.onnx_opset_version()},
    "dequantize": {"dequantize": True},
    "dequantize, as it is": {"dequantize": True, "infer_relu": "off", "float_io": True},
    "exact": {"exact": True},
    "bits": {"exact": "bits"},
    "arm64": {"target": "arm64"},
    "portable": {"target": "portable"},
    "nnapi": {"target": "nnapi"},
    "coreml": {"target": "coreml"},
    "hybrid in float": {"hybrid": "float"},
    "batch 3": {},
    "batch N": {},
    "channels first": {},
}
"""The last three ask for what depends on the model's inputs."""

_BATCH = {"batch 3": 3, "batch N": "N"}


def options_for(path: Path, name: str) -> dict[str, Any]:
    """The options of a name for a model. Raises ConversionError where they do not go with it."""
    if name not in (*_BATCH, "channels first"):
        return OPTIONS[name]
    inputs = {str(d["name"]): [int(n) for n in d["shape"]] for d in LiteRT(path, keep=False).inputs}
    if name == "channels first":
        pictures = tuple(key for key, shape in inputs.items() if len(shape) == 4 and shape[3] in (1, 3, 4))
        if not pictures:
            raise ConversionError(f"{path}: no input is a picture")
        return {"inputs_as_nchw": pictures}
    if not inputs or any(not key or not shape or shape[0] != 1 for key, shape in inputs.items()):
        raise ConversionError(f"{path}: no batch of one")
    return {"inputs": {key: (_BATCH[name], *shape[1:]) for key, shape in inputs.items()}}
