"""The codes that an activation clamps to are LiteRT's, to the code."""

from __future__ import annotations

from typing import Any

import numpy as np
import onnx_ir as ir
import pytest

from conformance.against import run_litert
from conformance.models import Model
from tfonnx_lab.rewriters.fused_activation import code_bounds


@pytest.mark.parametrize("activation", ["RELU", "RELU_N1_TO_1", "RELU6"])
@pytest.mark.parametrize(("scale", "zero"), [(0.024, 3), (0.0163, -20), (0.031, 60), (0.08, -128), (0.4, 0)])
def test_bounds(activation: str, scale: float, zero: int) -> None:
    """Every code through a MAX_POOL_2D of one pixel, which only clamps."""
    m = Model()
    scale = float(np.float32(scale))
    x = m.input([1, 16, 16, 1], "int8", (scale, zero), values=np.arange(-128, 128).astype(np.int8))
    pool: dict[str, Any] = {"filter_height": 1, "filter_width": 1, "stride_h": 1, "stride_w": 1, "padding": "VALID"}
    y = m.op("MAX_POOL_2D", [x], [m.tensor("int8", quant=(scale, zero))], fused_activation_function=activation, **pool)
    (codes,) = run_litert(m.outputs(y).bytes(), m.feeds())
    assert code_bounds(activation, scale, zero, ir.DataType.INT8) == (codes.min(), codes.max())
