"""Floats that are out of range when they are cast to integers: LiteRT takes the nearest number."""

from __future__ import annotations

import numpy as np
import pytest

import tfonnx_lab as lab
from conformance import Model
from tfonnx_lab.litert import LiteRT
from tfonnx_lab.runtime import OnnxRuntime

OUTSIDE = [-np.inf, np.inf, -1e20, -3e9, -40000, -300, -129, -0.5, 0.5, 255.5, 300, 70000, 2147483648, 3e9, 1e20]
INSIDE = [-100, -1.5, 0, 0.5, 1, 99.9]


def cast(
    dtype: str, numbers: list[float], opset: int, **options: bool
) -> tuple[lab.Conversion, np.ndarray, np.ndarray]:
    """(the conversion, what LiteRT makes of the numbers, what ONNX Runtime makes of them)."""
    m = Model()
    m.outputs(m.op("CAST", [m.input([len(numbers)])], [m.tensor(dtype, [len(numbers)])]))
    x = np.array(numbers, np.float32)
    result = lab.convert(m.bytes(), opset=opset, **options)  # type: ignore[arg-type] # the options are flags
    return result, LiteRT(m.bytes()).run([x])[0], OnnxRuntime(result.model).run([x])[0]


@pytest.mark.parametrize("opset", [13, 18, 28])
@pytest.mark.parametrize("dtype", ["int8", "uint8", "int16", "uint16"])
def test_small_integers_saturate(dtype: str, opset: int) -> None:
    _, want, got = cast(dtype, OUTSIDE + INSIDE, opset)
    np.testing.assert_array_equal(got, want)


@pytest.mark.parametrize("opset", [13, 18, 28])
@pytest.mark.parametrize("dtype", ["int8", "uint8", "int16", "uint16", "int32", "uint32", "int64"])
def test_with_exact_all_saturate_and_nan_is_the_largest(dtype: str, opset: int) -> None:
    _, want, got = cast(dtype, [*OUTSIDE, *INSIDE, np.nan], opset, exact=True)
    np.testing.assert_array_equal(got, want)


def test_what_is_not_followed_is_noted() -> None:
    result, want, got = cast("int32", INSIDE, 18)
    np.testing.assert_array_equal(got, want)
    assert any("out of the range of int32" in step.note for step in result.trace)
