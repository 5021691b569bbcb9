"""ONNX Runtime's own optimizer, as a function from a model to the model that it would run."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Literal

import onnx
import onnxruntime as ort

from tfonnx_lab.runtime.sessions import loading

Target = Literal["x86_64", "arm64", "portable"]


def optimized(model: onnx.ModelProto, target: Target = "x86_64") -> onnx.ModelProto:
    """The model as a session with default options runs it on the CPU.

    target: on ARM, ONNX Runtime also makes integer kernels of int8 activations; here a session option stands for that.
    Layouts chosen at run time (NHWC, blocked) are those of this machine.
    """
    options = ort.SessionOptions()
    options.log_severity_level = 4
    if target == "arm64":
        options.add_session_config_entry("session.qdqisint8allowed", "1")
    with tempfile.TemporaryDirectory() as folder, loading():
        path = Path(folder) / "optimized.onnx"
        options.optimized_model_filepath = str(path)
        ort.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])
        return onnx.load(path)
