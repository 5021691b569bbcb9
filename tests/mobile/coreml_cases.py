"""Cases of CoreML's rules, written from ONNX Runtime's sources: what is taken, and what is refused for which reason."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from onnx import TensorProto, helper

from mobile.one_node import f16, f32, floats, i32, i64, ints, ones

M, N = ("MLProgram",), ("NeuralNetwork",)
MN = M + N


@dataclass(frozen=True)
class Case:
    """want: "" where the node is taken, else a part of the reason."""

    op: str
    inputs: list[Any]
    want: str = ""
    formats: tuple[str, ...] = MN
    version: int = 7
    release: str = "1.27"
    more: dict[str, Any] = field(default_factory=dict)


def case(op: str, inputs: list[Any], want: str = "", formats: tuple[str, ...] = MN, version: int = 7,
release: str = "1.27",
         **more: Any) -> Case:  # fmt: skip
    return Case(op, inputs, want, formats, version, release, more)


X = f32(1, 3, 8, 8)
W = ones(4, 3, 3, 3)
B = ones(4)
ONLY = "only"


def bools(*shape: int) -> tuple[str, tuple[int, ...]]:
    return "bool", shape


def axes_as_ints(*values: int) -> TensorProto:
    """Axes stored as int64_data, where the check of reductions sees them."""
    return helper.make_tensor("axes", TensorProto.INT64, [len(values)], values)


ELEMENTWISE = [
    *(case(op, [X]) for op in ("Sigmoid", "Tanh", "Relu", "LeakyRelu", "HardSigmoid", "Sqrt", "Reciprocal")),
    *(case(op, [X, X]) for op in ("Add", "Sub", "Mul", "Div", "Pow")),
    *(case(op, [X], formats=M) for op in ("Elu", "Softplus", "Erf", "Round", "Exp")),
    *(case(op, [X], ONLY, N) for op in ("Elu", "Softplus", "Erf", "Round", "Exp", "Ceil")),
    case("Gelu", [X], formats=M, opset=20),
    case("Gelu", [X], ONLY, N, opset=20),
    case("Gelu", [X], "since-version 1 ", M, domain="com.microsoft", made="float"),
    case("QuickGelu", [X], formats=M, domain="com.microsoft", made="float"),
    case("QuickGelu", [X], ONLY, N, domain="com.microsoft", made="float"),
    case("Max", [X, X, X], formats=M),
    case("Max", [X, X], ONLY, N),
    case("Ceil", [X], formats=M),
    case("Abs", [X], "no builder for Abs"),
    case("DequantizeLinear", [("uint8", (2, 2)), floats(1)[0], np.array(0, np.uint8)], "no builder"),
    case("Relu", [f16(2, 2)], formats=M),
    case("Relu", [f16(2, 2)], "is float16, not float", N),
    case("Relu", [i64(2)], formats=M),
    case("Relu", [i32(2)], "is int32"),
    case("HardSigmoid", [("double", (2,))], "is double"),
    case("Relu", [f32("N", 2)]),
    case("Relu", [("float", None)], "is not known"),
    case("Relu", [f32(2, 0)], "dimension of 0"),
    case("Relu", [f32(1, 1, 1, 1, 1, 1)], "rank 6"),
    case("Add", [X, X], "since-version 6", opset=6),
    case("Pow", [X, i32(1)], "float and int32"),
    case("PRelu", [X, ones(3, 1, 1)]),
    case("PRelu", [X, ones(1)]),
    case("PRelu", [f32(3, 8), ones(1)], "rank 2"),
    case("PRelu", [f32(1, "C", 8, 8), ones(1)], "not known"),
    case("PRelu", [X, f32(3, 1, 1)], "no constant initializer"),
    case("PRelu", [X, ones(3, 8, 8)], "neither (C, 1, 1)"),
    case("PRelu", [f32(1, 1, 8, 8), ones(1)], "one channel"),
    case("Clip", [X, floats(0)[0], floats(6)[0]]),
    case("Clip", [X]),
    case("Clip", [X, f32()], "no constant initializer"),
    case("Clip", [i64(2), np.array(0, np.int64)], "int64, not float", M),
    case("Clip", [i64(2)], formats=M),
    case("Clip", [X, floats(2)[0], floats(2)[0]], "both 2"),
    case("Clip", [X], "both 1", opset=6, min=1.0, max=1.0),
    case("Identity", [X]),
    case("Cast", [X], "no node makes its input", M, to=TensorProto.FLOAT16),
    case("Cast", [bools(2)], "casts bool to float", M, to=TensorProto.FLOAT),
    case("Cast", [X], "float, not int64", N, to=TensorProto.INT32),
    case("Cast", [i64(2)], "no node makes its input", N, to=TensorProto.INT32),
    case("Cast", [bools(2)], formats=M, release="1.32", to=TensorProto.FLOAT),
    case("Cast", [("uint8", (2,))], "casts uint8", M, release="1.32", to=TensorProto.FLOAT),
    case("Sin", [X], formats=M, release="1.32"),
    case("Cos", [X], formats=M, release="1.32"),
    case("Sin", [X], ONLY, N, release="1.32"),
    case("Cos", [X], ONLY, N, release="1.32"),
    case("Sin", [X], "no builder"),
]

CONVOLUTION = [
    case("Conv", [X, W, B]),
    case("Conv", [f32(1, 3, 8), ones(4, 3, 3)]),
    case("Conv", [X, f32(4, 3, 3, 3)], formats=M),
    case("Conv", [X, f32(4, 3, 3, 3)], "weights 'i1'", N),
    case("Conv", [f32(1, 3, 8, 20000), W], "above 16384"),
    case("Conv", [f32(1, 3, 8, 8, 8), ones(4, 3, 3, 3, 3)], "3-D"),
    case("Conv", [X, W, f32(4)], "bias 'i2'"),
    case("Conv", [X, W], "needs CoreML 6", M, 5, auto_pad="SAME_LOWER"),
    case("Conv", [X, W], formats=M, version=6, auto_pad="SAME_LOWER"),
    case("Conv", [X, W], formats=N, version=5, auto_pad="SAME_LOWER"),
    case("Conv", [X, W], "kernel_shape is [2, 2]", kernel_shape=[2, 2]),
    case("FusedConv", [X, W, B], formats=M, domain="com.microsoft", made="float", activation="Relu"),
    case("FusedConv", [X, W, B], ONLY, N, domain="com.microsoft", made="float", activation="Relu"),
    case("FusedConv", [X, W, B, X], "input Z", M, domain="com.microsoft", made="float", activation="Relu"),
    case("FusedConv", [X, W, B], "'Elu'", M, domain="com.microsoft", made="float", activation="Elu"),
    case("FusedConv", [X, W], "0 activation_params", M, domain="com.microsoft", made="float", activation="Clip"),
    case("ConvTranspose", [X, ones(3, 4, 3, 3)], formats=M, pads=[1, 1, 1, 1]),
    case("ConvTranspose", [X, ones(3, 4, 3, 3)], formats=M, auto_pad="VALID"),
    case("ConvTranspose", [X, ones(3, 4, 3, 3)], ONLY, N),
    case("ConvTranspose", [X, f32(3, 4, 3, 3)], "weights 'i1'", M, pads=[0] * 4),
    case("ConvTranspose", [X, ones(3, 4, 3, 3), f32(4)], "bias 'i2'", M, pads=[0] * 4),
    case("ConvTranspose", [f32(1, 3, 8, 20000), ones(3, 4, 3, 3)], "above 16384", M, pads=[0] * 4),
    case("ConvTranspose", [X, ones(3, 4, 3, 3)], "SAME_UPPER", M, auto_pad="SAME_UPPER"),
    case("ConvTranspose", [X, ones(3, 4, 3, 3)], "not all equal", M, pads=[1, 0, 1, 0]),
    case("ConvTranspose", [X, ones(3, 4, 3, 3)], "kernel_shape", M, pads=[0] * 4, kernel_shape=[2, 2]),
    case("ConvTranspose", [X, ones(3, 4, 3, 3)], "output_shape", M, pads=[0] * 4, output_shape=[10, 10]),
    case("ConvTranspose", [X, ones(3, 4, 3, 3)], "output_padding is [1, 1]", M, pads=[0] * 4, output_padding=[1, 1],
         strides=[2, 2]),
    *(case(op, [X], kernel_shape=[2, 2]) for op in ("AveragePool", "MaxPool")),
    *(case(op, [X]) for op in ("GlobalAveragePool", "GlobalMaxPool")),
    case("MaxPool", [f32(1, 3, 8)], "rank 3", kernel_shape=[2]),
    case("MaxPool", [X], "storage_order", kernel_shape=[2, 2], storage_order=1),
    case("MaxPool", [X], formats=M, kernel_shape=[2, 2], ceil_mode=1),
    case("MaxPool", [X], "ceil_mode", N, kernel_shape=[2, 2], ceil_mode=1),
    case("MaxPool", [X], "dilations are [2, 2]", kernel_shape=[2, 2], dilations=[2, 2]),
    case("MaxPool", [X], "indices", outputs=2, kernel_shape=[2, 2]),
    case("BatchNormalization", [X, ones(3), ones(3), ones(3), ones(3)]),
    case("BatchNormalization", [f32(1, 3), ones(3), ones(3), ones(3), ones(3)], "rank 2"),
    case("BatchNormalization", [X, ones(3), f32(3), ones(3), ones(3)], "B 'i2'"),
    case("BatchNormalization", [X, ones(3), ones(3), ones(3), ones(3)], "3 outputs", outputs=3, training_mode=1),
    case("InstanceNormalization", [X, ones(3), ones(3)], formats=M),
    case("LayerNormalization", [X, ones(8)], formats=M),
    case("GroupNormalization", [X, ones(3), ones(3)], formats=M, num_groups=3, made="float"),
    *(case(op, [X, ones(3), ones(3)], ONLY, N) for op in ("InstanceNormalization", "LayerNormalization")),
    case("GroupNormalization", [X, ones(3), ones(3)], ONLY, N, num_groups=3),
    case("LayerNormalization", [X, np.ones(8, np.float16)], "float, float16", M, made="float"),
    case("LayerNormalization", [X, ones(8)], "3 outputs", M, outputs=3),
    case("LayerNormalization", [X, ones(8)], "stash_type is 10", M, stash_type=10),
    case("LayerNormalization", [X, f32(8)], "no constant initializer", M),
    case("LRN", [X], formats=N, size=3),
    case("LRN", [f32(3, 8)], "rank 2", N, size=3),
    case("LRN", [X], ONLY, M, size=3),
]  # fmt: skip

MATRIX = [
    case("Gemm", [f32(2, 3), ones(3, 4), ones(4)]),
    case("Gemm", [f32(2, 3), ones(3, 4), ones(1, 4)]),
    case("Gemm", [f32(2, 3), f32(3, 4)], "B 'i1'"),
    case("Gemm", [f32(2, 3), ones(3, 4)], "alpha is 0.5", alpha=0.5),
    case("Gemm", [f32(3, 2), ones(3, 4)], "transA is 1", transA=1),
    case("Gemm", [f32(2, 3), ones(3, 4), f32(4)], "C 'i2'"),
    case("Gemm", [f32(2, 3), ones(3, 4), ones(2, 1)], "N is 4"),
    case("Gemm", [f32(2, 3), ones(4, 3), ones(4)], transB=1),
    case("MatMul", [f32(2, 3), ones(3, 4)]),
    case("MatMul", [f32(5, 2, 3), f32(5, 3, 4)], formats=M),
    case("MatMul", [f32(5, 2, 3), ones(3, 4)], "rank 3", N),
    case("MatMul", [f32(2, 3), f32(3, 4)], "B 'i1'", N),
    case("MatMul", [f32(2, 3), ones(3)], "one alone is 1-D", M),
    case("MatMul", [f32(3), ones(3)], formats=M),
    *(case(op, [X, ints(1)]) for op in ("ReduceSum",)),
    *(case(op, [X], axes=[1]) for op in ("ReduceMean",)),
    *(case(op, [X], formats=M) for op in ("ReduceMax", "ReduceMin", "ReduceProd")),
    *(case(op, [X], ONLY, N) for op in ("ReduceMax", "ReduceMin", "ReduceProd")),
    case("ReduceSum", [X, i64(1)], "no constant initializer"),
    case("ReduceSum", [X], "sees no axes", N, noop_with_empty_axes=1),
    case("ReduceSum", [X, ints(1)], "sees no axes", N, noop_with_empty_axes=1),
    case("ReduceSum", [X, axes_as_ints(1)], formats=N, noop_with_empty_axes=1),
    case("ReduceSum", [X], formats=M, noop_with_empty_axes=1),
    case("ArgMax", [X]),
    case("ArgMax", [X], "select_last_index", select_last_index=1),
    case("Softmax", [X]),
    case("Softmax", [f32("N", 2)]),
    case("Softmax", [f32("N", 2)], "below 13", opset=11),
    case("And", [bools(2), bools(2)], formats=M, release="1.32"),
    case("And", [bools(2), bools(2)], ONLY, N, release="1.32"),
    case("And", [i32(2), bools(2)], "int32 and bool", M, release="1.32"),
    case("Where", [bools(2), f32(2), f32(2)], formats=M, release="1.32"),
    case("Where", [bools(2), f32(2), f32(2)], ONLY, N, release="1.32"),
    case("Where", [bools(2), i32(2), i32(2)], "X or Y is int32", M, release="1.32"),
    case("Where", [bools(2), f32(2), f32(2)], "no builder"),
]

SHAPING = [
    case("Reshape", [X, ints(3, -1)]),
    case("Reshape", [X, i64(2)], "no constant initializer"),
    case("Reshape", [X, ints(1, 1, 1, 1, 3, 64)], "new rank is 6"),
    case("Reshape", [f32("N", 2), ints(-1)], "not static"),
    case("Reshape", [f32(), ints(1)], "a scalar"),
    case("Reshape", [X, ints(0, 3, 64)], "has a 0", allowzero=1),
    case("Squeeze", [f32(1, 3), ints(0)]),
    case("Squeeze", [f32(1, 3), i64(1)], "axes 'i1'"),
    case("Squeeze", [f32(1, 3)], opset=11, axes=[0]),
    case("Unsqueeze", [f32(3), ints(0)], formats=M),
    case("Unsqueeze", [f32(3), ints(0)], ONLY, N),
    case("Unsqueeze", [X, ints(0, 1)], "rank 6", M),
    case("Unsqueeze", [X], "rank 6", M, opset=11, axes=[0, 1]),
    case("Transpose", [X]),
    case("Flatten", [X], formats=N),
    case("Flatten", [f32()], "a scalar", N),
    case("Flatten", [X], ONLY, M),
    case("Concat", [X, X], axis=1),
    case("Concat", [X, X], axis=-3),
    case("Concat", [X], "one input", axis=1),
    case("Concat", [f32(2), f32(2)], formats=M, axis=0),
    case("Concat", [f32(2), f32(2)], "rank 1", N, axis=0),
    case("Concat", [X, X], "axis 2", N, axis=2),
    case("Shape", [X]),
    case("Shape", [i32(2, 2)], formats=M),
    case("Shape", [i32(2, 2)], "is int32", N),
    case("Shape", [X], formats=M, start=1, end=3),
    case("Shape", [X], "end is given", N, start=1, end=3),
    case("Shape", [X], "start is not 0", N, start=1),
    case("Shape", [X], "is empty", M, start=1, end=1),
    case("Tile", [f32(2, 3), ints(2, 1)]),
    case("Tile", [bools(2, 3), ints(2, 1)]),
    case("Tile", [f16(2, 3), ints(2, 1)], formats=M, version=6),
    case("Tile", [f16(2, 3), ints(2, 1)], "needs CoreML 6", M, 5),
    case("Tile", [f32(2, 3), i64(2)], formats=M),
    case("Tile", [f32(2, 3), i64(2)], "repeats 'i1'", N),
    case("Tile", [f32(2, 3), ints(2, 0)], "not all positive"),
    case("DepthToSpace", [f32(1, 4, 2, 2)], blocksize=2),
    case("DepthToSpace", [f32(1, 4, 2, 2)], formats=M, blocksize=2, mode="CRD"),
    case("DepthToSpace", [f32(1, 4, 2, 2)], "mode is CRD", N, blocksize=2, mode="CRD"),
    case("DepthToSpace", [f32("N", 4, 2, 2)], "not static", M, blocksize=2, mode="CRD"),
    case("DepthToSpace", [f16(1, 4, 2, 2)], "needs CoreML 7", M, 6, blocksize=2),
    case("DepthToSpace", [f16(1, 4, 2, 2)], formats=M, version=7, blocksize=2),
]

PICKING = [
    case("Gather", [X, ints(0, 1)]),
    case("Gather", [i64(4), ints(0, 1)]),
    case("Gather", [f16(4), ints(0, 1)], formats=M, version=6),
    case("Gather", [f16(4), ints(0, 1)], "needs CoreML 6", M, 5),
    case("Gather", [X, np.array(0, np.int64)]),
    case("Gather", [f32("N", 3), np.array(0, np.int64)], "not static", axis=1),
    case("Gather", [f32(1, 2, 3, 4, 5), np.array(0, np.int64)], "rank 5"),
    case("Gather", [X, np.zeros((2, 2, 2), np.int64)], "result has rank 6"),
    case("Gather", [X, ("uint8", (2,))], "indices are uint8", made="float"),
    case("GatherND", [X, np.zeros((2, 2), np.int64)], formats=M, release="1.32"),
    case("GatherND", [X, np.zeros((2, 2), np.int64)], ONLY, N, release="1.32"),
    case("GatherND", [X, i64(2, 2)], "indices 'i1'", M, release="1.32"),
    case("GatherND", [X, np.zeros((1, 2, 2), np.int64)], "batch_dims is 1", M, release="1.32", batch_dims=1),
    case("GatherND", [f32("N", 3), np.zeros((2, 2), np.int64)], "not known", M, release="1.32"),
    case("Slice", [X, ints(1), ints(3), ints(2)]),
    case("Slice", [X, ints(-1), ints(-9), ints(3), ints(-1)]),
    case("Slice", [X, ints(0), ints(2**63 - 1), ints(3)]),
    case("Slice", [i32(4), ints(0), ints(2)], "is int32"),
    case("Slice", [f32("N", 4), ints(0), ints(2), ints(1)], "not static"),
    case("Slice", [X, i64(1), ints(3), ints(2)], "starts 'i1'"),
    case("Slice", [X, ints(0), ints(3), i64(1)], "axes 'i3'"),
    case("Slice", [X, ints(3), ints(3), ints(2)], "is empty"),
    case("Slice", [X, ints(0, 0), ints(1, 1), ints(2, -2)], "repeat", made="float"),
    case("Slice", [X, ints(0), ints(8), ints(2), ints(0)], "a step is 0", made="float"),
    case("Split", [f32(4, 2), ints(1, 3)], outputs=2),
    case("Split", [f32(4, 2)], outputs=2, num_outputs=2),
    case("Split", [f32(4, 2)], outputs=2, opset=13),
    case("Split", [f32(4, 2)], outputs=2, opset=11, split=[1, 3]),
    case("Split", [f32(4, 2), i64(2)], "no constant initializer", outputs=2),
    case("Split", [f32(4, 2), ints(4)], "one part", outputs=1),
    case("Split", [f32("N", 2), ints(1, 3)], "not known", outputs=2),
    case("Split", [f32(4, 2), ints(1, 2)], "add up to 4", outputs=2, made="float"),
    case("Split", [f32(4, 2), ints(0, 4)], "not all positive", outputs=2),
    case("Split", [f32(5, 2)], "does not divide by 2", outputs=2, opset=13, made="float"),
    case("Split", [f32(4, 2)], "num_outputs is 3", outputs=2, num_outputs=3, made="float"),
    case("Split", [f32(4, 2)], "num_outputs is None", outputs=2, made="float"),
    case("Pad", [X, ints(0, 0, 1, 1, 0, 0, 1, 1), floats(0)[0]]),
    case("Pad", [X, ints(0, 0, 1, 1, 0, 0, 1, 1)], formats=M),
    case("Pad", [X, ints(0, 0, 1, 1, 0, 0, 1, 1)], "constant_value is not given", N),
    case("Pad", [X, ints(0, 1, 0, 0, 0, 1, 0, 0), floats(0)[0]], formats=M),
    case("Pad", [X, ints(0, 1, 0, 0, 0, 1, 0, 0), floats(0)[0]], "axis 1 of rank 4", N),
    case("Pad", [X, ints(1, 1), floats(0)[0], ints(-1)]),
    case("Pad", [X, ints(1, 1), floats(0)[0], i64(1)], "axes 'i3'"),
    case("Pad", [X, i64(8), floats(0)[0]], "pads 'i1'"),
    case("Pad", [X, ints(0, 0, -1, 0, 0, 0, 0, 0), floats(0)[0]], "negative"),
    case("Pad", [X, ints(0, 0, 1, 1, 0, 0, 1, 1), f32()], "constant_value 'i2'"),
    case("Pad", [X, ints(*[0] * 8)], "mode is edge", mode="edge"),
    case("Pad", [X, ints(0, 0, 1, 1, 0, 0, 1, 1)], formats=M, mode="reflect"),
    case("Pad", [X, ints(0, 0, 1, 1, 0, 0, 1, 1)], "mode is reflect", N, mode="reflect"),
    case("Pad", [X, ints(0, 1, 0, 0, 0, 1, 0, 0)], "axis 1 of rank 4", M, mode="reflect"),
    case("Pad", [X, ints(0, 0, 8, 0, 0, 0, 0, 0)], "padded by 8", M, mode="reflect"),
    case("Pad", [f32(), ints(0)], "a scalar", M, made="float"),
    case("Pad", [f32(3), ints(1, 1), floats(0)[0]], "rank 1", N),
    case("Pad", [i64(3), ints(1, 1)], "is int64"),
]

ASYMMETRIC: dict[str, Any] = {"coordinate_transformation_mode": "asymmetric"}
FLOOR: dict[str, Any] = {"nearest_mode": "floor", **ASYMMETRIC}
UP, SIZES = floats(1, 1, 2, 2), ints(1, 3, 16, 16)

RESIZE = [
    case("Resize", [X, None, UP], **FLOOR),
    case("Resize", [X, None, None, SIZES], **FLOOR),
    case("Resize", [X, np.zeros(0, np.float32), UP], **FLOOR),
    case("Resize", [f32(1, 3, 0, 8), None, None, SIZES], "is 0", **FLOOR),
    case("Resize", [f32(8, 8), None, floats(2, 2)], "rank 2", **FLOOR),
    case("Resize", [f32(3, 8, 8), None, floats(1, 2, 2)], formats=M, **FLOOR),
    case("Resize", [f32(3, 8, 8), None, floats(1, 2, 2)], "rank 3", N, **FLOOR),
    case("Resize", [X, None, UP], "antialias", mode="linear", antialias=1),
    case("Resize", [X, None, UP], "exclude_outside", exclude_outside=1, **FLOOR),
    case("Resize", [X, None, None, SIZES], "not_larger", keep_aspect_ratio_policy="not_larger", **FLOOR),
    case("Resize", [X, None, UP], "mode is cubic", mode="cubic"),
    case("Resize", [X, None, UP], "round_prefer_floor", **ASYMMETRIC),
    case("Resize", [X, None, f32(4)], "no constant initializer", **FLOOR),
    case("Resize", [X], "neither scales nor sizes", **FLOOR),
    case("Resize", [f32(1, 3, "H", 8), None, UP], "not known", **FLOOR),
    case("Resize", [X, None, floats(1, 2, 2, 2)], "axis 1 of rank 4", **FLOOR),
    case("Resize", [X, None, ints(1, 6, 16, 16)[:0].astype(np.float32), ints(1, 6, 16, 16)], "axis 1 of rank 4",
    **FLOOR),
    case("Resize", [X, None, floats(2, 2)], formats=M, axes=[2, 3], **FLOOR),
    case("Resize", [X, None, floats(1, 1, 1.5, 2)], "1.5 is no whole number", **FLOOR),
    case("Resize", [X, None, floats(1, 1, 0.5, 0.25)], formats=M, **FLOOR),
    case("Resize", [X, None, floats(1, 1, 0.3, 0.5)], "0.3 is not 1 over", M, **FLOOR),
    case("Resize", [X, None, floats(1, 1, 0.5, 0.5)], "smaller", N, **FLOOR),
    case("Resize", [X, None, floats(1, 1, 0.5, 2)], "enlarges", **FLOOR),
    case("Resize", [X, None, None, ints(1, 3, 12, 16)], formats=M, **FLOOR),
    case("Resize", [X, None, None, ints(1, 3, 12, 16)], "no multiple of 8", N, **FLOOR),
    case("Resize", [f32("N", 3, 8, 8), None, None, SIZES], "axis 0", **FLOOR),
    case("Resize", [X, None, UP], "coordinates are half_pixel", nearest_mode="floor"),
    case("Resize", [X, None, UP], formats=M, mode="linear"),
    case("Resize", [X, None, UP], "not asymmetric", N, mode="linear"),
    case("Resize", [X, None, UP], "asymmetric with scales", M, mode="linear", **ASYMMETRIC),
    case("Resize", [X, None, None, SIZES], mode="linear", **ASYMMETRIC),
    case("Resize", [X, None, UP], formats=M, mode="linear", coordinate_transformation_mode="pytorch_half_pixel"),
    case("Resize", [X, None, floats(1, 1, 0.125, 0.125)], "pytorch_half_pixel", M, mode="linear",
         coordinate_transformation_mode="pytorch_half_pixel"),
    case("GridSample", [X, f32(1, 4, 4, 2)], formats=M),
    case("GridSample", [X, f32(1, 4, 4, 2)], ONLY, N),
    case("GridSample", [X, f32(1, 4, 4, 2)], "mode is nearest", M, mode="nearest"),
    case("GridSample", [f32(1, 3, 8, 8, 8), f32(1, 4, 4, 4, 3)], "rank 5", M, made="float"),
    case("GridSample", [X, f32(1, 4, 4, 2)], "reflection", M, padding_mode="reflection"),
    case("GridSample", [X, f32(1, 4, 4, 2)], formats=M, padding_mode="reflection", align_corners=1),
]  # fmt: skip

CASES = [*ELEMENTWISE, *CONVOLUTION, *MATRIX, *SHAPING, *PICKING, *RESIZE]
