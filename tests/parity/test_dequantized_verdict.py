"""A dequantized model leaves out roundings of LiteRT's on purpose: what that moves is no fault of an op."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import tfonnx_lab as lab
from conformance.models import Model
from tfonnx_lab.parity import compare


def network(kind: str, requantized: bool) -> bytes:
    """Real numbers => QUANTIZE => FULLY_CONNECTED (=> QUANTIZE to another scale) => DEQUANTIZE, with coarse codes."""
    rng = np.random.default_rng(4)
    zero = 0 if kind == "int16" else 7
    step, out = (1e-4, 1e-3) if kind == "int16" else (0.03, 0.12)
    m = Model()
    x = m.input([8, 24], values=rng.uniform(-2, 2, (8, 24)).astype(np.float32))
    q = m.op("QUANTIZE", [x], [m.tensor(kind, quant=(step, zero))])
    scales = rng.uniform(0.002, 0.01, 16).astype(np.float32)
    w = m.const(rng.integers(-127, 128, (16, 24)).astype(np.int8), quant=(scales, np.zeros(16, np.int64), 0))
    b = m.const(rng.integers(-900, 900, 16).astype(np.int32), quant=(step * scales, np.zeros(16, np.int64), 0))
    y = m.op("FULLY_CONNECTED", [q, w, b] if kind == "int8" else [q, w], [m.tensor(kind, quant=(out, zero))])
    if requantized:
        y = m.op("QUANTIZE", [y], [m.tensor(kind, quant=(out * 1.17, zero))])
    return m.outputs(m.op("DEQUANTIZE", [y], [m.tensor()])).bytes()


@pytest.mark.parametrize("requantized", [False, True])
@pytest.mark.parametrize("kind", ["int8", "int16"])
def test_no_false_alarm(kind: str, requantized: bool) -> None:
    found = compare(lab.convert(network(kind, requantized), dequantize=True)).verdict
    assert found.ok, str(found)


@pytest.mark.parametrize("kind", ["int8", "int16"])
def test_a_fault_is_found_all_the_same(kind: str) -> None:
    @lab.handler("FULLY_CONNECTED")
    def a_little_more(op: Any, node: Any, x: Any, w: Any, b: Any = None, **options: Any) -> Any:
        """FULLY_CONNECTED(x, w, b) => 1.002 (x w + b)."""
        bias = (b,) if b is not None else ()
        return op.Mul(op.Gemm(x, w, *bias, transB=1), np.float32(1.002))

    try:
        found = compare(lab.convert(network(kind, True), dequantize=True)).verdict
    finally:
        lab.restore()
    assert not found.ok and found.op == 1 and "a_little_more" in found.sentence, str(found)
