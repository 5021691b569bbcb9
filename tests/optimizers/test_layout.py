"""Transposes vanish where they can, results stay what they were."""

from __future__ import annotations

import pytest

from optimizers.rewrite import optimized

T, B = "<perm = [0, 2, 3, 1]>", "<perm = [0, 3, 1, 2]>"


def around(
    body: str, constants: str = "", inputs: str = "float[1, 4, 5, 6] x", output: str = "float[1, 4, 5, 6] y"
) -> str:
    """A graph whose body computes `h` from `a`, both channels last, between two Transposes."""
    declared = f"<{constants}>" if constants else ""
    return f"g ({inputs}) => ({output}) {declared} {{ a = Transpose {T} (x)\n{body}\ny = Transpose {B} (h) }}"


@pytest.mark.parametrize(
    "body",
    [
        "h = Relu(a)",
        "h = LeakyRelu <alpha = 0.3> (a)",
        "h = Softmax <axis = 2> (a)",
        "h = Clip(a, lo, hi)",
        "h = Add(a, vector)",
        "h = Mul(one, a)",
        "b = Sigmoid(a)\nh = Mul(a, b)",
        "q = QuantizeLinear(a, one, zero)\nh = DequantizeLinear(q, one, zero)",
        "q = QuantizeLinear <axis = 3> (a, scales, zeros)\nh = DequantizeLinear <axis = 3> (q, scales, zeros)",
        "h = Concat <axis = 1> (a)",
        "p, q = Split <axis = 3, num_outputs = 2> (a)\nh = Concat <axis = 3> (q, p)",
        "m = ReduceMean(a, hw)\nh = Sub(a, m)",
        "m = ReduceMean <keepdims = 0> (a, hw)\nn = Reshape(m, flat)\nh = Mul(a, n)",
        "p = Pad(a, pads)\nh = Slice(p, start, end, axis)",
        "c = Greater(a, one)\nh = Where(c, a, one)",
        "c = Greater(a, one)\ni = Cast <to = 7> (c)\nh = Gather(vector, i)",
        "m = ArgMax <axis = 3> (a)\nf = Cast <to = 1> (m)\nh = Mul(a, f)",
        "m = ArgMax <axis = -3> (a)\nf = Cast <to = 1> (m)\nh = Mul(a, f)",
    ],
)
def test_no_transpose_is_left(body: str) -> None:
    constants = (
        "float lo = {-1}, float hi = {2}, float one = {1}, uint8 zero = {3}, float[4] vector = {1, 2, 3, 4}, "
        "float[4] scales = {1, 2, 3, 4}, uint8[4] zeros = {4, 3, 2, 1}, int64[2] hw = {1, 2}, int64[4] flat = {1, 1, "
        "1, 4}, "
        "int64[8] pads = {0, 1, 0, 2, 0, 0, 1, 0}, int64[2] start = {1, 2}, int64[2] end = {6, 6}, int64[2] axis = "
        "{1, 3}"
    )
    output = "float[1, 4, 5, 7] y" if "Pad" in body else "float[1, 4, 5, 6] y"
    left = optimized(around(body, constants, output=output))
    assert left["Transpose"] == 0, left


def test_a_join_with_another_layout_keeps_its_transpose() -> None:
    left = optimized(around("h = Add(a, z)", inputs="float[1, 4, 5, 6] x, float[1, 5, 6, 4] z"))
    assert left["Transpose"] == 2, "moving one Transpose to the other side would win nothing"


def test_a_transpose_that_exists_already_is_used() -> None:
    text = f"""g (float[1, 4, 5, 6] x, float[1, 5, 6, 4] z) => (float[1, 4, 5, 6] y, float[1, 4, 5, 6] w) {{
        a = Transpose {T} (x)
        w = Transpose {B} (z)
        h = Add(a, z)
        y = Transpose {B} (h)
    }}"""
    assert optimized(text)["Transpose"] == 1


def test_moving_ones_is_a_reshape() -> None:
    text = f"g (float[1, 4, 1, 1] x) => (float[1, 1, 1, 4] y) {{ y = Transpose {T} (x) }}"
    assert optimized(text) == {"Reshape": 1}


def test_codes_are_transposed_not_reals() -> None:
    text = f"""g (uint8[1, 5, 6, 4] x) => (float[1, 4, 5, 6] y) <float s = {{0.5}}, uint8 z = {{3}}> {{
        a = DequantizeLinear(x, s, z)
        y = Transpose {B} (a)
    }}"""
    assert optimized(text) == {"Transpose": 1, "DequantizeLinear": 1}


@pytest.mark.parametrize("body", ["h = Identity(x)", "a = Reshape(x, s)\nh = Reshape(a, t)"])
def test_what_does_nothing_goes(body: str) -> None:
    constants = "<int64[2] s = {4, 3}, int64[2] t = {3, 4}>"
    text = f"g (float[2, 6] x) => (float[3, 4] y) {constants} {{ {body}\nr = Reshape(h, t)\ny = Relu(r) }}"
    assert optimized(text) == {"Reshape": 1, "Relu": 1}


def test_a_shape_needs_no_transpose() -> None:
    text = f"""g (float[1, 4, 5, 6] x) => (int64[4] y) {{
        a = Transpose {T} (x)
        y = Shape(a)
    }}"""
    assert optimized(text)["Transpose"] == 0


@pytest.mark.parametrize("join", ["Add(a, z)", "Mul(z, a)", "Concat <axis = 3> (a, z)"])
def test_equal_sizes_are_not_equal_axes(join: str) -> None:
    body = f"h = {join}" if "Concat" not in join else f"c = {join}\nh = Slice(c, start, end, axis)"
    constants = "int64[1] start = {1}, int64[1] end = {6}, int64[1] axis = {3}"
    cube = "float[1, 5, 5, 5]"
    optimized(around(body, constants, inputs=f"{cube} x, {cube} z", output=f"{cube} y"))


@pytest.mark.parametrize(("inner", "outer"), [("1, 2, 0", "2, 1, 0"), ("2, 1, 0", "1, 2, 0"), ("1, 2, 0", "1, 2, 0")])
def test_transposes_that_do_not_commute_become_one(inner: str, outer: str) -> None:
    text = f"""g (float[2, 3, 4] x) => (float[a, b, c] y) {{
        h = Transpose <perm = [{inner}]> (x)
        y = Transpose <perm = [{outer}]> (h) }}"""
    assert optimized(text) == {"Transpose": 1}
