"""What is folded, merged or dropped beside codes, and what only looks alike and stays."""

from __future__ import annotations

import pytest

from optimizers.rewrite import optimized

AXES = "float[2] s = {0.5, 0.25}, int8[2] z = {1, 3}, float t = {0.1}, int8 m = {2}"


@pytest.mark.parametrize(("there", "back", "left"), [(1, 1, 0), (0, 0, 0), (1, 0, 2)])
def test_codes_that_come_back_to_the_same(there: int, back: int, left: int) -> None:
    """Along another axis they are others."""
    found = optimized(f"""g (int8[2, 2] x) => (int8[2, 2] y) <{AXES}> {{
        d = DequantizeLinear <axis = {there}> (x, s, z)
        q = QuantizeLinear <axis = {back}> (d, s, z)
        y = Neg(q) }}""")
    assert found == ({"Neg": 1} | ({"DequantizeLinear": 1, "QuantizeLinear": 1} if left else {}))


@pytest.mark.parametrize("axis", [0, 1])
def test_a_transpose_of_constant_codes_moves_their_axis(axis: int) -> None:
    found = optimized(f"""g (float[4, 3] x) => (float[4, 2] y)
        <int8[2, 3] w = {{1, -2, 3, 4, 5, -6}}, float[{2 + axis}] s = {{0.5, 0.25{", 2" * axis}}},
          int8[{2 + axis}] z = {{1, 2{", 3" * axis}}},
         float t = {{0.1}}, uint8 m = {{128}}> {{
        q = QuantizeLinear(x, t, m)
        r = DequantizeLinear(q, t, m)
        d = DequantizeLinear <axis = {axis}> (w, s, z)
        e = Transpose <perm = [1, 0]> (d)
        y = MatMul(r, e) }}""")
    assert found["Transpose"] == 0 and found["MatMul"] == 1


@pytest.mark.parametrize(
    ("first", "second", "left"),
    [
        ("LeakyRelu <alpha = 0.5> (x)", "LeakyRelu <alpha = 0.5> (x)", 1),
        ("LeakyRelu <alpha = 0.5> (x)", "LeakyRelu <alpha = 0.25> (x)", 2),
        ("LeakyRelu <alpha = 0.5> (x)", "LeakyRelu <alpha = 0.5> (z)", 2),
    ],
)
def test_nodes_that_are_one(first: str, second: str, left: int) -> None:
    found = optimized(
        f"g (float[2, 3] x, float[2, 3] z) => (float[2, 3] y) {{ a = {first}\nb = {second}\ny = Sub(a, b) }}"
    )
    assert found["LeakyRelu"] == left


@pytest.mark.parametrize(("target", "left"), [("4, 3", 1), ("0, 4", 2)])
def test_a_reshape_behind_a_reshape(target: str, left: int) -> None:
    """A 0 takes the size that stands there after the first one."""
    found = optimized(f"""g (float[2, 6] x) => (float[a, b] y) <int64[2] s = {{3, 4}}, int64[2] t = {{{target}}}> {{
        r = Relu(x)
        a = Reshape(r, s)
        h = Reshape(a, t)
        y = Relu(h) }}""")
    assert found["Reshape"] == left


def test_a_value_that_is_an_output_too_stays() -> None:
    found = optimized("g (float[2] x) => (float[2] y, float[2] w) { w = Neg(x)\nv = Neg(x)\ny = Exp(v) }")
    assert found == {"Exp": 1, "Neg": 1}
