"""Tables of codes hold what LiteRT's kernels give, for every code."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import tfonnx_lab as lab
from conformance.against import run_litert
from conformance.models import Model
from tfonnx_lab.runtime.sessions import OnnxRuntime

BOTH, ONE = ("int8", "uint8"), ("int8",)
OPS: dict[str, tuple[str, ...]] = {
    "TANH": BOTH, "GELU": BOTH, "HARD_SWISH": BOTH, "RELU": BOTH, "RELU6": BOTH, "RELU_N1_TO_1": BOTH,
    "RELU_0_TO_1": BOTH,
    "ELU": ONE, "EXP": ONE, "LOG": ONE, "SQRT": ONE, "RSQRT": ONE, "ABS": ONE, "NEG": ONE,
}  # fmt: skip


def model(op: str, dtype: str, source: tuple[float, int], target: tuple[float, int], **options: Any) -> Model:
    """One op on all codes that LiteRT takes."""
    low, high = np.iinfo(dtype).min, np.iinfo(dtype).max
    codes = np.arange(low + (op == "RSQRT"), high + 1).astype(dtype)
    m = Model()
    x = m.input([1, codes.size], dtype, source, values=codes[None])
    return m.outputs(m.op(op, [x], [m.tensor(dtype, quant=target)], **options))


@pytest.mark.parametrize(("op", "dtype"), [(op, dtype) for op, dtypes in OPS.items() for dtype in dtypes])
@pytest.mark.parametrize("seed", range(4))
def test_every_code_is_litert_s(op: str, dtype: str, seed: int) -> None:
    rng = np.random.default_rng(seed)
    low, high = np.iinfo(dtype).min, np.iinfo(dtype).max
    source = float(np.float32(rng.uniform(0.005, 0.12))), low if "SQRT" in op else int(rng.integers(low, high + 1))
    target = float(np.float32(rng.uniform(0.008, 0.1))), int(rng.integers(low, high + 1))
    if op == "NEG":
        source, target = (0.05, 0), (0.05, 0)
    m = model(op, dtype, source, target, **({"approximate": seed % 2 == 1} if op == "GELU" else {}))
    result = lab.convert(m.bytes())
    assert "GatherElements" in {n.op_type for n in result.ir_model.graph}
    np.testing.assert_array_equal(OnnxRuntime(result.model).run(m.feeds())[0], run_litert(m.bytes(), m.feeds())[0])


def test_tables_in_a_row_are_one() -> None:
    m = Model()
    x = m.input([1, 256], "int8", (0.05, 3), values=np.arange(-128, 128).astype("int8")[None])
    y = m.op("TANH", [x], [m.tensor("int8", quant=(1 / 128, 0))])
    m.outputs(m.op("ABS", [y], [m.tensor("int8", quant=(0.01, -128))]))
    result = lab.convert(m.bytes())
    assert [n.op_type for n in result.ir_model.graph].count("GatherElements") == 1
    np.testing.assert_array_equal(OnnxRuntime(result.model).run(m.feeds())[0], run_litert(m.bytes(), m.feeds())[0])


@pytest.mark.parametrize("op", ["ELU", "EXP", "LOG", "LOGISTIC", "TANH", "SQRT", "RSQRT", "SQUARE", "SIN", "COS"])
@pytest.mark.parametrize("dtype", BOTH)
def test_a_float_op_between_codes_is_a_table(op: str, dtype: str) -> None:
    low, high = np.iinfo(dtype).min, np.iinfo(dtype).max
    first = low if "SQRT" in op or op == "LOG" else low + 100
    m = Model()
    x = m.input([1, 255], dtype, (0.031, first), values=np.arange(low + 1, high + 1).astype(dtype)[None])
    real = m.op("DEQUANTIZE", [x], [m.tensor()])
    y = m.op(op, [real], [m.tensor()])
    m.outputs(m.op("QUANTIZE", [y], [m.tensor(dtype, quant=(0.0193, low + 60))]))
    result = lab.convert(m.bytes())
    assert {n.op_type for n in result.ir_model.graph} >= {"GatherElements"}
    want = run_litert(m.bytes(), m.feeds())[0].astype(int)
    wrong = np.abs(OnnxRuntime(result.model).run(m.feeds())[0].astype(int) - want)
    assert wrong.max() <= 1 and (wrong > 0).sum() <= 1
