"""tfonnx_lab: TensorFlow Lite (and TensorFlow, Keras) to ONNX, every step of which can be seen, tested and repaired."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from tfonnx_lab.errors import ConversionError, Unsupported
from tfonnx_lab.options import Options
from tfonnx_lab.patterns import const, not_, one_of, onnx, tfl, var
from tfonnx_lab.rules import Miss
from tfonnx_lab.trace import Trace, load_trace

if TYPE_CHECKING:
    from tfonnx_lab.conversion import Conversion
    from tfonnx_lab.debug import bisect, isolate, retry
    from tfonnx_lab.parity import compare
    from tfonnx_lab.pipeline import convert, handler, optimizer, rewriter
    from tfonnx_lab.plots import plot_ranges
    from tfonnx_lab.widgets import GraphView, Stepper

__version__ = "0.1.0"

_LATER = {
    "Conversion": "conversion",
    "GraphView": "widgets",
    "Stepper": "widgets",
    "bisect": "debug",
    "compare": "parity",
    "convert": "pipeline",
    "handler": "pipeline",
    "isolate": "debug",
    "optimizer": "pipeline",
    "plot_ranges": "plots",
    "retry": "debug",
    "rewriter": "pipeline",
}
"""Names that need LiteRT, ONNX Runtime, matplotlib or Jupyter: imported when they are first used, so that a saved trace can
be viewed without any of them. The decorators come with the package's own rules, so that a user's are the newer ones."""

__all__ = [
    "Conversion",
    "ConversionError",
    "GraphView",
    "Miss",
    "Options",
    "Stepper",
    "Trace",
    "Unsupported",
    "bisect",
    "compare",
    "const",
    "convert",
    "handler",
    "isolate",
    "load_trace",
    "not_",
    "one_of",
    "onnx",
    "optimizer",
    "plot_ranges",
    "retry",
    "rewriter",
    "tfl",
    "var",
]


def __getattr__(name: str) -> Any:
    if name in _LATER:
        found = globals()[name] = getattr(importlib.import_module(f"tfonnx_lab.{_LATER[name]}"), name)
        return found
    raise AttributeError(f"module 'tfonnx_lab' has no attribute {name!r}")


def __dir__() -> list[str]:
    return [*__all__, "__version__"]
