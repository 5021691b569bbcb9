"""Interpolating codes channels last: done once, and only where there is something to interpolate."""

from __future__ import annotations

import pytest

from optimizers.rewrite import optimized


@pytest.mark.parametrize(
    ("size", "transposes"), [("600, 300", 2), ("300, 150", 0), ("300, 300", 0), ("600, 150", 2), ("301, 151", 0)]
)
def test_resize_of_codes(size: str, transposes: int) -> None:
    text = f"""g (uint8[1, 4, 300, 150] x) => (uint8[1, 4, {size}] y)
        <float s = {{0.05}}, uint8 z = {{3}}, int64[4] sizes = {{1, 4, {size}}}> {{
        d = DequantizeLinear(x, s, z)
        r = Resize <mode = "linear"> (d, , , sizes)
        y = QuantizeLinear(r, s, z)
    }}"""
    assert optimized(text)["Transpose"] == transposes


def test_one_channel_lies_the_same_way_first_and_last() -> None:
    text = """g (uint8[1, 1, 600, 300] x) => (uint8[1, 1, 1200, 600] y)
        <float s = {0.05}, uint8 z = {3}, int64[4] sizes = {1, 1, 1200, 600}> {
        d = DequantizeLinear(x, s, z)
        r = Resize <mode = "linear"> (d, , , sizes)
        y = QuantizeLinear(r, s, z)
    }"""
    assert optimized(text) == {"DequantizeLinear": 1, "Resize": 1, "QuantizeLinear": 1}


def test_resize_of_codes_by_factors_that_is_cut() -> None:
    text = """g (uint8[1, 4, 300, 150] x) => (uint8[1, 600, 299, 4] y)
        <float s = {0.05}, uint8 z = {3}, float[4] factors = {1, 1, 2, 2}, int64[2] starts = {0, 0},
          int64[2] ends = {600, 299},
         int64[2] axes = {2, 3}> {
        d = DequantizeLinear(x, s, z)
        r = Resize <mode = "linear", coordinate_transformation_mode = "asymmetric"> (d, , factors)
        c = QuantizeLinear(r, s, z)
        t = Slice(c, starts, ends, axes)
        y = Transpose <perm = [0, 2, 3, 1]> (t)
    }"""
    assert optimized(text) == {"Transpose": 1, "DequantizeLinear": 1, "Resize": 1, "QuantizeLinear": 1, "Slice": 1}
