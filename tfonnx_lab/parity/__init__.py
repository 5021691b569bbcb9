"""Parity: the same inputs through LiteRT (the reference) and ONNX Runtime, compared tensor by tensor, and op by op."""

from tfonnx_lab.parity.comparison import Parity, compare, last_parity
from tfonnx_lab.parity.ops import OpParity, OpsParity, compare_ops
from tfonnx_lab.parity.plot import plot_errors
from tfonnx_lab.parity.tensors import TensorParity
from tfonnx_lab.parity.verdict import OpVerdict, Verdict

__all__ = [
    "OpParity",
    "OpVerdict",
    "OpsParity",
    "Parity",
    "TensorParity",
    "Verdict",
    "compare",
    "compare_ops",
    "last_parity",
    "plot_errors",
]
