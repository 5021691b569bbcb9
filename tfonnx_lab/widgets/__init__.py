"""The notebook widgets. They view traces and models; none of them needs TensorFlow, LiteRT or ONNX Runtime."""

from tfonnx_lab.widgets.graph_view import GraphView
from tfonnx_lab.widgets.page import trace_to_html
from tfonnx_lab.widgets.stepper import Stepper

__all__ = ["GraphView", "Stepper", "trace_to_html"]
