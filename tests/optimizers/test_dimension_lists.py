"""Arithmetic on shapes of open sizes takes as few ops as it can."""

from __future__ import annotations

from collections import Counter

import pytest

from optimizers.rewrite import optimized

CONSTANTS = (
    "int64[1] zero = {0}, int64[1] one = {1}, int64[1] two = {2}, int64[1] three = {3}, int64[1] far = "
    "{9223372036854775807}, "
    "int64[1] four = {4}, int64[1] minus = {-1}"
)


def text(body: str, output: str = "float[n, m, 3, 4] y", value: str = "float[n, m, 12] x") -> str:
    return f"g ({value}) => ({output}) <{CONSTANTS}> {{ {body} }}"


def test_own_sizes_and_one_that_is_computed_need_no_arithmetic() -> None:
    body = """s = Shape(x)
n = Gather(s, zero)
m = Slice(s, one, two, zero, one)
c = Concat <axis = 0> (n, m, three, four)
y = Reshape(x, c)"""
    assert optimized(
        text(body.replace("m = Slice(s, one, two, zero, one)", "h = Gather(s, one)\nm = Mul(h, one)"))
    ) == {"Reshape": 1}


@pytest.mark.parametrize(
    "sizes",
    [
        "m, n, three, four",  # in the other order, none is at its place
        "n, m, three, minus",  # which is open already
    ],
)
def test_sizes_that_say_more_stay(sizes: str) -> None:
    body = f"s = Shape(x)\nn = Gather(s, zero)\nh = Gather(s, one)\nm = Mul(h, one)\nc = Concat <axis = 0> ({sizes})"
    assert "Concat" in optimized(text(f"{body}\ny = Reshape(x, c)", "float[a, b, 3, d] y"))


@pytest.mark.parametrize(
    ("body", "left"),
    [
        ("s = Shape(x)\ny = Slice(s, one, two, zero, one)", {"Shape": 1}),
        ("s = Shape(x)\nc = Cast <to = 6> (s)\nd = Slice(c, one, two, zero, one)\ny = Cast <to = 7> (d)", {"Shape": 1}),
        ("s = Shape(x)\ny = Gather(s, two)", {"Shape": 1}),
        ("s = Shape(x)\nd = Slice(s, one, two, zero, one)\ne = Squeeze(d, zero)\ny = Unsqueeze(e, zero)", {"Shape": 1}),
        ("s = Shape(x)\nd = Slice(s, one, two, zero, one)\ny = Concat <axis = 0> (d)", {"Shape": 1}),
        ("s = Shape(x)\nd = Gather(s, one)\ne = Slice(d, zero, far, zero, one)\ny = Mul(e, two)", {"Shape": 1,
        "Mul": 1}),
        ("s = Shape(x)\nd = Gather(s, one)\ne = Slice(d, one, far, zero, one)\ny = Concat <axis = 0> (e, d)",
         {"Shape": 1, "Slice": 1, "Concat": 1}),
    ],
)  # fmt: skip
def test_a_part_of_a_shape_is_asked_for_directly(body: str, left: dict[str, int]) -> None:
    assert optimized(text(body, "int64[1] y")) == Counter(left)


def test_before_opset_15_a_shape_has_no_parts() -> None:
    body = "s = Shape(x)\ny = Slice(s, one, two, zero, one)"
    assert optimized(text(body, "int64[1] y"), 13) == {"Shape": 1, "Slice": 1}
