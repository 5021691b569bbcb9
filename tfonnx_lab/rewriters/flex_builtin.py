"""Flex (select TensorFlow) ops that TFLite has too: TensorFlow's converter left them because of a dtype or an
option."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import onnx_ir as ir

from tfonnx_lab.graph import OpBuilder, constant_array
from tfonnx_lab.patterns import custom
from tfonnx_lab.readers.nodedef import NodeDef
from tfonnx_lab.rules import Miss, rewriter

SAME = [
    "Add",
    "Sub",
    "Mul",
    "Div",
    "Maximum",
    "Minimum",
    "Pow",
    "FloorDiv",
    "FloorMod",
    "SquaredDifference",
    "Abs",
    "Neg",
    "Exp",
    "Log",
    "Sqrt",
    "Rsqrt",
    "Square",
    "Sin",
    "Cos",
    "Tanh",
    "Relu",
    "Relu6",
    "Elu",
    "Floor",
    "Ceil",
    "Round",
    "Sign",
    "LogicalAnd",
    "LogicalOr",
    "LogicalNot",
    "Equal",
    "NotEqual",
    "Less",
    "LessEqual",
    "Greater",
    "GreaterEqual",
    "Select",
    "SelectV2",
    "Cast",
    "Reshape",
    "Transpose",
    "Fill",
    "Range",
    "ExpandDims",
    "Tile",
    "BroadcastTo",
    "BroadcastArgs",
    "GatherNd",
    "ScatterNd",
    "ReverseV2",
    "Pad",
    "Rank",
    "ZerosLike",
    "Where",
    "LogSoftmax",
    "BitwiseXor",
    "RightShift",
    "Atan2",
    "MatrixDiag",
    "MatrixSetDiag",
    "SegmentSum",
    "UnsortedSegmentSum",
    "UnsortedSegmentMax",
    "UnsortedSegmentMin",
    "UnsortedSegmentProd",
    "Real",
    "Imag",
    "ComplexAbs",
]
"""TFLite's ops in TensorFlow's spelling, without options."""


def _builtin(name: str) -> str:
    """`SquaredDifference` => `SQUARED_DIFFERENCE`."""
    return "".join(f"_{c}" if c.isupper() and i else c for i, c in enumerate(name)).upper()


Options = Callable[[NodeDef], dict[str, Any]]


def _named(**defaults: Any) -> Options:
    """The attributes of these names."""
    return lambda definition: {name: definition.get(name, default) for name, default in defaults.items()}


def _reduction(definition: NodeDef) -> dict[str, Any]:
    return {"keep_dims": definition.get("keep_dims", False)}


OTHERS: dict[str, tuple[str, Options]] = {
    **{name: (_builtin(name), _named()) for name in SAME},
    "AddV2": ("ADD", _named()), "RealDiv": ("DIV", _named()), "Sigmoid": ("LOGISTIC", _named()),
    "PadV2": ("PADV2", _named()),
    "BatchToSpaceND": ("BATCH_TO_SPACE_ND", _named()), "SpaceToBatchND": ("SPACE_TO_BATCH_ND", _named()),
    "RFFT2D": ("RFFT2D", _named()), "MatMul": ("BATCH_MATMUL", lambda d: {"adj_x": d.get("transpose_a", False),
    "adj_y": d.get("transpose_b", False)}),
    "BatchMatMul": ("BATCH_MATMUL", _named(adj_x=False, adj_y=False)),
    "BatchMatMulV2": ("BATCH_MATMUL", _named(adj_x=False, adj_y=False)),
    "BatchMatMulV3": ("BATCH_MATMUL", _named(adj_x=False, adj_y=False)),
    "Softmax": ("SOFTMAX", lambda d: {"beta": 1.0}), "LeakyRelu": ("LEAKY_RELU", _named(alpha=0.2)),
    "Cumsum": ("CUMSUM", _named(exclusive=False, reverse=False)), "OneHot": ("ONE_HOT", _named(axis=-1)),
    "Pack": ("PACK", lambda d: {"axis": d.get("axis", 0), "values_count": d.get("N", 0)}),
    "Unpack": ("UNPACK", lambda d: {"axis": d.get("axis", 0), "num": d.get("num", 0)}),
    "Split": ("SPLIT", lambda d: {"num_splits": d.get("num_split", 0)}),
    "SplitV": ("SPLIT_V", lambda d: {"num_splits": d.get("num_split", 0)}),
    "StridedSlice": ("STRIDED_SLICE", _named(begin_mask=0, end_mask=0, ellipsis_mask=0, new_axis_mask=0,
    shrink_axis_mask=0)),
    "Slice": ("SLICE", _named()), "Squeeze": ("SQUEEZE", lambda d: {"squeeze_dims": d.get("squeeze_dims", [])}),
    "Shape": ("SHAPE", _named()), "ArgMax": ("ARG_MAX", _named()), "ArgMin": ("ARG_MIN", _named()),
    "Sum": ("SUM", _reduction), "Mean": ("MEAN", _reduction), "Max": ("REDUCE_MAX", _reduction), "Min": ("REDUCE_MIN",
    _reduction),
    "Prod": ("REDUCE_PROD", _reduction), "Any": ("REDUCE_ANY", _reduction), "All": ("REDUCE_ALL", _reduction),
    "TopKV2": ("TOPK_V2", _named()), "MirrorPad": ("MIRROR_PAD", _named(mode="REFLECT")),
    "ReverseSequence": ("REVERSE_SEQUENCE", _named(seq_dim=0, batch_dim=0)),
    "ResizeBilinear": ("RESIZE_BILINEAR", _named(align_corners=False, half_pixel_centers=False)),
    "ResizeNearestNeighbor": ("RESIZE_NEAREST_NEIGHBOR", _named(align_corners=False, half_pixel_centers=False)),
    "RandomUniform": ("RANDOM_UNIFORM", _named(seed=0, seed2=0)),
    "RandomStandardNormal": ("RANDOM_STANDARD_NORMAL", _named(seed=0, seed2=0)), "Multinomial": ("MULTINOMIAL",
    _named(seed=0, seed2=0)),
}  # fmt: skip
"""TensorFlow's op => TFLite's and its options."""


@rewriter(custom[tuple(f"Flex{name}" for name in OTHERS)](..., name="node"), phase="prepare")
def flex_builtin(op: OpBuilder, node: ir.Node) -> list[ir.Value]:
    """FlexAddV2(a, b) => ADD(a, b), and so on for the ops that TFLite has."""
    definition = NodeDef(node)
    kind, options = OTHERS[node.op_type.removeprefix("Flex")]
    return _like(op, node, kind, list(node.inputs), options(definition))


@rewriter(custom["FlexConcatV2", "FlexGatherV2", "FlexGather"](..., name="node"), phase="prepare")
def flex_along_axis(op: OpBuilder, node: ir.Node) -> list[ir.Value]:
    """FlexConcatV2(a, b, axis) => CONCATENATION{axis}(a, b);

    FlexGatherV2(x, i, axis) => GATHER{axis, batch_dims}(x, i).
    """
    if node.op_type == "FlexGather":
        return _like(op, node, "GATHER", list(node.inputs), {"axis": 0, "batch_dims": 0})
    *inputs, at = node.inputs
    axis = constant_array(at) if at is not None else None
    if axis is None:
        raise Miss("its axis is computed")
    options = {"axis": int(axis.ravel()[0])}
    if node.op_type == "FlexConcatV2":
        return _like(op, node, "CONCATENATION", inputs, options)
    return _like(op, node, "GATHER", inputs, {**options, "batch_dims": NodeDef(node).get("batch_dims", 0)})


@rewriter(custom["FlexDepthToSpace", "FlexSpaceToDepth"](..., name="node"), phase="prepare")
def flex_depth_space(op: OpBuilder, node: ir.Node) -> list[ir.Value]:
    """FlexDepthToSpace{NCHW}(x) => TRANSPOSE, DEPTH_TO_SPACE, TRANSPOSE."""
    definition = NodeDef(node)
    kind = _builtin(node.op_type.removeprefix("Flex"))
    options = {"block_size": definition.get("block_size", 1)}
    form = definition.get("data_format", "NHWC")
    if form == "NHWC":
        return _like(op, node, kind, list(node.inputs), options)
    if form != "NCHW":
        raise Miss(f"its data format is {form}")
    x = op.tfl.TRANSPOSE(node.inputs[0], op.const([0, 2, 3, 1]))
    last = op.tfl.node(kind, [_typed(x, node, 4)], options).outputs[0]
    return _like(op, node, "TRANSPOSE", [_typed(last, node, 4), op.const([0, 3, 1, 2])], {})


def _typed(value: ir.Value, node: ir.Node, size: int) -> ir.Value:
    value.type = node.outputs[0].type
    value.shape = ir.Shape([None] * size)
    return value


def _like(
    op: OpBuilder, node: ir.Node, kind: str, inputs: list[ir.Value | None], options: dict[str, Any]
) -> list[ir.Value]:
    made = op.tfl.node(kind, inputs, options, outputs=len(node.outputs), name=f"{node.name}/{kind}")
    for new, old in zip(made.outputs, node.outputs, strict=True):
        op.like(new, old)
    return list(made.outputs)
