"""PRELU of 8 bits runs on integers."""

from __future__ import annotations

import numpy as np
import pytest

import tfonnx_lab as lab
from conformance.against import run_litert
from conformance.models import Model
from tfonnx_lab.runtime.sessions import OnnxRuntime


def model(dtype: str, seed: int, highest: int = 100, zero: int = 0) -> Model:
    """All codes, with slopes in hundredths up to `highest`."""
    rng = np.random.default_rng(seed)
    low = np.iinfo(dtype).min
    scale = float(np.float32(rng.uniform(0.01, 0.05)))
    codes = rng.permutation(np.tile(np.arange(low, low + 256), 24)).reshape(1, 16, 12, 32).astype(dtype)
    m = Model()
    x = m.input(list(codes.shape), dtype, (scale, low + int(rng.integers(40, 216))), values=codes)
    alpha = m.const(rng.integers(0, highest + 1, (1, 1, 32)) + zero, dtype, (0.01, zero))
    target = float(np.float32(scale * rng.uniform(0.8, 1.5))), low + int(rng.integers(10, 120))
    return m.outputs(m.op("PRELU", [x, alpha], [m.tensor(dtype, quant=target)]))


@pytest.mark.parametrize("dtype", ["int8", "uint8"])
@pytest.mark.parametrize("seed", range(4))
def test_it_is_the_larger_of_two_integer_kernels(dtype: str, seed: int) -> None:
    m = model(dtype, seed)
    result = lab.convert(m.bytes())
    kernels = result.runtime().kernels
    assert kernels["QLinearLeakyRelu"] == kernels["QLinearMul"] == kernels["Max"] == 1 and "PRelu" not in kernels
    (want,), (got,) = run_litert(m.bytes(), m.feeds()), OnnxRuntime(result.model).run(m.feeds())
    off = np.abs(want.astype(int) - got.astype(int))
    assert off.max() <= 1 and (off == 0).mean() > 0.95


@pytest.mark.parametrize(("highest", "zero"), [(120, 0), (100, 3)])
def test_slopes_that_are_no_share_stay_as_they_are(highest: int, zero: int) -> None:
    m = model("int8", 0, highest, 0) if zero == 0 else model("int8", 0, 90, 3)
    kinds = {n.op_type for n in lab.convert(m.bytes()).ir_model.graph}
    assert ("PRelu" in kinds) == (highest > 100)
