"""A quantized TRANSPOSE_CONV becomes an integer convolution whose channels are moved to their places."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest

from conformance.against import check
from conformance.models import Model


def network(kernel: int, stride: int, size: int, padding: str, dtype: str, relu: str = "NONE") -> Model:
    """A TRANSPOSE_CONV of 5 x 5 codes with weights of several scales."""
    rng = np.random.default_rng(kernel + stride)
    m = Model()
    low, high = (0, 256) if dtype == "uint8" else (-127, 128)
    x = m.input([1, 5, 5, 3], dtype, (0.05, low + 100), values=rng.integers(low, high, [1, 5, 5, 3]).astype(dtype))
    scales = np.array([0.01, 0.02, 0.005, 0.03], np.float32)
    quant = (0.01, 120) if dtype == "uint8" else (scales, [0] * 4, 0)
    w = m.const(rng.integers(low, high, [4, kernel, kernel, 3]).astype(dtype), dtype, quant)
    steps = np.float32(0.05) * (np.float32(0.01) if dtype == "uint8" else scales)
    bias = m.const(rng.integers(-900, 900, [4]).astype(np.int32), "int32", (steps, [0] * steps.size, 0))
    shape = m.const(np.array([1, size, size, 4], np.int32))
    y = m.tensor(dtype, quant=(0.4, low + 90))
    return m.outputs(m.op("TRANSPOSE_CONV", [shape, w, x, bias], [y], padding=padding, stride_h=stride, stride_w=stride,
                          fused_activation_function=relu))  # fmt: skip


@pytest.mark.parametrize("dtype", ["int8", "uint8"])
@pytest.mark.parametrize(
    ("kernel", "stride", "size", "padding"),
    [(2, 2, 10, "SAME"), (3, 2, 10, "SAME"), (3, 2, 11, "VALID"), (4, 2, 10, "SAME"), (4, 2, 12, "VALID"),
     (3, 1, 5, "SAME"), (3, 1, 7, "VALID"), (2, 3, 15, "SAME"), (8, 4, 20, "SAME"), (5, 3, 15, "SAME")],
)  # fmt: skip
def test_is_one_integer_convolution(kernel: int, stride: int, size: int, padding: str, dtype: str) -> None:
    result = check(network(kernel, stride, size, padding, dtype)).result
    kinds = Counter(n.op_type for n in result.ir_model.graph)
    assert kinds["Conv"] == 1 and not kinds["ConvTranspose"]
    assert result.runtime().kernels["QLinearConv"] == 1


def test_its_activation_stays() -> None:
    check(network(3, 2, 10, "SAME", "int8", "RELU"))
