"""Writes the zero points that an ONNX file leaves out, where ONNX Runtime's Runtime style needs them."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import onnx
from onnx import TensorProto, helper


def with_zero_points(model: onnx.ModelProto) -> int:
    """DequantizeLinear(constant, scale) => DequantizeLinear(constant, scale, zeros), in place; returns of how many
    nodes.

    It computes the same. With a bias of int32 that has none, ONNX Runtime's writer fails when it records what it would
    fuse
    later: "The sum of input arg count is not equal to size of input defs".
    """
    constants = {t.name: t for t in model.graph.initializer}
    made: dict[tuple[int, tuple[int, ...]], str] = {}
    count = 0
    for node in _bare(model.graph):
        x, scale = (constants.get(name) for name in node.input[:2])
        if x is None or scale is None:
            continue
        key = x.data_type, tuple(scale.dims)
        if key not in made:
            made[key] = _free(f"zero_point_{len(made)}", model.graph)
            zeros = np.zeros(scale.dims, helper.tensor_dtype_to_np_dtype(x.data_type))
            model.graph.initializer.append(onnx.numpy_helper.from_array(zeros, made[key]))
        del node.input[2:]
        node.input.append(made[key])
        count += 1
    return count


def _bare(graph: onnx.GraphProto) -> Iterator[onnx.NodeProto]:
    """Nodes of the main graph whose int32 codes have no zero point."""
    wide = {t.name for t in graph.initializer if t.data_type == TensorProto.INT32}
    for node in graph.node:
        bare = len(node.input) < 3 or not node.input[2]
        if node.op_type == "DequantizeLinear" and node.domain in ("", "ai.onnx") and bare and node.input[0] in wide:
            yield node


def _free(name: str, graph: onnx.GraphProto) -> str:
    taken = {v for n in graph.node for v in (*n.input, *n.output)} | {t.name for t in graph.initializer}
    while name in taken:
        name = f"{name}_"
    return name
