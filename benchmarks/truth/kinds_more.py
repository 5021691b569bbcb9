"""Kinds of faults that judges thought of: another place to begin, another axis, another channel's number, an op left
out."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from .faults import Fault
from .spoils import (
    as_op,
    at_the_end,
    constant_changed,
    left_out,
    negative,
    reversed_last,
    scaled,
    swapped,
    tape_attribute,
    with_attribute,
)
from .spoils_more import (
    axis_before,
    constant_along,
    first_for_all,
    flipped,
    inputs_swapped,
    outputs_swapped,
    picture_turned,
    rolled,
    rounded_cast,
    rounded_down,
    slice_moved,
    zeros,
)


def _moved(pads: np.ndarray) -> np.ndarray | None:
    """Pads of a Pad at the other end."""
    found = at_the_end([int(p) for p in pads])
    return None if found is None else np.array(found)


def _as_nearest(mode: object) -> str | None:
    return "nearest" if mode in ("linear", b"linear") else None


def _lower(limit: np.ndarray) -> np.ndarray:
    return limit * 0.8 if limit.dtype.kind == "f" else limit - 8


MORE: Sequence[Fault] = (
    Fault("bias left out", "rewriter", ("CONV_2D", "DEPTHWISE_CONV_2D", "FULLY_CONNECTED"), constant_changed(2, zeros)),
    Fault(
        "bias of the neighbour",
        "rewriter",
        ("CONV_2D", "DEPTHWISE_CONV_2D", "FULLY_CONNECTED"),
        constant_changed(2, rolled(0)),
    ),
    Fault(
        "kernel backwards", "rewriter", ("CONV_2D", "DEPTHWISE_CONV_2D", "TRANSPOSE_CONV"), constant_changed(1, flipped)
    ),
    Fault("weights of the neighbour", "rewriter", ("CONV_2D", "FULLY_CONNECTED"), constant_changed(1, rolled(0))),
    Fault("slice beside its place", "rewriter", ("SLICE", "STRIDED_SLICE"), slice_moved),
    Fault("another broadcasting axis", "rewriter", ("ADD", "MUL", "SUB", "DIV", "SQUARED_DIFFERENCE"), constant_along),
    Fault(
        "another axis",
        "rewriter",
        ("MEAN", "SUM", "REDUCE_MAX", "REDUCE_MIN", "ARG_MAX"),
        constant_changed(1, axis_before),
    ),
    Fault(
        "another axis",
        "rewriter",
        ("CONCATENATION", "GATHER"),
        with_attribute("axis", lambda a: None if a in (0, None) else a - 1),
    ),
    Fault("half of beta", "rewriter", ("SOFTMAX",), with_attribute("beta", lambda beta: (beta or 1.0) / 2)),
    Fault(
        "VALID for SAME",
        "rewriter",
        ("CONV_2D", "DEPTHWISE_CONV_2D", "MAX_POOL_2D", "AVERAGE_POOL_2D"),
        with_attribute("padding", lambda p: "VALID" if p == "SAME" else None),
    ),
    Fault(
        "aligned corners",
        "rewriter",
        ("RESIZE_BILINEAR", "RESIZE_NEAREST_NEIGHBOR"),
        with_attribute("align_corners", lambda a: not a),
    ),
    Fault("nearest for linear", "handler", ("RESIZE_BILINEAR",), tape_attribute("Resize", "mode", lambda m: "nearest")),
    Fault(
        "another nearest",
        "handler",
        ("RESIZE_NEAREST_NEIGHBOR",),
        tape_attribute("Resize", "nearest_mode", lambda m: "ceil"),
    ),
    Fault("smaller for larger", "rewriter", ("MAXIMUM",), as_op("MINIMUM")),
    Fault("smaller for larger", "rewriter", ("REDUCE_MAX",), as_op("REDUCE_MIN")),
    Fault("root for one over it", "rewriter", ("RSQRT",), as_op("SQRT")),
    Fault("another function", "rewriter", ("EXP", "COS", "SIN", "LOG"), as_op("TANH")),
    Fault("sign left out", "rewriter", ("NEG", "ABS", "SQUARE", "EXP"), left_out),
    Fault("branches swapped", "rewriter", ("SELECT", "SELECT_V2"), inputs_swapped(1, 2)),
    Fault("gates swapped", "rewriter", ("UNIDIRECTIONAL_SEQUENCE_LSTM",), inputs_swapped(2, 3)),
    Fault("slopes left out", "rewriter", ("PRELU",), constant_changed(1, zeros)),
    Fault("rows of the neighbour", "rewriter", ("GATHER", "EMBEDDING_LOOKUP"), constant_changed(0, rolled(0))),
    Fault("more than half", "rewriter", ("GREATER", "LESS", "EQUAL", "NOT_EQUAL"), as_op("GREATER_EQUAL")),
    Fault("outputs swapped", "handler", ("SPLIT", "SPLIT_V", "UNPACK"), outputs_swapped),
    Fault("rounds", "handler", ("CAST",), rounded_cast),
    Fault(
        "scale of 1.02",
        "handler",
        ("DEQUANTIZE", "L2_NORMALIZATION", "SQRT", "DIV", "RESIZE_BILINEAR", "SUM", "PRELU"),
        scaled(1.02),
    ),
    Fault(
        "sign",
        "handler",
        ("BATCH_MATMUL", "TRANSPOSE_CONV", "SVDF", "UNIDIRECTIONAL_SEQUENCE_LSTM", "DEPTHWISE_CONV_2D"),
        negative,
    ),
    Fault(
        "axis backwards",
        "handler",
        (
            "GATHER",
            "SLICE",
            "PAD",
            "RESIZE_NEAREST_NEIGHBOR",
            "DEPTH_TO_SPACE",
            "REVERSE_V2",
            "TILE",
            "UNPACK",
            "SPLIT",
            "MAX_POOL_2D",
            "SPACE_TO_BATCH_ND",
        ),
        reversed_last,
    ),
    Fault(
        "other blocks",
        "handler",
        ("DEPTH_TO_SPACE",),
        tape_attribute("DepthToSpace", "mode", lambda m: "CRD" if m in ("DCR", b"DCR", None) else "DCR"),
    ),
    Fault("picture turned", "optimizer", ("Transpose",), picture_turned),
    Fault(
        "left out",
        "optimizer",
        ("Add", "Mul", "Sub", "Div", "Transpose", "Softmax", "Exp", "Sqrt", "LeakyRelu"),
        left_out,
    ),
    Fault("rounded down", "optimizer", ("QuantizeLinear",), rounded_down),
    Fault("one scale for all channels", "optimizer", ("DequantizeLinear",), constant_changed(1, first_for_all)),
    Fault("scales of the neighbour", "optimizer", ("DequantizeLinear",), constant_changed(1, rolled(0))),
    Fault("pads moved", "optimizer", ("Pad",), constant_changed(1, _moved)),
    Fault("another limit", "optimizer", ("Clip",), constant_changed(2, _lower)),
    Fault("another broadcasting axis", "optimizer", ("Add", "Mul", "Sub", "Div"), constant_along),
    Fault(
        "another axis", "optimizer", ("Softmax",), with_attribute("axis", lambda axis: 1 if axis in (-1, None) else -1)
    ),
    Fault("nearest for linear", "optimizer", ("Resize",), with_attribute("mode", _as_nearest)),
    Fault("indices of the neighbour", "optimizer", ("Gather",), constant_changed(1, rolled(0))),
    Fault("weights of the neighbour", "optimizer", ("Conv", "Gemm", "MatMul"), constant_changed(1, rolled(0))),
    Fault("operands swapped", "optimizer", ("Pow", "Less", "Greater"), swapped),
)
"""More kinds of faults."""
