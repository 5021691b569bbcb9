"""How many dimensions a tensor has of which the file does not say it.

`has_rank` came in 2022. Before it, TensorFlow's converter wrote no dimensions for a tensor of unknown shape, as it did
for a scalar. LiteRT computes the shapes before it runs; here the number of dimensions follows from the op and its
inputs.
"""

from __future__ import annotations

import onnx_ir as ir

from tfonnx_lab.graph import TFLITE, attr, constant_array, rank, static_shape
from tfonnx_lab.graph.op_families import BROADCASTING, REDUCING

_TOLD = frozenset(["CALL", "CALL_ONCE", "HASHTABLE", "HASHTABLE_SIZE", "IF", "READ_VARIABLE", "VAR_HANDLE", "WHILE"])
"""Ops whose inputs say nothing of their outputs: the file is believed."""

_FIXED = {
    **dict.fromkeys(("RANGE", "SHAPE", "UNIQUE"), 1),
    "WHERE": 2,
    **dict.fromkeys(
        [
            "AVERAGE_POOL_2D",
            "CONV_2D",
            "DEPTHWISE_CONV_2D",
            "DEPTH_TO_SPACE",
            "L2_POOL_2D",
            "MAX_POOL_2D",
            "RESIZE_BILINEAR",
            "RESIZE_NEAREST_NEIGHBOR",
            "SPACE_TO_DEPTH",
            "TRANSPOSE_CONV",
        ],
        4,
    ),
    **dict.fromkeys(("CONV_3D", "CONV_3D_TRANSPOSE"), 5),
}
_ONE_MORE = frozenset(("EXPAND_DIMS", "ONE_HOT", "PACK"))
_AS_FIRST = frozenset(
    [
        "BATCH_TO_SPACE_ND",
        "CAST",
        "CONCATENATION",
        "CUMSUM",
        "DEQUANTIZE",
        "L2_NORMALIZATION",
        "LOG_SOFTMAX",
        "MIRROR_PAD",
        "PAD",
        "PADV2",
        "QUANTIZE",
        "REVERSE_SEQUENCE",
        "REVERSE_V2",
        "SLICE",
        "SOFTMAX",
        "SPACE_TO_BATCH_ND",
        "TILE",
        "TOPK_V2",
        "TRANSPOSE",
    ]
)
_STRETCHED = BROADCASTING | {"BATCH_MATMUL"}
"""Ops whose result has as many dimensions as the input that has most."""

_AS_LONG_AS = {"BROADCAST_TO": 1, "FILL": 0, "RANDOM_STANDARD_NORMAL": 0, "RANDOM_UNIFORM": 0, "RESHAPE": 1}
"""Ops whose result has as many dimensions as this input has entries."""

_OTHER = frozenset(
    [
        "ARG_MAX",
        "ARG_MIN",
        "GATHER",
        "GATHER_ND",
        "NON_MAX_SUPPRESSION_V4",
        "NON_MAX_SUPPRESSION_V5",
        "RANK",
        "SQUEEZE",
        "UNPACK",
    ]
)
"""Ops that may make a scalar of what is none; what rank they make is not computed here."""


def settle_ranks(node: ir.Node, told: bool) -> None:
    """Give the outputs without dimensions the rank that the op makes, or none;

    `told`: the file tells scalars from unknown.
    """
    if node.domain != TFLITE or node.op_type in _TOLD or node.op_type.startswith("STABLEHLO"):
        return
    unsure = [v for v in node.outputs if v.shape is None or (not told and len(v.shape) == 0)]
    if not unsure:
        return
    dims = _rank(node)
    for value in unsure:
        if dims:
            value.shape = ir.Shape([None] * dims)
        elif dims is None and not _may_be_scalar(node):
            value.shape = None


def _may_be_scalar(node: ir.Node) -> bool:
    ranks = [rank(v) for v in node.inputs if v is not None]
    return None not in ranks and (node.op_type in REDUCING | _OTHER or not any(ranks))


def _rank(node: ir.Node) -> int | None:
    """The rank of the op's result, where it is known here."""
    name, inputs = node.op_type, node.inputs
    if name in _FIXED:
        return _FIXED[name]
    if name in _AS_LONG_AS:
        shape = inputs[_AS_LONG_AS[name]] if len(inputs) > _AS_LONG_AS[name] else None
        entries = static_shape(shape) if shape is not None else [len(attr(node, "new_shape", None) or ())]
        return None if entries is None else (entries or [0])[0]
    first = rank(inputs[0]) if inputs else None
    if first is None:
        return None
    if name in _ONE_MORE:
        return first + 1
    if name in _AS_FIRST:
        return first
    if name == "STRIDED_SLICE":
        shrunk, new = (int(attr(node, k, 0)).bit_count() for k in ("shrink_axis_mask", "new_axis_mask"))
        return first - shrunk + new
    if name in REDUCING:
        axes = constant_array(inputs[1])
        return first if attr(node, "keep_dims", False) else None if axes is None else first - axes.size
    ranks = [rank(v) for v in inputs if v is not None]
    if name in _STRETCHED:
        return None if None in ranks else max(r for r in ranks if r is not None)
    return first if len(ranks) == 1 and name not in _OTHER else None
