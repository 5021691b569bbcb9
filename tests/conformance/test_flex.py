"""Flex (select TensorFlow) ops, with TensorFlow itself as the reference: LiteRT's Python build cannot run them.

A case is an op of `tf.raw_ops`, its inputs and attributes. TensorFlow says what it computes, and writes the NodeDef
that goes into the model.
"""

from __future__ import annotations

import inspect
import os
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from flatbuffers import flexbuffers

from . import Model, check
from .against import given_reference, newest_opset
from .cases import refusal
from .encoding import Array
from .simple import made

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

Fed = tuple[str, Array | np.generic]
"""How TensorFlow's op names an input, and its value; a name that ends with "=" is a constant of the model."""


def x(*shape: int, low: float = -2, high: float = 2, dtype: str = "float32") -> Array:
    """Made-up numbers."""
    return made(list(shape), dtype, low, high)


def ints(*values: int, dtype: str = "int32") -> Array:
    return np.array(values, dtype)


IMAGE = x(2, 5, 6, 3)
UNARY = ["Softplus", "Softsign", "Selu", "Erf", "Erfc", "Tan", "Atan", "Sinh", "Cosh", "Asinh", "Expm1", "Reciprocal",
"Inv",
         "IsNan", "IsInf", "IsFinite", "Rint", "Identity", "Lgamma", "StopGradient", "Relu", "Exp", "Sign",
         "Sigmoid"]  # fmt: skip
IN_RANGE = {"Asin": (-1, 1), "Acos": (-1, 1), "Atanh": (-0.9, 0.9), "Acosh": (1, 4), "Log1p": (-0.9, 3)}
BINARY = ["Xdivy", "DivNoNan", "MulNoNan", "AddV2", "RealDiv", "Atan2", "SquaredDifference", "TruncateMod", "FloorMod"]
BITS = ["BitwiseAnd", "BitwiseOr", "BitwiseXor", "LeftShift", "RightShift", "TruncateDiv"]
Case = tuple[str, Sequence[Fed], dict[str, Any]]
OLDEST = {"TensorScatterAdd": 16, "TensorScatterSub": 16, "TensorScatterMax": 18, "TensorScatterMin": 18}
"""Ops that ONNX has from this opset on."""
HALF = {"half_pixel_centers": True, "align_corners": False}
BOXES = np.array([[0.1, 0.2, 0.9, 0.7], [-0.3, 0, 1.2, 1], [0.8, 0.9, 0.2, 0.1]], np.float32)
POOL3D = {"ksize": [1, 2, 3, 2, 1], "strides": [1, 2, 1, 2, 1]}


def cases() -> list[Case]:
    """Every op, in the ways that are lowered differently."""
    found: list[Case] = [
        (n, [("x", np.r_[x(12), 0, 0.25].astype("f"))], {}) for n in UNARY if n not in ("Sigmoid", "Relu")
    ]
    found += [(n, [("x", x(3, 4, dtype="float64"))], {}) for n in UNARY if n not in ("Identity", "StopGradient")]
    found += [(n, [("x", x(3, 4, low=a, high=b))], {}) for n, (a, b) in IN_RANGE.items()]
    a, b = np.r_[x(6), 0, 0].astype("f"), np.r_[made([6], low=0.1), 0, 2].astype("f")
    found += [(n, [("x", a), ("y", b)], {}) for n in BINARY if n not in ("RealDiv", "TruncateMod", "FloorMod", "Atan2")]
    found += [(n, [("x", a), ("y", b + 3)], {}) for n in ("RealDiv", "TruncateMod", "FloorMod", "Xlogy", "Xlog1py")]
    found += [
        (n, [("x", x(3, 4, dtype="float64")), ("y", x(4, low=1, dtype="float64"))], {})
        for n in ("AddV2", "Maximum", "Pow")
    ]
    found += [(n, [("x", ints(5, -7, 100, 3, -1)), ("y", ints(3, 2, 4, 31, 1))], {}) for n in BITS]
    found += [
        ("Atan2", [("y", a), ("x", b)], {}), ("Invert", [("x", ints(0, 5, -3))], {}), ("Invert", [("x", ints(0, 5,
        dtype="uint8"))], {}),
        ("ApproximateEqual", [("x", x(5)), ("y", x(5) + np.array([0, 0, 1, 0, 1], "f"))], {"tolerance": 0.1}),
        ("ClipByValue", [("t", x(3, 4)), ("clip_value_min", np.float32(-1)), ("clip_value_max", np.float32(0.5))], {}),
        ("Bucketize", [("input", x(3, 4))], {"boundaries": [-1.0, 0.0, 0.7]}),
        ("PadV2", [("input", x(3, 4)), ("paddings=", np.array([[1, 0], [2, 1]], np.int32)), ("constant_values",
        np.float32(2.5))], {}),
        ("L2Loss", [("t", x(3, 4))], {}), ("MatrixDeterminant", [("input", x(2, 3, 3))], {}),
        ("Einsum", [("inputs", x(2, 3, 4)), ("inputs", x(2, 4, 5))], {"equation": "bij,bjk->bki"}),
        ("Einsum", [("inputs", x(2, 3, 4)), ("inputs", x(4, 5))], {"equation": "...j,jk->...k"}),
        ("BatchMatMulV2", [("x", x(2, 3, 4)), ("y", x(2, 5, 4))], {"adj_y": True}),
        ("BatchMatMulV3", [("x", x(2, 4, 3)), ("y", x(2, 4, 5))], {"Tout": "float32", "adj_x": True}),
        ("MatMul", [("a", x(4, 3)), ("b", x(5, 4))], {"transpose_a": True, "transpose_b": True}),
        ("Conv3D", [("input", x(1, 4, 5, 6, 3)), ("filter=", x(2, 3, 3, 3, 2))], {"strides": [1, 1, 2, 1, 1],
        "padding": "SAME"}),
        ("Conv2D", [("input", IMAGE), ("filter=", x(3, 3, 3, 4))], {"strides": [1, 2, 1, 1], "padding": "VALID",
        "dilations": [1, 1, 2, 1]}),
        ("Conv2D", [("input", IMAGE), ("filter=", x(3, 3, 3, 4))], {"strides": [1, 1, 1, 1], "padding": "EXPLICIT",
        "explicit_paddings": [0, 0, 1, 2, 0, 1, 0, 0]}),
        ("DepthwiseConv2dNative", [("input", IMAGE), ("filter=", x(3, 3, 3, 2))], {"strides": [1, 1, 1, 1],
        "padding": "SAME"}),
        ("MaxPool3D", [("input", x(1, 4, 5, 6, 3))], {**POOL3D, "padding": "SAME"}),
        ("AvgPool3D", [("input", x(1, 4, 5, 6, 3))], {**POOL3D, "padding": "SAME"}),
        ("AvgPool3D", [("input", x(1, 4, 5, 6, 3))], {**POOL3D, "padding": "VALID"}),
        ("MaxPool", [("input", IMAGE)], {"ksize": [1, 2, 3, 1], "strides": [1, 2, 2, 1], "padding": "SAME"}),
        ("BiasAdd", [("value", IMAGE), ("bias", x(3))], {}), ("BiasAdd", [("value", IMAGE), ("bias", x(5))],
        {"data_format": "NCHW"}),
        ("FusedBatchNormV3", [("x", IMAGE), *((n, x(3, low=0.5)) for n in ("scale", "offset", "mean", "variance"))],
        {"is_training": False, "epsilon": 0.01}),
        ("LRN", [("input", x(1, 3, 4, 7))], {"depth_radius": 2, "bias": 1.5, "alpha": 0.3, "beta": 0.7}),
        ("EuclideanNorm", [("input", x(3, 4)), ("axis=", ints(1))], {"keep_dims": True}),
        ("Cross", [("a", x(4, 3)), ("b", x(4, 3))], {}),
        ("Roll", [("input", x(3, 4)), ("shift=", ints(2, -1)), ("axis=", ints(0, 1))], {}),
        ("Roll", [("input", ints(1, 2, 3, 4)), ("shift", np.int32(7)), ("axis=", np.int32(0))], {}),
        ("InvertPermutation", [("x", ints(3, 0, 2, 1))], {}),
        ("UniqueV2", [("x", ints(5, 3, 5, 1, 3)), ("axis=", ints())], {}),
        ("UniqueWithCounts", [("x", ints(5, 3, 5, 1, 3, dtype="int64"))], {}), ("Unique", [("x", x(4))],
        {"out_idx": "int64"}),
        ("TensorScatterUpdate", [("tensor", x(4, 3)), ("indices", ints(2, 0).reshape(2, 1)), ("updates", x(2, 3))], {}),
        ("Bincount", [("arr", ints(1, 3, 1, 0)), ("size", np.int32(5)), ("weights", np.zeros(0, "f"))], {}),
        ("DenseBincount", [("input", ints(1, 3, 1, 0, 2, 2).reshape(2, 3)), ("size", np.int32(4)), ("weights", x(2,
        3))], {}),
        ("LowerBound", [("sorted_inputs", np.sort(x(2, 5))), ("values", x(2, 3))], {}),
        ("UpperBound", [("sorted_inputs", np.sort(x(2, 5))), ("values", x(2, 3))], {"out_type": "int64"}),
        ("LinSpace", [("start", np.float32(-1)), ("stop", np.float32(3)), ("num", np.int32(7))], {}),
        ("Size", [("input", x(3, 4))], {}),
        ("NonMaxSuppressionV3", [("boxes", np.abs(x(6, 4)) + np.array([0, 0, 2, 2], "f")), ("scores", x(6)),
        ("max_output_size", np.int32(4)), ("iou_threshold", np.float32(0.4)), ("score_threshold", np.float32(-1))], {}),
        ("ExtractImagePatches", [("images", IMAGE)], {"ksizes": [1, 2, 3, 1], "strides": [1, 2, 1, 1], "rates": [1, 1,
        2, 1], "padding": "SAME"}),
        ("ResizeBicubic", [("images", IMAGE), ("size=", ints(9, 4))], HALF), ("ResizeBicubic", [("images", IMAGE),
        ("size=", ints(3, 11))], {}),
        ("ResizeBicubic", [("images", IMAGE), ("size=", ints(9, 4))], {"align_corners": True,
        "half_pixel_centers": False}),
        ("ResizeArea", [("images", IMAGE), ("size=", ints(3, 4))], {}), ("ResizeArea", [("images", IMAGE), ("size=",
        ints(7, 6))], {"align_corners": True}),
        ("CropAndResize", [("image", IMAGE), ("boxes", BOXES), ("box_ind", ints(0, 1, 1)), ("crop_size=", ints(4, 3))],
        {"extrapolation_value": 9.0}),
        ("CropAndResize", [("image", IMAGE), ("boxes", BOXES), ("box_ind", ints(0, 1, 1)), ("crop_size=", ints(1, 5))],
        {"method": "nearest"}),
        ("AdjustContrastv2", [("images", IMAGE), ("contrast_factor", np.float32(1.7))], {}),
        ("RGBToHSV", [("images", x(2, 4, 5, 3, low=0, high=1))], {}), ("HSVToRGB", [("images", x(2, 4, 5, 3, low=0,
        high=1))], {}),
        ("AdjustHue", [("images", x(2, 4, 5, 3, low=0, high=1)), ("delta", np.float32(0.3))], {}),
        ("AdjustSaturation", [("images", x(2, 4, 5, 3, low=0, high=1)), ("scale", np.float32(1.8))], {}),
        ("ConcatV2", [("values", x(2, 3)), ("values", x(2, 1)), ("axis=", np.int32(1))], {}),
        ("GatherV2", [("params", x(3, 4, dtype="float64")), ("indices", ints(2, 0)), ("axis=", np.int32(1))], {}),
        ("DepthToSpace", [("input", x(1, 2, 3, 8))], {"block_size": 2}), ("SpaceToDepth", [("input", x(1, 4, 2, 3))],
        {"block_size": 2}),
        ("Mean", [("input", x(3, 4, dtype="float64")), ("axis=", ints(1))], {"keep_dims": True}),
        ("StridedSlice", [("input", x(4, 5)), ("begin=", ints(1, 0)), ("end=", ints(4, 3)), ("strides=", ints(2, 1))],
        {"shrink_axis_mask": 0, "end_mask": 2}),
        ("TopKV2", [("input", x(2, 5)), ("k=", np.int32(3))], {}), ("Cumsum", [("x", x(2, 5)), ("axis=", np.int32(1))],
        {"reverse": True}),
        ("IdentityN", [("input", x(2)), ("input", ints(1, 2))], {}),
        ("AvgPool", [("value", IMAGE)], {"ksize": [1, 2, 3, 1], "strides": [1, 2, 2, 1], "padding": "SAME"}),
        ("AvgPool", [("value", IMAGE)], {"ksize": [1, 2, 3, 1], "strides": [1, 1, 2, 1], "padding": "VALID"}),
        ("CheckNumerics", [("tensor", x(3))], {"message": "m"}), ("EnsureShape", [("input", x(2, 3))], {"shape": [2,
        3]}),
        ("PreventGradient", [("input", x(3))], {}), ("Snapshot", [("input", x(3))], {}),
        ("UniqueWithCountsV2", [("x", ints(5, 3, 5, 1, 3)), ("axis=", ints(0))], {}),
    ]  # fmt: skip
    found += [
        (
            n,
            [("x", IMAGE), *((p, x(3, low=0.5)) for p in ("scale", "offset", "mean", "variance"))],
            {"is_training": False},
        )
        for n in ("FusedBatchNorm", "FusedBatchNormV2")
    ]
    twice = [("tensor", x(4, 3)), ("indices", ints(2, 0, 2).reshape(3, 1)), ("updates", x(3, 3))]
    found += [(f"TensorScatter{n}", twice, {}) for n in ("Add", "Sub", "Max", "Min")]
    found += [
        ("MatrixBandPart", [("input", x(2, 4, 5)), ("num_lower=", np.int64(a)), ("num_upper=", np.int64(b))], {})
        for a, b in ((1, 0), (-1, 2))
    ]
    found += [
        ("Cumprod", [("x", x(3, 5)), ("axis=", np.int32(1))], {"exclusive": e, "reverse": r})
        for e in (False, True)
        for r in (False, True)
    ]
    return found  # fmt: skip


def name_of(case: Case) -> str:
    op, inputs, attrs = case
    shapes = "-".join(f"{v.dtype}x{list(v.shape)}" for _, v in inputs[:2])
    return f"{op}-{shapes}-{','.join(f'{k}={v}' for k, v in attrs.items())}"[:90]


def asked(op: str, inputs: Sequence[Fed], attrs: dict[str, Any]) -> tuple[list[Array], bytes]:
    """What TensorFlow computes, and the NodeDef that it writes."""
    import tensorflow as tf

    with tf.Graph().as_default() as graph:
        given: dict[str, Any] = {}
        for name, value in inputs:
            tensor = tf.constant(value)
            key = name.rstrip("=")
            known = given.get(key)
            given[key] = tensor if known is None else [*(known if isinstance(known, list) else [known]), tensor]
        function = getattr(tf.raw_ops, op)
        if "x" in given and "x" not in inspect.signature(function).parameters:
            given = {next(iter(inspect.signature(function).parameters)): given.pop("x"), **given}
        made = function(**given, **attrs)
        outputs = list(made) if isinstance(made, (list, tuple)) else [made]
        node = outputs[0].op.node_def
        config = tf.compat.v1.ConfigProto()
        config.graph_options.rewrite_options.disable_meta_optimizer = True  # it folds constants, some wrongly
        with tf.compat.v1.Session(graph=graph, config=config) as session:
            return [np.asarray(v) for v in session.run(outputs)], node.SerializeToString()


def model_of(op: str, inputs: Sequence[Fed], outputs: list[Array], definition: bytes) -> Model:
    """A TFLite model of the Flex op."""
    m = Model()
    tensors = [
        m.const(v, v.dtype.name) if n.endswith("=") else m.input(list(v.shape), v.dtype.name, values=v)
        for n, v in inputs
    ]
    made = [m.tensor(v.dtype.name, list(v.shape)) for v in outputs]
    m.op(f"Flex{op}", tensors, made, custom=packed(op, definition))
    return m.outputs(*made[: given_back(op)])


def given_back(op: str) -> int:
    """How many of an op's outputs are the model's: the others are for training."""
    return 3 if op.startswith("FusedBatchNorm") else 9


def packed(op: str, definition: bytes) -> bytes:
    """A flexbuffer of the op's name and its NodeDef."""
    builder = flexbuffers.Builder()
    with builder.Vector():
        builder.String(op)
        builder._WriteBlob(definition, append_zero=True, type_=flexbuffers.Type.STRING)  # String() takes text only
    return bytes(builder.Finish())


@pytest.mark.parametrize("case", cases(), ids=name_of)
def test_op(case: Case) -> None:
    op, inputs, attrs = case
    outputs, definition = asked(op, inputs, attrs)
    model = model_of(op, inputs, outputs, definition)
    for opset in [13, 18, 21, newest_opset()]:
        if opset < (oldest := OLDEST.get(op, 13)):
            with refusal(f"from opset {oldest} on"):
                check(model, opset=opset, ref=given_reference(model, outputs, "TensorFlow"))
            continue
        check(model, opset=opset, ref=given_reference(model, outputs[: given_back(op)], "TensorFlow"))


def definition_of(op: str, **given: Any) -> bytes:
    """The NodeDef that TensorFlow writes for an op."""
    import tensorflow as tf

    with tf.Graph().as_default():
        made = getattr(tf.raw_ops, op)(**given)
        node = made if isinstance(made, tf.Operation) else (made[0] if isinstance(made, (list, tuple)) else made).op
        return bytes(node.node_def.SerializeToString())


class Lists:
    """A model of tensor lists; each op's NodeDef is TensorFlow's."""

    def __init__(self) -> None:
        import tensorflow as tf

        self.m, self.shape = Model(), np.array([3], np.int32)
        with tf.Graph().as_default():
            items = tf.raw_ops.TensorListReserve(element_shape=[3], num_elements=4, element_dtype=tf.float32)
            made = {
                "Reserve": items,
                "FromTensor": tf.raw_ops.TensorListFromTensor(tensor=x(4, 3), element_shape=[3]),
                "SetItem": tf.raw_ops.TensorListSetItem(input_handle=items, index=0, item=x(3)),
                "GetItem": tf.raw_ops.TensorListGetItem(input_handle=items, index=0, element_shape=[3],
                element_dtype=tf.float32),
                "Stack": tf.raw_ops.TensorListStack(input_handle=items, element_shape=[3], element_dtype=tf.float32),
                "Length": tf.raw_ops.TensorListLength(input_handle=items),
            }  # fmt: skip
            self.definitions = {k: v.op.node_def.SerializeToString() for k, v in made.items()}

    def op(self, name: str, inputs: list[Any], dtype: str = "variant", shape: list[int] | None = None) -> Any:
        """A list's op."""
        out = self.m.tensor(dtype, shape or [])
        return self.m.op(
            f"FlexTensorList{name}", inputs, [out], custom=packed(f"TensorList{name}", self.definitions[name])
        )


@pytest.mark.parametrize("opset", [13, 18, 21])
def test_tensor_lists(opset: int) -> None:
    """Made empty or of a tensor, one element set, one read, stacked and counted."""
    lists = Lists()
    m = lists.m
    given, new = m.input([4, 3]), m.input([3])
    shape, size, at = m.const(lists.shape), m.const(np.int32(4)), m.const(np.int32(2))
    outputs = []
    for items in (lists.op("Reserve", [shape, size]), lists.op("FromTensor", [given, shape])):
        changed = lists.op("SetItem", [items, at, new])
        outputs += [
            lists.op("Stack", [changed, shape], "float32", [4, 3]),
            lists.op("GetItem", [changed, at, shape], "float32", [3]),
            lists.op("Length", [changed], "int32"),
        ]
    a, b = m.outputs(*outputs).feeds()
    empty, full = np.zeros((4, 3), np.float32), a.copy()
    empty[2] = full[2] = b
    want = [v for stacked in (empty, full) for v in (stacked, b, np.array(4, np.int32))]
    check(m, opset=opset, ref=given_reference(m, want))


@pytest.mark.parametrize("opset", [13, 18, 21, newest_opset()])
def test_random_integers(opset: int) -> None:
    """Inside of their bounds; TensorFlow's own numbers are others."""
    m = Model()
    inputs = [m.const(ints(30, 40)), m.const(np.int32(-3)), m.const(np.int32(5))]
    definition = definition_of("RandomUniformInt", shape=[30, 40], minval=-3, maxval=5, seed=1)
    y = m.op(
        "FlexRandomUniformInt", inputs, [m.tensor("int32", [30, 40])], custom=packed("RandomUniformInt", definition)
    )
    m.outputs(m.op("ADD", [y, m.input([1], "int32", values=[0])], [m.tensor("int32", [30, 40])]))
    outcome = check(m, opset=opset, values=False, ref=given_reference(m, [np.zeros((30, 40), np.int32)]))
    assert set(np.unique(outcome.got[0])) == set(range(-3, 5))


def test_checks_are_left_out() -> None:
    m = Model()
    a = m.input([3])
    cond = m.op("LESS", [a, m.const(x(3) + 9)], [m.tensor("bool", [3])])
    all_ = m.op("REDUCE_ALL", [cond, m.const(ints(0))], [m.tensor("bool", [])])
    m.op("FlexAssert", [all_, a], [], custom=packed("Assert", definition_of("Assert", condition=True, data=[x(3)])))
    y = m.op("NEG", [a], [m.tensor(shape=[3])])
    check(m.outputs(y), opset=18, ref=given_reference(m, [-m.feeds()[0]]))


@pytest.mark.parametrize("op", ["PrintV2", "NoOp"])
def test_what_only_prints_or_waits_is_left_out(op: str) -> None:
    m = Model()
    a = m.input([3])
    given = {"input": "text"} if op == "PrintV2" else {}
    text = [m.const(["text"], "string")] if op == "PrintV2" else []
    m.op(f"Flex{op}", text, [], custom=packed(op, definition_of(op, **given)))
    y = m.op("NEG", [a], [m.tensor(shape=[3])])
    outcome = check(m.outputs(y), opset=18, ref=given_reference(m, [-m.feeds()[0]]))
    assert [n.op_type for n in outcome.result.model.graph.node] == ["Neg"]
