"""What is known at once of a new ONNX node's outputs: dtype and, where it is cheap to tell, shape.

ONNX's own shape inference runs once over the finished graph; rules need to know earlier what they build on.
"""

from __future__ import annotations

import onnx_ir as ir

from tfonnx_lab.graph.attributes import attr
from tfonnx_lab.graph.dialects import ONNX
from tfonnx_lab.graph.shape_inference import COMPARISONS, SHAPES

_D = ir.DataType
_FIXED = {
    **dict.fromkeys(COMPARISONS, _D.BOOL),
    **dict.fromkeys(("Not", "IsNaN", "IsInf", "OptionalHasElement", "RegexFullMatch"), _D.BOOL),
    **dict.fromkeys(("Shape", "Size", "ArgMax", "ArgMin", "NonZero", "NonMaxSuppression"), _D.INT64),
    **dict.fromkeys(("MatMulInteger", "ConvInteger"), _D.INT32),
    "TfIdfVectorizer": _D.FLOAT,
}
"""Ops whose outputs are always of one dtype."""

_OTHERS = {
    "Dropout": {1: _D.BOOL},
    "DynamicQuantizeLinear": {0: _D.UINT8, 2: _D.UINT8},
    "MaxPool": {1: _D.INT64},
    "StringSplit": {1: _D.INT64},
    "TopK": {1: _D.INT64},
}
"""Outputs whose dtype is another than that of the first input, by op and index."""

_UNKNOWN = frozenset(
    ("If", "Loop", "Scan", "LabelEncoder", "Unique", "Optional", "SequenceConstruct", "SplitToSequence")
)

_TOLD = {
    **dict.fromkeys(
        ("BlackmanWindow", "HammingWindow", "HannWindow", "MelWeightMatrix"), ("output_datatype", _D.FLOAT)
    ),
    **dict.fromkeys(("Bernoulli", "EyeLike", "RandomNormalLike", "RandomUniformLike"), ("dtype", None)),
    "Multinomial": ("dtype", _D.INT32),
}
"""Ops whose dtype an attribute tells, and what it is without that; None: the first input's."""

_LIKE_INPUT = {"CastLike": 1, "Where": 1, "DequantizeLinear": 1, "OneHot": 2}
"""The input whose dtype the outputs have, where it is not the first."""


def infer(node: ir.Node) -> None:
    """Set dtype and shape of the node's outputs where they follow simply from its inputs and attributes."""
    if node.domain != ONNX:
        return
    op = node.op_type
    dtype = _dtype(node, op)
    if dtype is not None:
        for value in node.outputs:
            value.type = ir.TensorType(dtype)
    shape_of = SHAPES.get(op)
    if shape_of is not None and (shape := shape_of(node)) is not None:
        node.outputs[0].shape = shape if isinstance(shape, ir.Shape) else ir.Shape(shape)
    for index, other in _OTHERS.get(op, {}).items():
        if index < len(node.outputs):
            node.outputs[index].type = ir.TensorType(other)


def _dtype(node: ir.Node, op: str) -> ir.DataType | None:
    if op in _FIXED:
        return _FIXED[op]
    if op in _UNKNOWN:
        return None
    if op in _TOLD:
        told, other = attr(node, _TOLD[op][0]), _TOLD[op][1]
        if told is not None or other is not None:
            return other if told is None else _D(told)
    if op == "Cast":
        to = attr(node, "to")  # it is missed later, by the op's schema
        return None if to is None else _D(to)
    if op == "QuantizeLinear":
        zero = node.inputs[2] if len(node.inputs) > 2 else None
        return zero.dtype if zero is not None else _D.UINT8
    if op == "ConstantOfShape":
        value = attr(node, "value")
        return _D.FLOAT if value is None else value.dtype
    index = _LIKE_INPUT.get(op, 0)
    source = node.inputs[index] if len(node.inputs) > index else None
    return None if source is None else source.dtype
