"""Dimensions of no fixed size: those of the outputs are given the names of the inputs' that they equal."""

from __future__ import annotations

import onnx
import onnx_ir as ir

from tfonnx_lab.graph import OpBuilder, is_onnx
from tfonnx_lab.rules import Miss, optimizer

_SMALL = 1024
"""Elements up to which a constant may be a shape, whose contents inference has to know."""


@optimizer(phase="finish")
def name_output_dimensions(op: OpBuilder) -> bool | None:
    """An output's dimension without size or name => the input's that it equals, or its size, by ONNX's shape
    inference."""
    graph = op.editor.graph
    open_ones = [v for v in graph.outputs if v.shape is not None and any(_is_open(d) for d in v.shape)]
    names = {d.value for v in graph.inputs for d in v.shape or () if isinstance(d, ir.SymbolicDim)} - {None}
    if not open_ones:
        return None
    inferred = _inferred(graph)
    for value in open_ones:
        found = inferred.get(value.name or "", [])
        assert value.shape is not None
        if len(found) != len(value.shape):
            continue
        known = [new if _is_open(old) and (isinstance(new, int) or new in names) else old
                 for old, new in zip(value.shape, found, strict=True)]  # fmt: skip
        if known != list(value.shape):
            op.editor.retype(value, shape=ir.Shape(known))
            op.note(f"{value.name} is {list(map(str, known))}")
    return True if op.notes else None


def _is_open(dim: int | ir.SymbolicDim) -> bool:
    return isinstance(dim, ir.SymbolicDim) and dim.value is None


def _inferred(graph: ir.Graph) -> dict[str, list[int | str | None]]:
    """The outputs' dimensions, inferred from the inputs' alone: what the file says of the values between may be
    stale."""
    opsets = [onnx.helper.make_opsetid(domain, version) for domain, version in graph.opset_imports.items()]
    model = onnx.helper.make_model(outline(graph), opset_imports=opsets)
    try:
        made = onnx.shape_inference.infer_shapes(model, data_prop=True)
    except (onnx.shape_inference.InferenceError, ValueError) as e:
        raise Miss(f"ONNX's shape inference fails: {e}") from e
    return {
        v.name: [d.dim_value if d.HasField("dim_value") else d.dim_param or None for d in v.type.tensor_type.shape.dim]
        for v in made.graph.output
    }


def outline(graph: ir.Graph) -> onnx.GraphProto:
    """The graph without large constants.

    Ranges are inputs of unknown length: inference would write out their elements.
    """
    proto = onnx.GraphProto(name="outline")
    for node in graph:
        if is_onnx(node, "Range"):
            kind = node.outputs[0].dtype or node.inputs[0].dtype  # type: ignore[union-attr]
            if kind is None:
                raise Miss(f"the dtype of {node.outputs[0].name} is not known")
            proto.input.append(onnx.helper.make_tensor_value_info(node.outputs[0].name or "", int(kind), [None]))
        else:
            proto.node.append(ir.serde.serialize_node(node))
    for value in graph.inputs:
        proto.input.append(ir.serde.serialize_value(value))
    for constant in graph.initializers.values():
        tensor = constant.const_value
        if tensor is not None and tensor.size <= _SMALL:
            proto.initializer.append(ir.serde.serialize_tensor(tensor))
            proto.initializer[-1].name = constant.name
        else:
            proto.input.append(ir.serde.serialize_value(constant))
    for output in graph.outputs:
        proto.output.append(onnx.ValueInfoProto(name=output.name))
    return proto
