"""Dimensions of no fixed size: those of the outputs are given the names of the inputs' that they equal."""

from __future__ import annotations

import onnx
import onnx_ir as ir

from tfonnx_lab.graph import OpBuilder
from tfonnx_lab.graph.outline import outline
from tfonnx_lab.rules import Miss, optimizer


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
