"""Whether a first dimension of unknown size is the model's batch, and nothing that the model made of it."""

from __future__ import annotations

import numpy as np
import onnx_ir as ir

from tfonnx_lab.graph import attr, constant_array, rank

KEEPING = frozenset((
    "ABS", "ADD", "AVERAGE_POOL_2D", "CONCATENATION", "CONV_2D", "DEPTHWISE_CONV_2D", "DEQUANTIZE", "DIV", "ELU", "EXP",
    "GELU", "HARD_SWISH", "HYBRID_CONV", "HYBRID_MATMUL", "LEAKY_RELU", "LOGISTIC", "MAXIMUM", "MAX_POOL_2D", "MEAN",
    "MINIMUM", "MIRROR_PAD", "MUL", "PAD", "PADV2", "PRELU", "QUANTIZE", "RELU", "RELU6", "RELU_N1_TO_1",
    "RESIZE_BILINEAR", "RESIZE_NEAREST_NEIGHBOR", "SOFTMAX", "SUB", "TANH",
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


def is_one(x: ir.Value | None) -> bool:
    """Whether the first dimension is 1, also where the file says so only of what x is computed from."""
    waiting, seen = [x], set()
    while waiting:
        value = waiting.pop()
        if value is None or value in seen or (value.const_value is not None and rank(value) != rank(x)):
            continue
        seen.add(value)
        first = list(value.shape or [None])[0]
        node = value.producer()
        if isinstance(first, int):
            if first != 1:
                return False
        elif node is None or not _keeps_first(node):
            return False
        else:
            waiting += node.inputs[_DATA.get(node.op_type, slice(None))]
    return True


_OF_ONE = (
    "CONV_2D", "DEPTHWISE_CONV_2D", "DYNAMIC_QUANTIZE", "EXPAND_DIMS", "MIRROR_PAD", "PAD", "PADV2", "SLICE", "SQUEEZE",
    "TRANSPOSE",
)  # fmt: skip
_DATA = dict.fromkeys(_OF_ONE, slice(1)) | {"TRANSPOSE_CONV": slice(2, 3), "SPLIT": slice(1, 2)}
"""Op => which of its inputs decide the first dimension, where not all do."""


def _keeps_first(node: ir.Node) -> bool:
    if node.op_type == "TRANSPOSE":
        order = constant_array(node.inputs[1])
        return order is not None and order.size > 0 and int(order.ravel()[0]) == 0
    size = rank(node.inputs[0])
    if node.op_type == "EXPAND_DIMS":
        axis = constant_array(node.inputs[1])
        return axis is not None and size is not None and int(axis.ravel()[0]) not in (0, -1 - size)
    if node.op_type == "SPLIT":  # TensorFlow's converter leaves some into one part
        return len(node.outputs) == 1
    if node.op_type == "SQUEEZE":
        axes = attr(node, "squeeze_dims", ())
        return bool(axes) and size is not None and all(int(a) not in (0, -size) for a in axes)
    return node.op_type in KEEPING or node.op_type in ("DYNAMIC_QUANTIZE", "SLICE", "TRANSPOSE_CONV")


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
