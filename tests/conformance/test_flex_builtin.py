"""Flex ops that TFLite has, too (`rewriters/flex_builtin.py`): each in one case at least, TensorFlow itself being the
reference."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest

from tfonnx_lab.rewriters.flex_builtin import OTHERS

from . import check
from .against import given_reference, newest_opset
from .test_flex import Case, Fed, asked, ints, model_of, name_of, x

F64 = "float64"
"""Why a converter leaves such an op to TensorFlow; a few of them are tried in this dtype."""
BOOLS = np.array([[True, False, True], [True, True, False]])
POINTS = ints(1, 0, 2, 1, 0, 0).reshape(3, 2)
COMPLEX = (x(2, 3) + 1j * x(3, 2).reshape(2, 3)).astype(np.complex64)
IMAGE = x(1, 4, 6, 2)
FEW = np.log(np.array([[0.1, 0.2, 0.7]], np.float32))


def cases() -> list[Case]:
    """One or two for each op."""
    a, b = x(2, 3), x(3, 2).reshape(2, 3)
    two: list[Case] = [(n, [("x", a), ("y", b)], {}) for n in ("Add", "Sub", "Mul", "Maximum", "Minimum")]
    two += [(n, [("x", a), ("y", b + 3)], {}) for n in ("Div", "FloorDiv")]
    two += [
        (n, [("x", ints(7, -7, 7, -7)), ("y", ints(3, 3, -3, -3))], {}) for n in ("Mod", "FloorMod", "FloorDiv", "Div")
    ]
    two += [("Mod", [("x", x(5)), ("y", x(5) + 3)], {}), ("Pow", [("x", a + 3), ("y", b)], {})]
    two += [
        (n, [("x", np.round(a)), ("y", np.round(b))], {})
        for n in ("Equal", "NotEqual", "Less", "LessEqual", "Greater", "GreaterEqual")
    ]
    two += [(n, [("x", BOOLS), ("y", ~BOOLS | (a > 0))], {}) for n in ("LogicalAnd", "LogicalOr")]
    one: list[Case] = [
        (n, [("x", x(2, 5))], {})
        for n in ("Abs", "Neg", "Square", "Sin", "Cos", "Tanh", "Floor", "Ceil", "Round", "Sqrt", "ZerosLike")
    ]
    one += [(n, [("x", x(2, 5, low=0.1))], {}) for n in ("Log", "Rsqrt", "Sqrt")]
    one += [(n, [("features", x(2, 5, low=-9, high=9))], {}) for n in ("Relu6", "Elu")]
    one += [(n, [("x", x(3, dtype=F64))], {}) for n in ("Abs", "Neg", "Tanh")]
    one += [("LogicalNot", [("x", BOOLS)], {}), ("LeakyRelu", [("features", a)], {"alpha": 0.3}),
            ("Round", [("x", np.array([0.5, 1.5, 2.5, -0.5, -1.5], "f"))], {})]  # fmt: skip
    one += [(n, [("logits", a)], {}) for n in ("Softmax", "LogSoftmax")]
    one += [(n, [("input", COMPLEX)], {}) for n in ("Real", "Imag")] + [("ComplexAbs", [("x", COMPLEX)], {})]
    reduced: list[Case] = [
        (n, [("input", x(2, 3, 4)), ("axis=", ints(0, 2))], {"keep_dims": k})
        for n in ("Sum", "Max", "Min", "Prod")
        for k in (False, True)
    ]
    reduced += [(n, [("input", BOOLS), ("axis=", ints(1))], {}) for n in ("Any", "All")]
    reduced += [
        (n, [("input", x(3, 4)), ("dimension=", np.int32(1))], {"output_type": "int64"}) for n in ("ArgMax", "ArgMin")
    ]
    moved: list[Case] = [
        ("Cast", [("x", a * 9)], {"DstT": "int32"}), ("Reshape", [("tensor", a), ("shape=", ints(3, 2))], {}), ("Rank",
        [("input", a)], {}),
        ("Transpose", [("x", x(2, 3, 4)), ("perm=", ints(2, 0, 1))], {}), ("Fill", [("dims=", ints(2, 3)), ("value",
        np.float32(1.5))], {}),
        ("Range", [("start", np.int32(3)), ("limit", np.int32(11)), ("delta", np.int32(2))], {}), ("ExpandDims",
        [("input", a), ("axis=", np.int32(1))], {}),
        ("Tile", [("input", a), ("multiples=", ints(2, 1))], {}), ("BroadcastTo", [("input", x(3)), ("shape=", ints(2,
        3))], {}),
        ("BroadcastArgs", [("s0", ints(1, 3)), ("s1", ints(2, 1))], {}), ("GatherNd", [("params", x(3, 3)), ("indices",
        POINTS)], {}),
        ("ScatterNd", [("indices", POINTS), ("updates", x(3)), ("shape=", ints(3, 3))], {}), ("ReverseV2", [("tensor",
        a), ("axis=", ints(1))], {}),
        ("Pad", [("input", a), ("paddings=", ints(1, 0, 0, 2).reshape(2, 2))], {}),
        ("PadV2", [("input", a), ("paddings=", ints(1, 0, 0, 2).reshape(2, 2)), ("constant_values", np.float32(7))],
        {}),
        ("MirrorPad", [("input", a), ("paddings=", ints(1, 0, 2, 1).reshape(2, 2))], {"mode": "REFLECT"}),
        ("MirrorPad", [("input", a), ("paddings=", ints(1, 2, 0, 3).reshape(2, 2))], {"mode": "SYMMETRIC"}),
        ("Where", [("condition", BOOLS)], {}), ("Shape", [("input", a)], {}), ("Gather", [("params", x(4, 2)),
        ("indices", ints(2, 0, 2))], {}),
        ("Select", [("condition", BOOLS), ("x", a), ("y", b)], {}), ("SelectV2", [("condition", BOOLS), ("t", a), ("e",
        x(3))], {}),
        ("Slice", [("input", x(4, 5)), ("begin=", ints(1, 2)), ("size=", ints(2, -1))], {}), ("Squeeze", [("input",
        x(1, 3, 1))], {"axis": [0]}),
        ("Split", [("axis=", np.int32(1)), ("value", x(2, 6))], {"num_split": 3}), ("SplitV", [("value", x(2, 6)),
        ("size_splits=", ints(1, 3, 2)), ("axis=", np.int32(1))], {"num_split": 3}),
        ("Pack", [("values", a), ("values", b)], {"axis": 1}), ("Unpack", [("value", x(2, 3))], {"num": 3, "axis": 1}),
        ("OneHot", [("indices", ints(1, 3, -1)), ("depth=", np.int32(4)), ("on_value", np.float32(5)), ("off_value",
        np.float32(-1))], {"axis": 0}),
        ("OneHot", [("indices", ints(1, 3, -1)), ("depth=", np.int32(4)), ("on_value", np.float32(5)), ("off_value",
        np.float32(-1))], {}),
        ("ReverseSequence", [("input", x(2, 4)), ("seq_lengths", ints(2, 3, dtype="int64"))], {"seq_dim": 1,
        "batch_dim": 0}),
        ("BatchToSpaceND", [("input", x(4, 2, 3, 1)), ("block_shape=", ints(2, 2)), ("crops=", ints(0, 1, 1,
        0).reshape(2, 2))], {}),
        ("SpaceToBatchND", [("input", x(1, 3, 4, 2)), ("block_shape=", ints(2, 2)), ("paddings=", ints(1, 0, 0,
        0).reshape(2, 2))], {}),
        ("MatrixDiag", [("diagonal", x(2, 3))], {}), ("MatrixSetDiag", [("input", x(2, 3, 4)), ("diagonal", x(2, 3))],
        {}),
    ]  # fmt: skip
    parts = [("data", x(5, 2)), ("segment_ids", ints(0, 0, 1, 1, 2))]
    moved += [("SegmentSum", parts, {})]
    moved += [(f"UnsortedSegment{n}", [("data", x(5, 2)), ("segment_ids", ints(2, 0, 1, 0, 2)), ("num_segments=",
    np.int32(3))], {}) for n in ("Sum", "Max", "Min", "Prod")]  # fmt: skip
    other: list[Case] = [
        ("BatchMatMul", [("x", x(2, 4, 3)), ("y", x(2, 5, 4))], {"adj_x": True, "adj_y": True}),
        ("RFFT2D", [("input", x(4, 8)), ("fft_length=", ints(4, 8))], {}),
        ("ResizeBilinear", [("images", IMAGE), ("size=", ints(7, 5))], {"half_pixel_centers": True}),
        ("ResizeBilinear", [("images", IMAGE), ("size=", ints(7, 5))], {"align_corners": True}),
        ("ResizeNearestNeighbor", [("images", IMAGE), ("size=", ints(7, 5))], {"half_pixel_centers": True}),
        ("ResizeNearestNeighbor", [("images", IMAGE), ("size=", ints(7, 5))], {}),
    ]
    return two + one + reduced + moved + other


@pytest.mark.parametrize("case", cases(), ids=name_of)
def test_op(case: Case) -> None:
    op, inputs, attrs = case
    outputs, definition = asked(op, inputs, attrs)
    model = model_of(op, inputs, outputs, definition)
    for opset in (13, newest_opset()):
        check(model, opset=opset, ref=given_reference(model, outputs, "TensorFlow"))


RANDOM: dict[str, tuple[Sequence[Fed], dict[str, Any]]] = {
    "RandomUniform": ([("shape=", ints(30, 40))], {"dtype": "float32", "seed": 1}),
    "RandomStandardNormal": ([("shape=", ints(30, 40))], {"dtype": "float32", "seed": 1}),
    "Multinomial": ([("logits", FEW), ("num_samples=", np.int32(900))], {"output_dtype": "int32", "seed": 1}),
}


@pytest.mark.parametrize("op", RANDOM)
def test_random(op: str) -> None:
    """Other numbers than TensorFlow's, with the same mean and deviation."""
    inputs, attrs = RANDOM[op]
    outputs, definition = asked(op, inputs, attrs)
    model = model_of(op, inputs, outputs, definition)
    for opset in (13, newest_opset()):
        found = check(model, opset=opset, values=False, ref=given_reference(model, outputs, "TensorFlow")).got[0]
        deviation = outputs[0].std()
        assert abs(found.mean() - outputs[0].mean()) < 0.15 and abs(found.std() / deviation - 1) < 0.15


def test_every_name_is_an_op_of_tensorflow() -> None:
    import tensorflow as tf

    assert not [name for name in OTHERS if not hasattr(tf.raw_ops, name)]
