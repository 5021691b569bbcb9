"""A Pad with zeros before a convolution becomes the convolution's pads."""

from __future__ import annotations

import pytest

from optimizers.rewrite import optimized

CONSTANTS = (
    "float s = {0.05}, uint8 z = {3}, uint8 other = {4}, float one = {1}, float ws = {0.1}, int8 wz = {0}, "
    "int64[8] pads = {0, 0, 1, 0, 0, 0, 2, 1}, int64[8] last = {0, 1, 0, 0, 0, 2, 1, 0}, int64[8] cut = {0, 0, -1, 0, "
    "0, 0, 0, 0}, "
    "int64[8] channels = {0, 0, 0, 0, 0, 1, 0, 0}, "
    "int8[1, 3, 2, 2] w = {1, -2, 3, 4, 5, -6, 7, 8, 9, 10, 11, -12}, float[1, 3, 2, 2] v = {1, -2, 3, 4, 5, -6, 7, "
    "8, 9, 10, 11, -12}"
)


def left(body: str, inputs: str = "float[1, 3, 5, 5] x") -> dict[str, int]:
    """What is left of the body."""
    return optimized(f"g ({inputs}) => (float[1, 1, a, b] y) <{CONSTANTS}> {{ {body} }}")


@pytest.mark.parametrize("attributes", ["", "<strides = [2, 2], pads = [1, 1, 0, 0]>"])
def test_of_real_values(attributes: str) -> None:
    assert left(f"p = Pad(x, pads)\ny = Conv {attributes}(p, v)") == {"Conv": 1}


def codes(pad: str) -> str:
    conv = "d = DequantizeLinear(p, s, z)\ndw = DequantizeLinear(w, ws, wz)\ny = Conv(d, dw)"
    return f"q = QuantizeLinear(x, s, z)\n{pad}\n{conv}"


def test_of_codes() -> None:
    assert "Pad" not in left(codes("p = Pad(q, pads, z)"))


def test_behind_a_transpose() -> None:
    body = codes("n = Pad(q, last, z)\np = Transpose <perm = [0, 3, 1, 2]> (n)")
    assert "Pad" not in left(body, "float[1, 5, 5, 3] x")


@pytest.mark.parametrize("pad", ["Pad(q, pads, other)", "Pad(q, cut, z)", 'Pad <mode = "edge"> (q, pads)'])
def test_pads_that_stay(pad: str) -> None:
    assert left(codes(f"p = {pad}"))["Pad"] == 1


def test_a_pad_of_ones_stays() -> None:
    assert left("p = Pad(x, pads, one)\ny = Conv(p, v)")["Pad"] == 1
