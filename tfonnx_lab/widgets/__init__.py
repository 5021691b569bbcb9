"""The notebook widgets.

The stepper and the graph view need neither TensorFlow, LiteRT nor ONNX Runtime: a trace is enough.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from tfonnx_lab.widgets.graph_view import GraphView
from tfonnx_lab.widgets.page import trace_to_html
from tfonnx_lab.widgets.stepper import Stepper

if TYPE_CHECKING:
    from tfonnx_lab.widgets.compare_view import Compare
    from tfonnx_lab.widgets.explorer import QuantizationExplorer
    from tfonnx_lab.widgets.handler_view import HandlerView
    from tfonnx_lab.widgets.layers_view import LayersView
    from tfonnx_lab.widgets.mobile_view import MobileView
    from tfonnx_lab.widgets.netron_pair import NetronPair
    from tfonnx_lab.widgets.onnx_lab import Lab
    from tfonnx_lab.widgets.optimizer_view import OptimizerView
    from tfonnx_lab.widgets.parity_view import ParityView
    from tfonnx_lab.widgets.quantization_view import QuantizationView
    from tfonnx_lab.widgets.question import Question
    from tfonnx_lab.widgets.rewriter_view import RewriterView
    from tfonnx_lab.widgets.runtime_view import RuntimeView

_LATER = {
    "Compare": "compare_view",
    "HandlerView": "handler_view",
    "Lab": "onnx_lab",
    "LayersView": "layers_view",
    "MobileView": "mobile_view",
    "NetronPair": "netron_pair",
    "OptimizerView": "optimizer_view",
    "ParityView": "parity_view",
    "QuantizationExplorer": "explorer",
    "QuantizationView": "quantization_view",
    "Question": "question",
    "RewriterView": "rewriter_view",
    "RuntimeView": "runtime_view",
}

__all__ = [
    "Compare",
    "GraphView",
    "HandlerView",
    "Lab",
    "LayersView",
    "MobileView",
    "NetronPair",
    "OptimizerView",
    "ParityView",
    "QuantizationExplorer",
    "QuantizationView",
    "Question",
    "RewriterView",
    "RuntimeView",
    "Stepper",
    "trace_to_html",
]


def __getattr__(name: str) -> Any:
    if name in _LATER:
        return getattr(importlib.import_module(f"tfonnx_lab.widgets.{_LATER[name]}"), name)
    raise AttributeError(f"module 'tfonnx_lab.widgets' has no attribute {name!r}")
