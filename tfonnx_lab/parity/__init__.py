"""Parity: the same inputs through LiteRT (the reference) and ONNX Runtime, compared tensor by tensor, and op by op."""

from tfonnx_lab.parity.codes import Codes, TensorCodes, compare_codes
from tfonnx_lab.parity.comparison import compare, last_parity
from tfonnx_lab.parity.layers import compare_layers
from tfonnx_lab.parity.layers_table import LayerParity, LayersParity
from tfonnx_lab.parity.ops import OpParity, OpsParity, compare_ops
from tfonnx_lab.parity.plot import plot_errors
from tfonnx_lab.parity.table import Parity
from tfonnx_lab.parity.tensors import TensorParity
from tfonnx_lab.parity.verdict import OpVerdict, Verdict

__all__ = [
    "Codes",
    "LayerParity",
    "LayersParity",
    "OpParity",
    "OpVerdict",
    "OpsParity",
    "Parity",
    "TensorCodes",
    "TensorParity",
    "Verdict",
    "compare",
    "compare_codes",
    "compare_layers",
    "compare_ops",
    "last_parity",
    "plot_errors",
]
