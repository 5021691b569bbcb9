"""Whether a first dimension of unknown size is the model's batch, and nothing that the model made of it."""

from __future__ import annotations

import numpy as np
import onnx_ir as ir

from tfonnx_lab.graph import attr, constant_array, rank

KEEPING = frozenset((
    "ABS", "ADD", "AVERAGE_POOL_2D", "CONCATENATION", "CONV_2D", "DEPTHWISE_CONV_2D", "DEQUANTIZE", "DIV", "ELU", "EXP",
    "GELU", "HARD_SWISH", "HYBRID_MATMUL", "LEAKY_RELU", "LOGISTIC", "MAXIMUM", "MAX_POOL_2D", "MEAN", "MINIMUM",
    "MIRROR_PAD", "MUL", "PAD", "PADV2", "PRELU", "QUANTIZE", "RELU", "RELU6", "RELU_N1_TO_1", "RESIZE_BILINEAR",
    "RESIZE_NEAREST_NEIGHBOR", "SOFTMAX", "SUB", "TANH",
))  # fmt: skip
"""Ops whose first dimension is that of their widest input."""


def is_batch(x: ir.Value | None) -> bool:
    """Whether the first dimension comes from a model input unchanged;

    SPACE_TO_BATCH_ND and most RESHAPEs end the search.
    """
    while x is not None:
        node = x.producer()
        if node is None:
            return x.is_graph_input()
        if node.op_type == "DYNAMIC_QUANTIZE":
            return str(attr(node, "unit", "")) == "tensor"
        if node.op_type in ("RESHAPE", "EXPAND_DIMS", "SQUEEZE") and not _keeps_rows(node):
            return False
        if node.op_type == "TRANSPOSE_CONV":
            x = node.inputs[2]
            continue
        if node.op_type not in KEEPING and node.op_type not in ("RESHAPE", "EXPAND_DIMS", "SQUEEZE"):
            return False
        computed = (v for v in node.inputs if v is not None and v.const_value is None)
        x = max(computed, key=lambda v: rank(v) or 0, default=None)
    return False


def _keeps_rows(node: ir.Node) -> bool:
    """Whether what is behind the first dimension has as many elements as before."""
    if node.op_type == "EXPAND_DIMS":
        axis = constant_array(node.inputs[1])
        size = rank(node.inputs[0])
        return axis is not None and size is not None and int(axis.ravel()[0]) not in (0, -1 - size)
    sizes = []
    for value in (node.inputs[0], node.outputs[0]):
        rest = None if value is None or value.shape is None else list(value.shape)[1:]
        if rest is None or not all(isinstance(d, int) for d in rest):
            return False
        sizes.append(int(np.prod([d for d in rest if isinstance(d, int)])))
    return sizes[0] == sizes[1]
