"""DIV of 8-bit codes: every pair of codes, bit for bit what LiteRT's kernel makes of it."""

from __future__ import annotations

import numpy as np
import pytest

import tfonnx_lab as lab
from conformance import Model
from conformance.against import run_litert
from tfonnx_lab.runtime import OnnxRuntime

ZERO, BY_ZERO = 5, -9


@pytest.mark.parametrize("scale", [0.01, 1.0, 2.0], ids=["small", "halves", "more halves"])
def test_every_pair_of_codes(scale: float) -> None:
    """With scales of one and two thousands of quotients lie half way between two codes, some of them below zero."""
    codes = np.arange(-128, 128, dtype=np.int8)
    a, b = (grid.ravel() for grid in np.meshgrid(codes, codes[codes != BY_ZERO], indexing="ij"))
    m = Model()
    x, y = (m.input([len(a)], "int8", (1.0, zero), values=v) for zero, v in ((ZERO, a), (BY_ZERO, b)))
    data = m.outputs(m.op("DIV", [x, y], [m.tensor("int8", quant=(scale, 0))])).bytes()
    [want] = run_litert(data, [a, b])
    [got] = OnnxRuntime(lab.convert(data).model).run([a, b])
    np.testing.assert_array_equal(got, want)
