"""Convolutions."""

from __future__ import annotations

from typing import Any

import numpy as np

from . import Model, case, cases
from .encoding import Array

ACTIVATIONS = ["NONE", "RELU", "RELU_N1_TO_1", "RELU6", "TANH"]


def weights(shape: list[int], dtype: str = "float32") -> Array:
    """Made-up weights; integers in their symmetric range."""
    rng = np.random.default_rng(shape)
    if dtype == "float32":
        return rng.uniform(-1, 1, shape).astype(np.float32)
    info = {"int8": (-127, 127), "uint8": (0, 255), "int4": (-7, 7)}[dtype]
    return rng.integers(*info, shape, endpoint=True)


@cases(
    case(),
    *[case(fused_activation_function=a) for a in ACTIVATIONS],
    case(padding="SAME"),
    case(padding="SAME", stride_h=2, stride_w=3),
    case(stride_h=2),
    case(dilation_h_factor=2, dilation_w_factor=3),
    case(padding="SAME", dilation_h_factor=3, dilation_w_factor=2),
    case(padding="SAME", stride_h=2, stride_w=2, shape=[2, 8, 8, 3]),
)
def test_conv_2d_float(shape: Any = (2, 9, 11, 3), padding: str = "VALID", **options: Any) -> Model:
    m = Model()
    x = m.input(shape)
    w = m.const(weights([8, 3, 2, 3]))
    return m.outputs(m.op("CONV_2D", [x, w, m.const(weights([8]))], [m.tensor()], padding=padding, **options))


@cases(groups=[2, 3])
def test_conv_2d_groups(groups: int) -> Model:
    m = Model()
    x, w = m.input([1, 5, 5, 6]), m.const(weights([6, 3, 3, 6 // groups]))
    return m.outputs(m.op("CONV_2D", [x, w, m.const(weights([6]))], [m.tensor()], padding="SAME"))


@cases(dtype=["int8", "uint8"], activation=["NONE", "RELU", "RELU6"], padding=["SAME", "VALID"])
def test_conv_2d_per_tensor(dtype: str, activation: str, padding: str) -> Model:
    m = Model()
    zero = 3 if dtype == "int8" else 131
    x = m.input([2, 6, 7, 4], dtype, (0.02, zero))
    w = m.const(weights([5, 3, 3, 4], dtype), dtype, (0.01, 0 if dtype == "int8" else 120))
    b = m.const(np.array([0, 100, -2000, 5000, -5000]), "int32", (0.02 * 0.01, 0))
    y = m.tensor(dtype, quant=(0.08, zero - 20))
    return m.outputs(m.op("CONV_2D", [x, w, b], [y], padding=padding, fused_activation_function=activation))


@cases(x_type=["int8", "int16", "float32"], stride=[1, 2])
def test_conv_2d_per_channel(x_type: str, stride: int) -> Model:
    """int8, 16x8 and hybrid: float activations with int8 weights."""
    m = Model()
    scales = np.array([0.01, 0.02, 0.005, 0.001, 0.03], np.float32)
    steps: Any = {"int8": (0.02, -5), "int16": (2.0 / 32768, 0), "float32": None}[x_type]
    x = m.input([2, 6, 7, 4], x_type, steps)
    w = m.const(weights([5, 3, 3, 4], "int8"), "int8", (scales, [0] * 5, 0))
    if steps is None:
        b, y = m.const(weights([5])), m.tensor()
    else:
        b = m.const(np.arange(-2, 3) * 500, "int64" if x_type == "int16" else "int32", (scales * steps[0], [0] * 5, 0))
        y = m.tensor(x_type, quant=(0.15, 7) if x_type == "int8" else (20 / 32768, 0))
    return m.outputs(m.op("CONV_2D", [x, w, b], [y], stride_h=stride, stride_w=stride, padding="SAME"))
