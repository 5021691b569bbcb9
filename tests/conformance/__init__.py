"""The conformance suite: for each TFLite op a grid of models, run by LiteRT and, converted, by ONNX Runtime."""

from .against import Mismatch, check, opsets, reference, run_litert
from .cases import Limit, case, cases
from .encoding import Blockwise, Sparse
from .models import Graph, Model, Tensor

__all__ = [
    "Blockwise", "Graph", "Limit", "Mismatch", "Model", "Sparse", "Tensor", "case", "cases", "check", "opsets",
    "reference",
    "run_litert",
]  # fmt: skip
