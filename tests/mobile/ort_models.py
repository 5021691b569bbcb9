"""Models of one op for the tests of the ORT format."""

from __future__ import annotations

from typing import Any

import onnx
from onnx import TensorProto, helper


def one_op(op: str, weights: list[onnx.TensorProto], *, opset: int = 21, **attributes: Any) -> onnx.ModelProto:
    """A model of one op, whose first input is fed."""
    node = helper.make_node(op, ["x", *(w.name for w in weights)], ["y"], **attributes)
    graph = helper.make_graph([node], "g", [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["n", 4])],
                              [helper.make_tensor_value_info("y", TensorProto.FLOAT, None)], weights)  # fmt: skip
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=10)
