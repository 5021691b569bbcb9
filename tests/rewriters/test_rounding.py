"""Ops whose rounding LiteRT does in its own way: codes are equal, not only within a step."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import tfonnx_lab as lab
from conformance.against import run_litert
from conformance.models import Model
from conformance.simple import made
from tfonnx_lab.runtime.sessions import OnnxRuntime


def equal_share(m: Model, **options: Any) -> float:
    """The share of codes that are LiteRT's."""
    (want,) = run_litert(m.bytes(), m.feeds())
    (got,) = OnnxRuntime(lab.convert(m.bytes(), **options).model).run(m.feeds())
    assert np.abs(want.astype(int) - got.astype(int)).max() <= 1
    return float((want == got).mean())


@pytest.mark.parametrize("op", ["LOGISTIC", "TANH"])
@pytest.mark.parametrize("scale", [1 / 4096, 5 / 32767, 0.0007])
def test_every_16_bit_code(op: str, scale: float) -> None:
    m = Model()
    codes = np.arange(-32768, 32768).astype(np.int16)[None]
    x = m.input([1, 65536], "int16", (float(np.float32(scale)), 0), values=codes)
    assert equal_share(m.outputs(m.op(op, [x], [m.tensor("int16", quant=(1 / 32768, 0))]))) == 1


@pytest.mark.parametrize("alpha", [0.3, -0.2])
def test_leaky_relu_of_16_bits_is_rounded_twice(alpha: float) -> None:
    m = Model()
    x = m.input([1, 9000], "int16", (0.0002, 0))
    m.outputs(m.op("LEAKY_RELU", [x], [m.tensor("int16", quant=(0.00063, 0))], alpha=alpha))
    assert equal_share(m) == 1


@pytest.mark.parametrize("dtype", ["int8", "uint8", "int16"])
def test_average_pool_takes_halves_away_from_zero(dtype: str) -> None:
    m = Model()
    q = (0.05, {"int8": -3, "uint8": 125, "int16": 0}[dtype])
    x = m.input([1, 12, 12, 5], dtype, q)
    y = m.tensor(dtype, quant=q)
    m.outputs(m.op("AVERAGE_POOL_2D", [x], [y], filter_height=2, filter_width=2, stride_h=2, stride_w=2))
    assert equal_share(m, exact=True) == 1
    assert equal_share(m) == 1 if dtype != "int16" else equal_share(m) > 0.97


@pytest.mark.parametrize("size", [(2, 2), (3, 2), (5, 4), (7, 7), (10, 10)])
@pytest.mark.parametrize("zero", [-128, -60, 90])
def test_no_mean_of_bytes_is_off(size: tuple[int, int], zero: int) -> None:
    m = Model()
    x = m.input([1, 60, 60, 8], "int8", (0.05, zero))
    how: dict[str, Any] = {"filter_height": size[0], "filter_width": size[1], "stride_h": 2, "stride_w": 2}
    m.outputs(m.op("AVERAGE_POOL_2D", [x], [m.tensor("int8", quant=(0.05, zero))], **how))
    assert equal_share(m) == 1


@pytest.mark.parametrize("dtype", ["int8", "uint8"])
def test_prelu_is_exact_when_asked_for(dtype: str) -> None:
    m = Model()
    low = -128 if dtype == "int8" else 0
    codes = np.arange(low, low + 256).repeat(64).reshape(1, 16, 16, 64).astype(dtype)
    x = m.input(list(codes.shape), dtype, (0.03, low + 100), values=codes)
    slopes = m.const(made([1, 1, 64], dtype), dtype, (0.011, low + 30))
    m.outputs(m.op("PRELU", [x, slopes], [m.tensor(dtype, quant=(0.05, low + 130))]))
    assert equal_share(m, exact=True) == 1


@pytest.mark.parametrize("dtype", ["int8", "uint8", "int16"])
@pytest.mark.parametrize("axes", [[1], [3], [1, 2], [2, 3]])
@pytest.mark.parametrize("keep_dims", [True, False])
def test_mean_is_rounded_twice(dtype: str, axes: list[int], keep_dims: bool) -> None:
    m = Model()
    shift = {"int8": 0, "uint8": 128, "int16": 0}[dtype]
    x = m.input([1, 9, 7, 10], dtype, (0.02, shift - 20 * (dtype != "int16")))
    y = m.tensor(dtype, quant=(0.0095, shift + 17 * (dtype != "int16")))
    m.outputs(m.op("MEAN", [x, m.const(axes)], [y], keep_dims=keep_dims))
    assert equal_share(m, exact=True) == 1
    if axes != [1, 2]:  # which is fused, and rounded once
        assert equal_share(m) == 1


@pytest.mark.parametrize("dtype", ["int8", "uint8"])
@pytest.mark.parametrize("axes", [[1, 2], [3], [1]])
@pytest.mark.parametrize("keep_dims", [True, False])
def test_sum_takes_halves_away_from_zero(dtype: str, axes: list[int], keep_dims: bool) -> None:
    m = Model()
    shift = 128 * (dtype == "uint8")
    x = m.input([1, 8, 6, 40], dtype, (0.02, shift - 20))
    m.outputs(m.op("SUM", [x, m.const(axes)], [m.tensor(dtype, quant=(0.32, shift + 17))], keep_dims=keep_dims))
    assert equal_share(m) == 1
    kernels = {g.kernel for g in lab.convert(m.bytes()).runtime().groups}
    assert ("QLinearGlobalAveragePool" in kernels) == (axes == [1, 2])


@pytest.mark.parametrize("dtype", ["int8", "uint8"])
@pytest.mark.parametrize("keep_dims", [True, False])
@pytest.mark.parametrize("ratio", [1.31, 2.9, 4.3])
def test_mean_over_height_and_width_is_fused_and_nearly_equal(dtype: str, keep_dims: bool, ratio: float) -> None:
    m = Model()
    low = np.iinfo(dtype).min
    x = m.input([1, 8, 9, 300], dtype, (0.02, low + 141))
    y = m.tensor(dtype, quant=(float(np.float32(0.02 / ratio)), low + 87))
    m.outputs(m.op("MEAN", [x, m.const([1, 2])], [y], keep_dims=keep_dims))
    assert equal_share(m) > 0.95
    kernels = [g.kernel for g in lab.convert(m.bytes()).runtime().groups]
    assert "QLinearGlobalAveragePool" in kernels


@pytest.mark.parametrize("dtype", ["int8", "uint8"])
@pytest.mark.parametrize("channels", [90, 11])
def test_a_small_mean_is_equal(dtype: str, channels: int) -> None:
    """Of int8, LiteRT takes sixteen channels at a time, whose halves go up, and the rest one by one, away from zero."""
    m = Model()
    low = np.iinfo(dtype).min
    x = m.input([1, 2, 2, channels], dtype, (0.02, low + 128))
    m.outputs(m.op("MEAN", [x, m.const([1, 2])], [m.tensor(dtype, quant=(0.02, low + 128))], keep_dims=True))
    assert equal_share(m, exact=True) == 1
    assert equal_share(m) > 0.95


@pytest.mark.parametrize("mode", ["align_corners", "half_pixel_centers", "neither"])
@pytest.mark.parametrize(("old", "new"), [((13, 29), (117, 43)), ((24, 18), (146, 104)), ((1, 33), (41, 150))])
def test_large_bilinear_images_of_int8_take_rows_where_litert_does(
    mode: str, old: tuple[int, int], new: tuple[int, int]
) -> None:
    """Also of noise, where rows taken from elsewhere are several steps off, and fused: a Resize and no Gather."""
    m = Model()
    noise = np.random.default_rng(0).integers(-128, 128, (1, *old, 11)).astype(np.int8)
    x = m.input(list(noise.shape), "int8", (0.05, 4), values=noise)
    options: dict[str, Any] = {} if mode == "neither" else {mode: True}
    m.outputs(m.op("RESIZE_BILINEAR", [x, m.const(list(new))], [m.tensor("int8", quant=(0.05, 4))], **options))
    assert equal_share(m) > (0.93 if mode == "half_pixel_centers" else 0.998)
    kinds = {n.op_type for n in lab.convert(m.bytes()).ir_model.graph}
    assert "Resize" in kinds and "Gather" not in kinds


@pytest.mark.parametrize("size", [[7, 9], [11, 4]])
@pytest.mark.parametrize("half", [True, False])
def test_bilinear_rows_of_int8_are_a_rounded_distance_apart(size: list[int], half: bool) -> None:
    m = Model()
    x = m.input([1, 5, 6, 3], "int8", (0.05, 4))
    y = m.tensor("int8", quant=(0.05, 4))
    assert equal_share(m.outputs(m.op("RESIZE_BILINEAR", [x, m.const(size)], [y], half_pixel_centers=half))) == 1


def test_bilinear_of_one_pixel_is_a_resize() -> None:
    m = Model()
    x = m.input([1, 1, 1, 6], "int8", (0.05, 4))
    m.outputs(m.op("RESIZE_BILINEAR", [x, m.const([17, 19])], [m.tensor("int8", quant=(0.05, 4))]))
    assert equal_share(m) == 1
    assert "Resize" in {n.op_type for n in lab.convert(m.bytes()).ir_model.graph}


def test_bilinear_of_a_large_image_is_exact_when_asked_for() -> None:
    m = Model()
    slope = np.add.outer(np.arange(17), np.arange(17))[None, :, :, None] * [1, 2, 3, -2]
    x = m.input([1, 17, 17, 4], "int8", (0.05, 4), values=slope.astype(np.int8))
    y = m.tensor("int8", quant=(0.05, 4))
    m.outputs(m.op("RESIZE_BILINEAR", [x, m.const([129, 129])], [y], half_pixel_centers=True))
    assert equal_share(m, exact=True) == 1
    assert equal_share(m) > 0.9
    assert "Resize" in {n.op_type for n in lab.convert(m.bytes()).ir_model.graph}


@pytest.mark.parametrize("op", ["CONV_2D", "DEPTHWISE_CONV_2D"])
@pytest.mark.parametrize("opset", [18, 21])
def test_the_16_bit_multiplier_of_convolutions(op: str, opset: int) -> None:
    """LiteRT rescales their 64-bit sums by a multiplier of 15 bits, which is up to half a step off."""
    m = Model()
    scales = np.array([0.01, 0.0137, 0.0211, 0.0093], np.float32)
    x = m.input([1, 7, 6, 4], "int16", (0.00021, 0))
    axis = 0 if op == "CONV_2D" else 3
    w = m.const(made([4, 3, 3, 4] if axis == 0 else [1, 3, 3, 4], "int8"), "int8", (scales, [0] * 4, axis))
    b = m.const(np.array([1000, -2000, 30, 4]), "int64", (scales * np.float32(0.00021), [0] * 4, 0))
    y = m.tensor("int16", quant=(0.00031 if axis == 0 else 0.0002, 0))
    m.outputs(m.op(op, [x, w, b], [y], padding="SAME"))
    assert equal_share(m, opset=opset) > 0.98


@pytest.mark.parametrize("opset", [18, 21])
def test_16_bits_rescaled_are_rounded_twice(opset: int) -> None:
    m = Model()
    x = m.input([1, 500], "int16", (0.000042, 0))
    assert equal_share(m.outputs(m.op("QUANTIZE", [x], [m.tensor("int16", quant=(0.000117, 0))])), opset=opset) == 1


def test_the_16_bit_multiplier_of_matmul() -> None:
    m = Model()
    x, y = m.input([2, 9, 12], "int16", (0.0002, 0)), m.input([2, 12, 7], "int16", (0.0003, 0))
    assert equal_share(m.outputs(m.op("BATCH_MATMUL", [x, y], [m.tensor("int16", quant=(0.0041, 0))]))) > 0.98
