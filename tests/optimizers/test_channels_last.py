"""Codes that integer kernels leave channels last are read in that order, so that ONNX Runtime transposes nothing."""

from __future__ import annotations

from collections import Counter

import numpy as np
import onnx_ir as ir
import pytest

from conformance.against import check
from conformance.models import Model, Tensor
from optimizers.rewrite import optimized
from tfonnx_lab.conversion.pipeline import convert
from tfonnx_lab.conversion.result import Conversion


def convolution(m: Model, x: Tensor, channels: tuple[int, int], size: int = 3) -> Tensor:
    """A CONV_2D of int8 codes."""
    rng = np.random.default_rng(size)
    w = m.const(rng.integers(-90, 90, [channels[1], size, size, channels[0]]).astype(np.int8), "int8", (0.02, 0))
    bias = m.const(rng.integers(-900, 900, [channels[1]]).astype(np.int32), "int32", (0.001, 0))
    return m.op("CONV_2D", [x, w, bias], [m.tensor("int8", quant=(0.05, -4))], padding="SAME")


def moved(result: Conversion) -> int:
    """The Transposes that ONNX Runtime runs."""
    return result.runtime().kernels["Transpose"]


@pytest.mark.parametrize("size", [1, 6])
@pytest.mark.parametrize("between", [[], ["RELU"]])
def test_a_table_between_convolutions(size: int, between: list[str]) -> None:
    m = Model()
    x = m.input([1, size, size, 3], "int8", (0.05, 3))
    y = convolution(m, x, (3, 5))
    for name in [*between, "ELU"]:
        y = m.op(name, [y], [m.tensor("int8", quant=(0.05, -4))])
    result = check(m.outputs(convolution(m, y, (5, 4)))).result
    assert result.runtime().kernels["GatherElements"] == 1
    assert moved(result) <= 1, "that of an input of three channels stays"


def test_a_table_of_what_no_kernel_makes_stays_channels_first() -> None:
    m = Model()
    x = m.input([1, 6, 6, 3], "int8", (0.05, 3))
    y = m.op("ELU", [x], [m.tensor("int8", quant=(0.05, -4))])
    result = check(m.outputs(y)).result
    assert Counter(n.op_type for n in result.ir_model.graph)["Transpose"] == 0


def test_a_pooled_image_becomes_a_vector() -> None:
    m = Model()
    x = convolution(m, m.input([1, 6, 6, 3], "int8", (0.05, 3)), (3, 5))
    axes = m.const(np.array([1, 2], np.int32))
    y = m.op("MEAN", [x, axes], [m.tensor("int8", quant=(0.05, -4))], keep_dims=False)
    w = m.const(np.random.default_rng(0).integers(-90, 90, [4, 5]).astype(np.int8), "int8", (0.02, 0))
    result = check(m.outputs(m.op("FULLY_CONNECTED", [y, w, None], [m.tensor("int8", quant=(0.2, -4))]))).result
    assert moved(result) <= 1


@pytest.mark.parametrize("dtype", ["int8", "float32"])
def test_an_image_of_one_channel(dtype: str) -> None:
    m = Model()
    x = m.input([1, 7, 6, 1], "float32")
    if dtype == "int8":
        x = m.op("QUANTIZE", [x], [m.tensor("int8", quant=(0.05, 3))])
        y = convolution(m, convolution(m, x, (1, 4)), (4, 3))
        assert moved(check(m.outputs(y)).result) <= 1
    else:
        y = m.op("RELU", [x], [m.tensor("float32")])
        w = m.const(np.ones([4, 3, 3, 1], np.float32))
        y = m.op("CONV_2D", [y, w, m.const(np.zeros(4, np.float32))], [m.tensor("float32")], padding="SAME")
        kinds = Counter(n.op_type for n in check(m.outputs(y)).result.ir_model.graph)
        assert kinds["Reshape"] == 1, "a float convolution takes a Reshape, which costs nothing"


def test_a_gate_of_dense_layers() -> None:
    rng = np.random.default_rng(0)
    m = Model()
    x = convolution(m, m.input([1, 6, 6, 3], "int8", (0.05, 3)), (3, 5))
    axes, shape = m.const(np.array([1, 2], np.int32)), m.const(np.array([1, 1, 1, 5], np.int32))
    y = m.op("MEAN", [x, axes], [m.tensor("int8", quant=(0.05, -4))], keep_dims=False)
    w = m.const(rng.integers(-90, 90, [5, 5]).astype(np.int8), "int8", (0.02, 0))
    y = m.op("FULLY_CONNECTED", [y, w, None], [m.tensor("int8", quant=(0.2, -4))])
    y = m.op("RESHAPE", [y, shape], [m.tensor("int8", quant=(0.2, -4))])
    y = m.op("MUL", [x, y], [m.tensor("int8", quant=(0.4, -4))])
    result = convert(m.outputs(convolution(m, y, (5, 4), 1)).bytes())
    assert moved(result) <= 2, "that of the input, and that of the output"


def test_a_normalization_along_channels_stays_channels_last() -> None:
    text = """g (uint8[1, 4, 5, 6] x) => (float[1, 5, 6, 4] y)
        <float one = {1}, float s = {0.5}, uint8 z = {3}, int64[1] last = {3}> {
        a = Transpose <perm = [0, 2, 3, 1]> (x)
        d = DequantizeLinear(a, one, z)
        m = ReduceSum(d, last)
        e = DequantizeLinear(a, s, z)
        y = Sub(e, m)
    }"""

    def reads_codes_channels_last(model: ir.Model) -> None:
        read = [node.inputs[0] for node in model.graph if node.op_type == "DequantizeLinear"]
        makers = [value.producer() for value in read if value is not None]
        assert [maker.op_type for maker in makers if maker is not None] == ["Transpose"] * 2

    assert optimized(text, look=reads_codes_channels_last)["Transpose"] == 1
