"""A bias whose stated scale is not that of the products: LiteRT adds its integers to the sums, whatever it states."""

from __future__ import annotations

import numpy as np
import pytest

from conformance import Model
from conformance.against import check
from conformance.simple import made


@pytest.mark.parametrize("opset", [13, 21])
@pytest.mark.parametrize("channels", [False, True])
@pytest.mark.parametrize("dtype", ["int8", "int16"])
@pytest.mark.parametrize("op", ["CONV_2D", "DEPTHWISE_CONV_2D", "TRANSPOSE_CONV"])
def test_its_integers_count(op: str, dtype: str, channels: bool, opset: int) -> None:
    m = Model()
    shape, axis = ([1, 3, 3, 4], 3) if op == "DEPTHWISE_CONV_2D" else ([6, 3, 3, 4], 0)
    count = shape[axis]
    scales = np.linspace(0.002, 0.011, count) if channels else np.array([0.007])
    w = m.const(made(shape, "int8"), "int8", (scales, [0] * len(scales), axis))
    wide = dtype == "int16"
    bias = m.const(np.linspace(-90000, 90000, count), "int64" if wide else "int32", (1e-6, 0))
    steps = (0.0003, 0) if wide else (0.05, 3)
    x = m.input([1, 6, 5, 4], dtype, steps)
    options = {"padding": "SAME", "stride_h": 1, "stride_w": 1}
    inputs = [x, w, bias]
    if op == "TRANSPOSE_CONV":
        inputs = [m.const(np.array([1, 6, 5, 6], np.int32)), w, x, bias]
    out = m.tensor(dtype, [1, 6, 5, count], (0.0005, 0) if wide else (0.9, -4))
    check(m.outputs(m.op(op, inputs, [out], **options)), opset=opset)  # type: ignore[arg-type]
