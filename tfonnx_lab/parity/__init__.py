"""Parity: the same inputs through LiteRT (the reference) and ONNX Runtime, compared tensor by tensor."""

from tfonnx_lab.parity.compare import Parity, TensorParity, compare
from tfonnx_lab.parity.inputs import random_inputs
from tfonnx_lab.parity.plot import plot_errors
from tfonnx_lab.parity.reference import LiteRT
from tfonnx_lab.parity.runtime import OnnxRuntime
from tfonnx_lab.parity.signature import converted_source

__all__ = [
    "LiteRT",
    "OnnxRuntime",
    "Parity",
    "TensorParity",
    "compare",
    "converted_source",
    "plot_errors",
    "random_inputs",
]
