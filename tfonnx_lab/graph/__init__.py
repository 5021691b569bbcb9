"""The one graph of all stages, and the only code that changes it."""

from tfonnx_lab.graph.attributes import attr, make_attribute, plain, tensor_of
from tfonnx_lab.graph.builder import OpBuilder, Operand
from tfonnx_lab.graph.dialects import INTERMEDIATE, MICROSOFT, ONNX, TFLITE, TFLITE_CUSTOM, is_onnx, is_tflite
from tfonnx_lab.graph.editor import Editor
from tfonnx_lab.graph.events import Listener
from tfonnx_lab.graph.meta import ERASED, NEXT, ORIGIN, TENSORS
from tfonnx_lab.graph.quantization import EIGHT_BIT, Quantization, code_range, is_quantized, quantization
from tfonnx_lab.graph.values import constant_array, known_sizes, rank, static_shape, use_count
from tfonnx_lab.graph.walk import all_graphs, all_nodes, subgraphs

__all__ = [
    "EIGHT_BIT",
    "ERASED",
    "INTERMEDIATE",
    "MICROSOFT",
    "NEXT",
    "ONNX",
    "ORIGIN",
    "TENSORS",
    "TFLITE",
    "TFLITE_CUSTOM",
    "Editor",
    "Listener",
    "OpBuilder",
    "Operand",
    "Quantization",
    "all_graphs",
    "all_nodes",
    "attr",
    "code_range",
    "constant_array",
    "is_onnx",
    "is_quantized",
    "is_tflite",
    "known_sizes",
    "make_attribute",
    "plain",
    "quantization",
    "rank",
    "static_shape",
    "subgraphs",
    "tensor_of",
    "use_count",
]
