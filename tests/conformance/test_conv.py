"""Convolutions."""

from __future__ import annotations

import inspect
from typing import Any

import numpy as np

from . import Limit, Model, case, cases
from .simple import Make, fixed, given, made, one, out, steps

ACTIVATIONS = ["NONE", "RELU", "RELU_N1_TO_1", "RELU6", "TANH"]
SCALES = np.array([0.01, 0.02, 0.005, 0.001, 0.03, 0.004], np.float32)
WINDOWS = [
    case(padding="VALID"),
    case(padding="SAME"),
    case(padding="SAME", stride_h=2, stride_w=3),
    case(padding="VALID", stride_h=2),
    case(padding="SAME", stride_h=2, stride_w=2, shape=[2, 8, 8, 4]),
    case(padding="VALID", dilation_h_factor=2, dilation_w_factor=3),
    case(padding="SAME", dilation_h_factor=3, dilation_w_factor=2),
]


def bias(count: int, scale: Any, dtype: str) -> Make:
    """A quantized bias: int32, or int64 for int16 activations."""
    values = np.resize([0, 100, -2000, 5000, -5000, 333], count)
    axis = () if np.ndim(scale) == 0 else (0,)
    return fixed(values, "int64" if dtype == "int16" else "int32", (scale, np.zeros_like(scale, np.int64), *axis))


@cases(*WINDOWS, *[case(fused_activation_function=a) for a in ACTIVATIONS])
def test_conv_2d_float(shape: Any = (2, 9, 11, 4), **options: Any) -> Model:
    return one("CONV_2D", given(shape), fixed(made([8, 3, 2, 4])), fixed(made([8])), **options)


@cases(groups=[2, 3, 6])
def test_conv_2d_groups(groups: int) -> Model:
    w = fixed(made([6, 3, 3, 6 // groups]))
    return one("CONV_2D", given([1, 5, 5, 6]), w, fixed(made([6])), padding="SAME")


@cases(kernel=[[1, 1], [5, 5], [1, 3]], padding=["SAME", "VALID"])
def test_conv_2d_kernels(kernel: list[int], padding: str) -> Model:
    return one("CONV_2D", given([1, 5, 6, 3]), fixed(made([4, *kernel, 3])), fixed(made([4])), padding=padding)


@cases(batch=[1, 3], size=[7, 8])
def test_conv_2d_dynamic(batch: int, size: int) -> Model:
    x = given([1, 4, 4, 3], signature=[-1, -1, -1, 3], feed=[batch, size, size, 3])
    return one("CONV_2D", x, fixed(made([4, 3, 3, 3])), fixed(made([4])), padding="SAME", stride_h=2, stride_w=2)


@cases(unknown_dims=Limit("refused", "the shape of its weights is not known"))
def test_conv_2d_computed_weights() -> Model:
    return one("CONV_2D", given([1, 5, 5, 2]), given([4, 3, 3, 2]), given([4]), padding="SAME")


@cases(dtype=["float16"])
def test_conv_2d_half_weights(dtype: str) -> Model:
    m = Model()
    w = m.op("DEQUANTIZE", [m.const(made([4, 3, 3, 2]), dtype)], [m.tensor(shape=[4, 3, 3, 2])])
    b = m.op("DEQUANTIZE", [m.const(made([4]), dtype)], [m.tensor(shape=[4])])
    return m.outputs(m.op("CONV_2D", [m.input([1, 5, 5, 2]), w, b], [m.tensor()], padding="SAME"))


@cases(dtype=["int8", "uint8"], activation=["NONE", "RELU", "RELU6", "RELU_N1_TO_1"], padding=["SAME", "VALID"])
def test_conv_2d_per_tensor(dtype: str, activation: str, padding: str) -> Model:
    w = fixed(made([5, 3, 3, 4], dtype), dtype, steps(dtype, 0.01, -8 if dtype == "uint8" else 0))
    return one("CONV_2D", given([2, 6, 7, 4], dtype, steps(dtype, 0.02, 3)), w, bias(5, 0.02 * 0.01, dtype),
               out=out(dtype, steps(dtype, 0.08, -17)), padding=padding,
               fused_activation_function=activation)  # fmt: skip


@cases(*WINDOWS, dtype=["int8", "int16"])
def test_conv_2d_per_channel(dtype: str, shape: Any = (2, 9, 10, 4), **options: Any) -> Model:
    q = steps(dtype, 0.02, -5)
    w = fixed(made([6, 3, 2, 4], "int8"), "int8", (SCALES, [0] * 6, 0))
    return one("CONV_2D", given(shape, dtype, q), w, bias(6, SCALES * q[0], dtype), out=out(dtype, steps(dtype, 0.15,
    7)),
               **options)  # fmt: skip


@cases(dtype=["int8", "int16"], activation=["RELU", "RELU6"], groups=[1, 2])
def test_conv_2d_per_channel_activation(dtype: str, activation: str, groups: int) -> Model:
    q = steps(dtype, 0.02, -5)
    w = fixed(made([6, 3, 2, 4 // groups], "int8"), "int8", (SCALES, [0] * 6, 0))
    return one("CONV_2D", given([1, 5, 5, 4], dtype, q), w, bias(6, SCALES * q[0], dtype),
               out=out(dtype, steps(dtype, 0.05, -128)), fused_activation_function=activation)  # fmt: skip


@cases(*[case(per_channel=p, stride=s) for p in (True, False) for s in (1, 2)])
def test_conv_2d_hybrid(per_channel: bool, stride: int) -> Model:
    """Float activations, int8 weights."""
    q: Any = (SCALES, [0] * 6, 0) if per_channel else (0.01, 0)
    w = fixed(made([6, 3, 3, 4], "int8"), "int8", q)
    return one("CONV_2D", given([2, 6, 7, 4]), w, fixed(made([6])), stride_h=stride, stride_w=stride, padding="SAME")


@cases(padding=["SAME", "VALID"])
def test_conv_2d_hybrid_unsigned(padding: str) -> Model:
    """The first dynamic-range models: signed bytes in tensors called uint8."""
    w = fixed(made([6, 3, 3, 4], "int8").view(np.uint8), "uint8", (0.01, 128))
    return one("CONV_2D", given([2, 6, 7, 4]), w, fixed(made([6])), padding=padding)


@cases(op=["CONV_2D", "TRANSPOSE_CONV"])
def test_16x8_narrow_bias(op: str) -> Model:
    """A bias of int32 in 16x8, which an option announces."""
    scales, q = SCALES[:3], (0.02 / 256, 0)
    b = fixed([0, 100, -2000], "int32", (scales * np.float32(q[0]), [0] * 3, 0))
    w = fixed(made([3, 3, 3, 2], "int8"), "int8", (scales, [0] * 3, 0))
    x, result = given([1, 4, 4, 2], "int16", q), out("int16", (0.06 / 256, 0))
    if op == "CONV_2D":
        return one(op, x, w, b, out=result, padding="SAME", quantized_bias_type="INT32")
    return one(
        op,
        fixed([1, 8, 8, 3]),
        w,
        x,
        b,
        out=result,
        padding="SAME",
        stride_h=2,
        stride_w=2,
        quantized_bias_type="INT32",
    )


@cases(per_channel=[True, False])
def test_conv_2d_int4_weights(per_channel: bool) -> Model:
    q: Any = (SCALES * 16, [0] * 6, 0) if per_channel else (0.1, 0)
    scale = SCALES * 16 if per_channel else np.float32(0.1)
    w = fixed(made([6, 3, 3, 4], "int4"), "int4", q)
    x = given([1, 6, 7, 4], "int8", (0.02, -5))
    return one("CONV_2D", x, w, bias(6, scale * np.float32(0.02), "int8"), out=out("int8", (0.15, 7)))


@cases(*[case(**c.args, multiplier=k) for c in WINDOWS for k in (1, 2)], activation=["NONE"])
def test_depthwise_float(multiplier: int, activation: str, shape: Any = (2, 9, 11, 4), **options: Any) -> Model:
    w = fixed(made([1, 3, 2, shape[-1] * multiplier]))
    return one("DEPTHWISE_CONV_2D", given(shape), w, fixed(made([shape[-1] * multiplier])), depth_multiplier=multiplier,
               fused_activation_function=activation, **options)  # fmt: skip


@cases(activation=ACTIVATIONS)
def test_depthwise_activation(activation: str) -> Model:
    return one("DEPTHWISE_CONV_2D", given([1, 6, 6, 3], low=-9, high=9), fixed(made([1, 3, 3, 3])), fixed(made([3])),
               fused_activation_function=activation)  # fmt: skip


@cases(dtype=["int8", "uint8"], multiplier=[1, 2], padding=["SAME", "VALID"], activation=["NONE", "RELU6"])
def test_depthwise_per_tensor(dtype: str, multiplier: int, padding: str, activation: str) -> Model:
    w = fixed(made([1, 3, 3, 3 * multiplier], dtype), dtype, steps(dtype, 0.01, -8 if dtype == "uint8" else 0))
    return one("DEPTHWISE_CONV_2D", given([2, 6, 7, 3], dtype, steps(dtype, 0.02, 3)), w, bias(3 * multiplier, 0.0002,
    dtype),
               out=out(dtype, steps(dtype, 0.05, -17)), padding=padding, fused_activation_function=activation,
               depth_multiplier=multiplier)  # fmt: skip


@cases(*[case(**c.args, multiplier=k) for c in WINDOWS for k in (1, 2)], dtype=["int8", "int16"])
def test_depthwise_per_channel(dtype: str, multiplier: int, shape: Any = (1, 9, 10, 3), **options: Any) -> Model:
    shape, q = (*shape[:3], 3), steps(dtype, 0.02, -5)
    scales = SCALES[: 3 * multiplier]
    w = fixed(made([1, 3, 2, 3 * multiplier], "int8"), "int8", (scales, [0] * len(scales), 3))
    return one("DEPTHWISE_CONV_2D", given(shape, dtype, q), w, bias(len(scales), scales * q[0], dtype),
               out=out(dtype, steps(dtype, 0.1, 7)), depth_multiplier=multiplier, **options)  # fmt: skip


@cases(multiplier=[1, 2])
def test_depthwise_hybrid(multiplier: int) -> Model:
    scales = SCALES[: 3 * multiplier]
    w = fixed(made([1, 3, 3, 3 * multiplier], "int8"), "int8", (scales, [0] * len(scales), 3))
    return one("DEPTHWISE_CONV_2D", given([1, 6, 7, 3]), w, fixed(made([len(scales)])), depth_multiplier=multiplier)


TRANSPOSED = [
    case(size=[1, 8, 8, 3], padding="SAME", stride=2),
    case(size=[1, 9, 9, 3], padding="VALID", stride=2),
    case(size=[1, 7, 7, 3], padding="SAME", stride=2),
    case(size=[1, 10, 10, 3], padding="VALID", stride=2),
    case(size=[1, 4, 4, 3], padding="SAME", stride=1),
    case(size=[1, 6, 6, 3], padding="VALID", stride=1),
    case(size=[1, 12, 12, 3], padding="SAME", stride=3),
]


@cases(*TRANSPOSED, with_bias=[True, False], activation=["NONE", "RELU", "RELU6"])
def test_transpose_conv_float(size: list[int], padding: str, stride: int, with_bias: bool, activation: str) -> Model:
    b = [fixed(made([3]))] if with_bias else []
    return one("TRANSPOSE_CONV", fixed(size), fixed(made([3, 3, 3, 2])), given([1, 4, 4, 2]), *b, padding=padding,
               stride_h=stride, stride_w=stride, fused_activation_function=activation)  # fmt: skip


@cases(*TRANSPOSED[:4], dtype=["int8", "uint8", "int16"])
def test_transpose_conv_quantized(dtype: str, size: list[int], padding: str, stride: int) -> Model:
    q = steps(dtype, 0.02, 3)
    kind = "uint8" if dtype == "uint8" else "int8"
    scales = np.float32(0.01) if dtype == "uint8" else SCALES[:3]
    w: Any = steps("uint8", 0.01, -8) if dtype == "uint8" else (scales, [0] * 3, 0)
    return one("TRANSPOSE_CONV", fixed(size), fixed(made([3, 3, 3, 2], kind), kind, w), given([1, 4, 4, 2], dtype, q),
               bias(3, scales * np.float32(q[0]), dtype), out=out(dtype, steps(dtype, 0.06, -9)), padding=padding,
               stride_h=stride, stride_w=stride)  # fmt: skip


@cases()
def test_transpose_conv_computed_size() -> Model:
    size = given([4], "int32", values=[1, 8, 8, 3])
    return one(
        "TRANSPOSE_CONV", size, fixed(made([3, 3, 3, 2])), given([1, 4, 4, 2]), padding="SAME", stride_h=2, stride_w=2
    )


@cases(padding=["SAME", "VALID"], stride=[1, 2], dilation=[1, 2], activation=["NONE", "RELU"])
def test_conv_3d(padding: str, stride: int, dilation: int, activation: str) -> Model:
    if stride > 1 and dilation > 1:
        dilation = 1
    return one("CONV_3D", given([1, 6, 7, 8, 2]), fixed(made([2, 3, 3, 2, 4])), fixed(made([4])), padding=padding,
               stride_d=stride, stride_h=stride, stride_w=stride, dilation_d_factor=dilation,
               dilation_h_factor=dilation,
               dilation_w_factor=dilation, fused_activation_function=activation)  # fmt: skip


@cases(case(size=[1, 4, 4, 4, 3], padding="SAME", stride=2), case(size=[1, 6, 6, 6, 3], padding="VALID", stride=2),
       case(size=[1, 4, 5, 6, 3], padding="VALID", stride=1), with_bias=[True, False])  # fmt: skip
def test_conv_3d_transpose(size: list[int], padding: str, stride: int, with_bias: bool) -> Model:
    shape = [1, *[(n - 2) // stride + 1 if padding == "VALID" else n // stride for n in size[1:4]], 2]
    b = [fixed(made([3]))] if with_bias else []
    return one("CONV_3D_TRANSPOSE", fixed(size), fixed(made([2, 2, 2, 3, 2])), given(shape), *b, padding=padding,
               stride_d=stride, stride_h=stride, stride_w=stride)  # fmt: skip


@cases(op=["CONV_2D", "DEPTHWISE_CONV_2D"], dtype=["float32", "int8"],
       unknown_dims=Limit("fails", "Invalid input shape"))  # fmt: skip
def test_empty(op: str, dtype: str) -> Model:
    """A window that is larger than the input has no place."""
    shape = [1, 3, 3, 2] if op[0] == "D" else [2, 3, 3, 2]
    q = steps(dtype, 0.02, 1)
    w = fixed(made(shape, dtype), dtype, q if q is None else (0.01, 0))
    b = fixed([0, 1], "int32", (0.0002, 0)) if q else fixed(made([2]))
    return one(op, given([1, 4, 8, 2], dtype, q), w, b, out=out(dtype, q), padding="VALID", dilation_h_factor=2,
               dilation_w_factor=2)  # fmt: skip


@cases(case(op="CONV_2D", groups=1), case(op="CONV_2D", groups=2), case(op="CONV_2D", groups=3),
       case(op="DEPTHWISE_CONV_2D", groups=6), dtype=["float32", "int8"])  # fmt: skip
def test_unknown_channels(op: str, groups: int, dtype: str) -> Model:
    """How many groups there are follows from the channels of the input, which come with it."""
    x = {"signature": [-1, -1, -1, -1], "feed": [2, 5, 6, 6]}
    shape = [6, 2, 3, 6 // groups] if op == "CONV_2D" else [1, 2, 3, 6]
    q = steps(dtype, 0.02, 1)
    w = fixed(
        made(shape, dtype), dtype, q and (np.linspace(0.004, 0.01, 6), np.zeros(6, int), 3 if op[0] == "D" else 0)
    )
    b = (
        fixed(made([6], "int32"), "int32", (np.linspace(0.004, 0.01, 6) * 0.02, np.zeros(6, int), 0))
        if q
        else fixed(made([6]))
    )
    multiplier = {} if op == "CONV_2D" else {"depth_multiplier": 1}
    return one(op, given([1, 1, 1, 6], dtype, q, **x), w, b, out=out(dtype, q), padding="SAME", **multiplier)


@cases(unsupported="neither the number of its input's channels nor its depth multiplier is known",
       expected=lambda x: [x])  # fmt: skip
def test_unknown_channels_and_multiplier() -> Model:
    """LiteRT crashes without a multiplier."""
    x = given([1, 4, 4, 3], signature=[-1, -1, -1, -1])
    w = fixed(made([1, 2, 2, 6]))
    return one("DEPTHWISE_CONV_2D", x, w, padding="SAME", depth_multiplier=0, out=out(shape=[1, 4, 4, 6]))


@cases()
def test_unknown_channels_3d() -> Model:
    """CONV_3D has one group."""
    x = given([1, 1, 1, 1, 4], signature=[-1] * 5, feed=[1, 4, 5, 6, 4])
    return one("CONV_3D", x, fixed(made([2, 2, 2, 4, 3])), padding="SAME")


@cases(case(stride=1, dilation=2), case(stride=2, dilation=1), case(stride=3, dilation=1), size=[(7, 8), (9, 7)])
def test_unknown_size(size: tuple[int, int], stride: int, dilation: int) -> Model:
    """SAME padding follows from a size that comes with the input; not beside strides and dilations, which ONNX Runtime
    refuses."""
    x = given([1, 1, 1, 3], signature=[1, -1, -1, 3], feed=[1, *size, 3])
    steps: dict[str, Any] = {
        "stride_h": stride,
        "stride_w": stride,
        "dilation_h_factor": dilation,
        "dilation_w_factor": dilation,
    }
    return one("CONV_2D", x, fixed(made([4, 3, 2, 3])), fixed(made([4])), padding="SAME", **steps)


@cases(unsupported="SAME padding beside strides and dilations needs the input's size")
def test_unknown_size_dilated() -> Model:
    return inspect.unwrap(test_unknown_size)(size=(7, 8), stride=2, dilation=3)
