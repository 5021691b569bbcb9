"""Which tensors of a model have a shape that nobody knows before it runs."""

from __future__ import annotations

import onnx

_LARGE = 1024
"""Bytes of a constant beyond which its values are no shape of another tensor."""


def unknown_shapes(model: onnx.ModelProto) -> int:
    """How many tensors of the graph have no shape, not even by ONNX's own inference from the others.

    A rule states the shapes that it changes; what stands between two of them, as a Conv between its Q and DQ, follows.
    """
    bare = onnx.ModelProto(ir_version=model.ir_version, opset_import=model.opset_import, functions=model.functions)
    graph = bare.graph
    graph.name = model.graph.name
    for field in ("node", "input", "output", "value_info"):
        getattr(graph, field).extend(getattr(model.graph, field))
    given = {value.name for value in graph.input}
    for constant in model.graph.initializer:
        if constant.ByteSize() <= _LARGE:
            graph.initializer.append(constant)
        elif constant.name not in given:
            graph.input.append(onnx.helper.make_tensor_value_info(constant.name, constant.data_type, constant.dims))
    try:
        graph = onnx.shape_inference.infer_shapes(bare).graph
    except Exception:  # onnx's errors share no base class; then it is what the rules stated
        graph = bare.graph
    values = [*graph.input, *graph.output, *graph.value_info]
    known = {value.name for value in values if value.type.tensor_type.HasField("shape")}
    return sum(name != "" and name not in known for node in graph.node for name in node.output)
