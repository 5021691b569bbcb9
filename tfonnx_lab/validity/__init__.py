"""Whether what was made is a model that runs: nodes against ONNX's schemas and ONNX Runtime's kernels, graphs as a
whole."""

from tfonnx_lab.validity.model import Checked, Problem, check_model
from tfonnx_lab.validity.node import check_node, check_schema, node_problem

__all__ = ["Checked", "Problem", "check_model", "check_node", "check_schema", "node_problem"]
