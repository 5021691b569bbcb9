"""FLOOR_DIV at the limits of int32, and steps that say where ONNX Runtime and LiteRT part."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import tfonnx_lab as lab
from conformance import Model
from tfonnx_lab.litert import LiteRT
from tfonnx_lab.runtime import OnnxRuntime

NUMBERS = np.array([-(2**31), -(2**31) + 1, -7, -1, 0, 1, 7, 2**31 - 2, 2**31 - 1], np.int32)


@pytest.mark.parametrize("opset", [13, 18, 28])
@pytest.mark.parametrize("divisor", [2, 7, -3, 2**31 - 1, -(2**31)])
def test_floor_div_is_right_up_to_the_limits(divisor: int, opset: int) -> None:
    m = Model()
    inputs = [m.input([len(NUMBERS)], "int32") for _ in range(2)]
    data = m.outputs(m.op("FLOOR_DIV", inputs, [m.tensor("int32", [len(NUMBERS)])])).bytes()
    feeds = [NUMBERS, np.full_like(NUMBERS, divisor)]
    [got] = OnnxRuntime(lab.convert(data, opset=opset).model).run(feeds)
    np.testing.assert_array_equal(got, LiteRT(data).run(feeds)[0])


def test_where_a_nan_is_ordered_otherwise_the_step_says_so() -> None:
    m = Model()
    x = m.input([8])
    m.outputs(m.op("TOPK_V2", [x, m.const(np.int32(2))], [m.tensor(shape=[2]), m.tensor("int32", [2])]))
    assert any("NaN" in step.note for step in lab.convert(m.bytes()).trace)


def test_a_nan_in_a_pool() -> None:
    """LiteRT's reference drops it: so does `exact`; else it stays, and the step says so."""
    m = Model()
    more: dict[str, Any] = {"padding": "SAME", "stride_h": 1, "stride_w": 1, "filter_height": 2, "filter_width": 2}
    y = m.op("MAX_POOL_2D", [m.input([1, 4, 4, 1])], [m.tensor(shape=[1, 4, 4, 1])], **more)
    data = m.outputs(y).bytes()
    x = np.arange(16, dtype=np.float32).reshape(1, 4, 4, 1)
    x[0, 1, 2], x[0, 2:, 2:] = np.nan, np.nan
    exact, fast = lab.convert(data, exact=True), lab.convert(data)
    want = LiteRT(data, keep=False, kernels="reference").run([x])[0]
    np.testing.assert_array_equal(OnnxRuntime(exact.model).run([x])[0], want)
    assert any("NaN" in step.note for step in fast.trace)
    assert np.isnan(OnnxRuntime(fast.model).run([x])[0]).any()
