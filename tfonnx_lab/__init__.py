"""tfonnx_lab: TensorFlow Lite (and TensorFlow, Keras) to ONNX, every step of which can be seen, tested and repaired."""

from __future__ import annotations

from tfonnx_lab.conversion import Conversion
from tfonnx_lab.errors import ConversionError, Unsupported
from tfonnx_lab.options import Options
from tfonnx_lab.patterns import const, not_, one_of, onnx, tfl, var
from tfonnx_lab.pipeline import convert
from tfonnx_lab.rules import Miss, handler, optimizer, rewriter
from tfonnx_lab.trace import Trace, load_trace

__version__ = "0.1.0"

__all__ = [
    "Conversion",
    "ConversionError",
    "Miss",
    "Options",
    "Trace",
    "Unsupported",
    "const",
    "convert",
    "handler",
    "load_trace",
    "not_",
    "one_of",
    "onnx",
    "optimizer",
    "rewriter",
    "tfl",
    "var",
]
