"""For NNAPI a product whose weights have a scale for each result is a convolution, however many rows there are."""

from __future__ import annotations

import pytest

from optimizers.rewrite import optimized

CONSTANTS = (
    "float s = {0.1}, uint8 z = {128}, int8[3, 4] w = {1, -2, 3, 4, 5, -6, 7, 8, -9, 10, 11, 12}, "
    "float[3] ws = {0.1, 0.2, 0.05}, int8[3] wz = {0, 0, 0}"
)
BODY = """
    a = DequantizeLinear(x, s, z)
    b = DequantizeLinear <axis = 0> (w, ws, wz)
    p = Gemm <transB = 1> (a, b)
    y = QuantizeLinear(p, s, z)"""


def text(rows: str) -> str:
    return f"g (uint8[{rows}, 4] x) => (uint8[{rows}, 3] y) <{CONSTANTS}> {{{BODY} }}"


@pytest.mark.parametrize("rows", ["1", "5", "n"])
def test_a_product_by_channels_is_a_convolution(rows: str) -> None:
    left = optimized(text(rows), target="nnapi")
    assert left["Conv"] == 1 and not left["Gemm"]
    assert optimized(text(rows))["Gemm"] == 1


def test_one_scale_for_all_results_stays_a_product() -> None:
    one = text("n").replace("float[3] ws = {0.1, 0.2, 0.05}, int8[3] wz = {0, 0, 0}", "float ws = {0.1}, int8 wz = {0}")
    assert optimized(one.replace(" <axis = 0>", ""), target="nnapi")["Gemm"] == 1
