"""A constant of equal elements becomes one element."""

from __future__ import annotations

import onnx_ir as ir
import pytest

from optimizers.rewrite import optimized

CONSTANTS = (
    "float[3] same = {2, 2, 2}, float[3] other = {2, 3, 2}, float[1, 2, 3] wide = {2, 2, 2, 2, 2, 2}, "
    "int8[3] codes = {5, 5, 5}, float s = {0.1}, int8 z = {1}"
)


def constants(body: str) -> list[int]:
    """The sizes of the constants in use."""
    found: list[int] = []

    def look(model: ir.Model) -> None:
        found.extend(v.const_value.size for v in model.graph.initializers.values() if v.uses() and v.const_value)

    optimized(f"g (float[2, 3] x) => (float[a, b] y) <{CONSTANTS}> {{ {body} }}", look=look)
    return sorted(found)


@pytest.mark.parametrize("body", ["y = Add(x, same)", "y = Sub(same, x)"])
def test_equal_elements(body: str) -> None:
    assert constants(body) == [1]


def test_equal_codes() -> None:
    assert constants("d = DequantizeLinear(codes, s, z)\ny = Mul(x, d)") == [1, 1, 1]


def test_different_elements_stay() -> None:
    assert constants("y = Add(x, other)") == [3]
