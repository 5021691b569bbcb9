"""Ops that are straight lines are one LeakyRelu, whose parameters give nearly all codes LiteRT's results."""

from __future__ import annotations

from typing import Any

import numpy as np
import onnx_ir as ir
import pytest

import tfonnx_lab as lab
from conformance.against import run_litert
from conformance.models import Model
from tfonnx_lab.graph import Quantization
from tfonnx_lab.rewriters.quantization.fitting import fitted_line
from tfonnx_lab.runtime.sessions import OnnxRuntime

OPS = ("LEAKY_RELU", "QUANTIZE", "RELU", "RELU6", "RELU_N1_TO_1")


def every_code(op: str, dtype: str, seed: int, repeat: int) -> Model:
    """All 256 codes, so many times; multipliers around a quarter to a half, where LiteRT's roundings move most."""
    rng = np.random.default_rng(seed)
    low = np.iinfo(dtype).min
    source = float(np.float32(rng.uniform(0.02, 0.06))), low + int(rng.integers(40, 216))
    target = float(np.float32(source[0] * rng.uniform(1.5, 4.5))), low + int(rng.integers(40, 216))
    codes = np.tile(np.arange(low, low + 256), repeat).reshape(1, 16, 16, repeat).astype(dtype)
    m = Model()
    x = m.input(list(codes.shape), dtype, source, values=codes)
    options: dict[str, Any] = {"alpha": float(np.float32(rng.uniform(0.05, 0.4)))} if op == "LEAKY_RELU" else {}
    return m.outputs(m.op(op, [x], [m.tensor(dtype, quant=target)], **options))


@pytest.mark.parametrize("op", OPS)
@pytest.mark.parametrize("dtype", ["int8", "uint8"])
@pytest.mark.parametrize("seed", range(3))
def test_large_ones_are_one_kernel_and_nearly_equal(op: str, dtype: str, seed: int) -> None:
    m = every_code(op, dtype, seed, 8)
    result = lab.convert(m.bytes())
    assert [g.kernel for g in result.runtime().groups if g.op == "LeakyRelu"] == ["QLinearLeakyRelu"]
    (want,), (got,) = run_litert(m.bytes(), m.feeds()), OnnxRuntime(result.model).run(m.feeds())
    off = np.abs(want.astype(int) - got.astype(int))
    assert off.max() <= 1 and (off == 0).mean() >= 0.9


@pytest.mark.parametrize("op", OPS)
@pytest.mark.parametrize(("repeat", "exact"), [(1, False), (8, True)])
def test_small_ones_and_exact_ones_are_equal(op: str, repeat: int, exact: bool) -> None:
    m = every_code(op, "int8", 0, repeat)
    if repeat == 1:  # a flat tensor is no image, so a table of it costs no Transpose
        m.table.tensors[0].shape = [1, 256]
        m.fed[0].spec["values"] = m.fed[0].spec["values"].reshape(1, 256)
        m.fed[0].spec["shape"] = m.tensors[0].shape = [1, 256]
    result = lab.convert(m.bytes(), exact=exact)
    np.testing.assert_array_equal(OnnxRuntime(result.model).run(m.feeds())[0], run_litert(m.bytes(), m.feeds())[0])


def test_the_share_is_what_onnx_runtime_gives() -> None:
    m = every_code("LEAKY_RELU", "uint8", 1, 8)
    result = lab.convert(m.bytes())
    (want,), (got,) = run_litert(m.bytes(), m.feeds()), OnnxRuntime(result.model).run(m.feeds())
    note = f"{(want == got).mean():.1%} of the codes are LiteRT's"
    assert any(note in str(step) for step in result.trace)


@pytest.mark.parametrize("pair", [("int8", "uint8"), ("uint8", "int8")])
@pytest.mark.parametrize("scale", [0.031, 0.05])
def test_quantize_to_another_dtype(pair: tuple[str, str], scale: float) -> None:
    m = Model()
    low, out_low = (np.iinfo(d).min for d in pair)
    x = m.input([1, 256], pair[0], (0.05, low + 130), values=np.arange(low, low + 256).astype(pair[0])[None])
    m.outputs(m.op("QUANTIZE", [x], [m.tensor(pair[1], quant=(scale, out_low + 130))]))
    result = lab.convert(m.bytes())
    assert ("GatherElements" in {n.op_type for n in result.ir_model.graph}) == (scale != 0.05)
    np.testing.assert_array_equal(OnnxRuntime(result.model).run(m.feeds())[0], run_litert(m.bytes(), m.feeds())[0])


def test_a_line_that_needs_no_change_has_none() -> None:
    quant = Quantization(np.array([0.5], np.float32), np.array([3]))
    same = fitted_line(np.arange(-128, 128), quant, quant, 1.0, ir.DataType.INT8)
    assert (same.scale, same.zero, same.alpha, same.out_zero, same.equal) == (0.5, 3, 1.0, 3, 1.0)
