"""How far real numbers are from LiteRT's codes."""

from __future__ import annotations

import numpy as np

from tfonnx_lab.graph import Quantization
from tfonnx_lab.parity.gap import _rounded


def test_what_an_activation_does_not_allow_is_off_though_its_code_is_the_same() -> None:
    """A code at the end of its range may stand for any number beyond it; a RELU6 gives none."""
    tenths = Quantization(np.array([0.1], np.float32), np.zeros(1, np.int64))
    want, got = np.array([0, 0, 30, 255], np.uint8), np.array([-1.0, 0.0, 3.0, 40.0])
    np.testing.assert_allclose(_rounded(want, tenths, got, None), 0)
    np.testing.assert_allclose(_rounded(want, tenths, got, (0.0, 25.5)), [10, 0, 0, 145], rtol=1e-6)
