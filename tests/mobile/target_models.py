"""Models of one op or a few, for the conversions that accelerators take."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from conformance.models import Model
from conformance.simple import fixed, given, made, one, out

Q, OTHER, THIRD = (0.05, 120), (0.07, 90), (0.031, 140)
IMAGE, VECTOR = [1, 8, 8, 4], [3, 12]
MOVED = out("uint8", Q)
ARRAY = made([1, 8, 8, 4], "uint8")
POOL: dict[str, Any] = {"filter_height": 2, "filter_width": 2, "stride_h": 2, "stride_w": 2, "padding": "VALID"}


def image(quant: Any = Q) -> Any:
    return given(IMAGE, "uint8", quant)


def real(shape: Sequence[int] = (1, 8, 8, 4)) -> Any:
    return given(list(shape), "float32")


def chain() -> Model:
    """RESHAPE moves codes as they are, whatever scale its output has."""
    m = Model()
    a = m.op("ADD", [m.input(IMAGE, "uint8", Q), m.input(IMAGE, "uint8", Q)], [m.tensor("uint8", quant=Q)])
    b = m.op("RESHAPE", [a, m.const([1, 256])], [m.tensor("uint8", [1, 256], OTHER)], new_shape=[1, 256])
    return m.outputs(m.op("LOGISTIC", [b], [m.tensor("uint8", quant=(1 / 256, 0))]))


def between_codes(op: str) -> Model:
    """The converter leaves some ops in float, between DEQUANTIZE and QUANTIZE."""
    m = Model()
    real = m.op("DEQUANTIZE", [m.input(IMAGE, "uint8", (0.02, 10))], [m.tensor("float32", IMAGE)])
    y = m.op(op, [real], [m.tensor("float32", IMAGE)])
    return m.outputs(m.op("QUANTIZE", [y], [m.tensor("uint8", IMAGE, Q)]))


CODES: dict[str, Model] = {
    "reshape": one("RESHAPE", image(), fixed([1, 256]), out=out("uint8", Q, [1, 256]), new_shape=[1, 256]),
    "squeeze": one("SQUEEZE", image(), out=out("uint8", Q, [8, 8, 4]), squeeze_dims=[0]),
    "expand": one("EXPAND_DIMS", given([8, 8, 4], "uint8", Q), fixed(0), out=out("uint8", Q, IMAGE)),
    "transpose": one("TRANSPOSE", image(), fixed([0, 2, 1, 3]), out=MOVED),
    "concat": one("CONCATENATION", image(), image(), out=MOVED, axis=3),
    "concat rescaled": one("CONCATENATION", image(), image(OTHER), out=out("uint8", THIRD), axis=3),
    "nearest": one("RESIZE_NEAREST_NEIGHBOR", image(), fixed([16, 16]), out=MOVED),
    "slice": one("SLICE", image(), fixed([0, 1, 2, 0]), fixed([1, 4, 5, 4]), out=MOVED),
    "split": one("SPLIT", fixed(3), image(), out=[MOVED, MOVED], num_splits=2),
    "split unevenly": one("SPLIT_V", image(), fixed([3, 5]), fixed(1), out=[MOVED, MOVED], num_splits=2),
    "pad": one("PAD", image(), fixed([[0, 0], [1, 2], [0, 1], [0, 0]]), out=MOVED),
    "max pool": one("MAX_POOL_2D", image(), out=MOVED, **POOL),
    "average pool": one("AVERAGE_POOL_2D", image(), out=MOVED, **POOL),
    "maximum": one("MAXIMUM", image(), image(), out=MOVED),
    "minimum of a constant": one("MINIMUM", image(), fixed(ARRAY, "uint8", Q), out=MOVED),
    "add": one("ADD", image(), image(OTHER), out=out("uint8", THIRD)),
    "add of one constant at two scales": one("ADD", image(), fixed(np.uint8(200), "uint8", OTHER), out=out("uint8",
    THIRD)),
    "sub": one("SUB", image(), image(OTHER), out=out("uint8", THIRD)),
    "mul": one("MUL", image(), image(OTHER), out=out("uint8", THIRD)),
    "mean": one("MEAN", image(), fixed([1, 2]), out=out("uint8", OTHER), keep_dims=True),
    "elu in float": between_codes("ELU"),
    "transposed convolution": one(
        "TRANSPOSE_CONV", fixed([1, 16, 16, 6]), fixed(made([6, 2, 2, 4], "uint8"), "uint8", (0.02, 121)),
        image(), None, out=out("uint8", OTHER, [1, 16, 16, 6]), padding="VALID", stride_h=2,
        stride_w=2,
    ),
    "mean of a row": one("MEAN", image(), fixed([1]), out=out("uint8", OTHER), keep_dims=False),
    "depth to space": one("DEPTH_TO_SPACE", image(), out=MOVED, block_size=2),
    "batch of products": one("BATCH_MATMUL", given([2, 3, 4], "int8", (0.05, -3)),
    given([2, 4, 5], "int8", (0.07, 5)), out=out("int8", (0.9, 4))),
    "softmax": one("SOFTMAX", given(VECTOR, "uint8", Q), out=out("uint8", (1 / 256, 0)), beta=1.0),
    "logistic": one("LOGISTIC", image(), out=out("uint8", (1 / 256, 0))),
    "tanh": one("TANH", image(), out=out("uint8", (1 / 128, 128))),
    "hard swish": one("HARD_SWISH", image(), out=out("uint8", OTHER)),
    "leaky": one("LEAKY_RELU", image(), out=out("uint8", OTHER), alpha=0.2),
    "quantize": one("QUANTIZE", image(), out=out("uint8", OTHER)),
    "add of a constant of one value": one("ADD", image(), fixed(np.full(IMAGE, 120, np.uint8), "uint8", OTHER),
    out=out("uint8", THIRD)),
    "codes that mean something else behind": chain(),
    "relu6": one("RELU6", image(), out=out("uint8", (0.03, 10))),
    "relu of the same scale": one("RELU", image(), out=MOVED),
    "fully connected": one(
        "FULLY_CONNECTED", given(VECTOR, "uint8", Q), fixed(made([5, 12], "uint8"), "uint8", (0.02, 130)),
        fixed(np.arange(5), "int32", (0.001, 0)), out=out("uint8", OTHER),
    ),
    "fully connected by channels": one(
        "FULLY_CONNECTED", given(VECTOR, "int8", (0.05, -3)),
        fixed(made([5, 12], "int8"), "int8", ([0.02, 0.01, 0.03, 0.04, 0.015], [0] * 5, 0)),
        fixed(np.arange(5), "int32", ([0.001, 0.0005, 0.0015, 0.002, 0.00075], [0] * 5, 0)), out=out("int8", (0.07, 4)),
    ),
    "convolution": one(
        "CONV_2D", image(), fixed(made([6, 3, 3, 4], "uint8"), "uint8", (0.02, 121)), fixed(np.arange(6), "int32",
        (0.001, 0)),
        out=out("uint8", OTHER), padding="SAME", stride_h=1, stride_w=1, fused_activation_function="RELU",
    ),
}  # fmt: skip
FLOATS: dict[str, Model] = {
    "hard swish": one("HARD_SWISH", real()),
    "split": one("SPLIT", fixed(3), real(), out=[out(), out()], num_splits=2),
    "split unevenly": one("SPLIT_V", real(), fixed([3, 5]), fixed(1), out=[out(), out()], num_splits=2),
    "relu to one": one("RELU_0_TO_1", real()),
    "sum": one("SUM", real(), fixed([1, 2]), keep_dims=False),
    "reciprocal root": one("RSQRT", given(IMAGE, values=np.abs(made(IMAGE, "float32")) + 0.5)),
    "negative": one("NEG", real()),
    "absolute": one("ABS", real()),
    "add": one("ADD", real(), fixed(np.float32(0.5))),
    "maximum": one("MAXIMUM", real(), real()),
    "minimum": one("MINIMUM", real(), real()),
    "transposed convolution": one(
        "TRANSPOSE_CONV", fixed([1, 18, 18, 3]), fixed(made([3, 4, 4, 4], "float32")), real(), stride_h=2, stride_w=2,
        padding="VALID",
    ),
}  # fmt: skip


def prelu() -> Model:
    m = Model()
    x = m.input([1, 8, 8, 4])
    w, slopes = m.const(made([6, 3, 3, 4], "float32")), m.const(np.linspace(-0.5, 0.5, 6, dtype=np.float32)[None, None])
    y = m.op("CONV_2D", [x, w, m.const(np.zeros(6, np.float32))], [m.tensor()], padding="SAME", stride_h=1, stride_w=1)
    return m.outputs(m.op("PRELU", [y, slopes], [m.tensor()]))


FLOATS["prelu"] = prelu()
