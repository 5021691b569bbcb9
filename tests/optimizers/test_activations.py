"""Activations in the form that ONNX Runtime runs fastest: PRelu, and Max and Min with numbers."""

from __future__ import annotations

import pytest

from optimizers.rewrite import optimized

SHAPE = "float[1, 16, 5, 6]"


def text(body: str, constants: str, shape: str = SHAPE) -> str:
    return f"g ({shape} x) => ({shape} y) <{constants}> {{ {body} }}"


def slopes(*values: float) -> str:
    each = [values[i % len(values)] for i in range(16)]
    return f"float[16, 1, 1] a = {{{', '.join(map(str, each))}}}"


@pytest.mark.parametrize(
    ("values", "left"),
    [
        ((0.25,), {"LeakyRelu": 1}),
        ((0.25, -0.5, 1.0), {"Mul": 1, "Max": 1}),
        ((1.5, 2.0), {"Mul": 1, "Min": 1}),
        ((1.5, 0.5), {"Relu": 1, "Clip": 1, "Mul": 1, "Add": 1}),
    ],
)
def test_prelu_by_its_slopes(values: tuple[float, ...], left: dict[str, int]) -> None:
    assert optimized(text("y = PRelu(x, a)", slopes(*values))) == left


def test_prelu_stays_where_it_is_exact_or_for_an_accelerator() -> None:
    model = text("y = PRelu(x, a)", slopes(0.25, 0.5))
    assert optimized(model, exact=True) == {"PRelu": 1}
    assert optimized(model, target="coreml") == {"PRelu": 1}
    assert optimized(model, target="nnapi") == {"PRelu": 1}


CONVOLVED = "c = Conv <kernel_shape = [1, 1], group = 16> (x, w)\ny = PRelu(c, a)"


@pytest.mark.parametrize(
    ("target", "left"), [("x86_64", {"Conv": 3, "Relu": 1, "Add": 1}), ("arm64", {"Conv": 1, "Mul": 1, "Max": 1})]
)
def test_prelu_behind_a_convolution_stays_in_blocks(target: str, left: dict[str, int]) -> None:
    weights = f"float[16, 1, 1, 1] w = {{{', '.join(['0.5'] * 16)}}}"
    assert optimized(text(CONVOLVED, f"{slopes(0.25, -0.5)}, {weights}"), target=target) == left


@pytest.mark.parametrize(
    ("body", "left"),
    [
        ("s = Mul(x, a)\ny = Max(x, s)", {"LeakyRelu": 1}),
        ("s = Mul(a, x)\ny = Max(s, x)", {"LeakyRelu": 1}),
        ("s = Mul(x, high)\ny = Max(x, s)", {"Mul": 1, "Max": 1}),
        ("y = Max(zero, x)", {"Relu": 1}),
        ("y = Max(x, low)", {"Max": 1}),
        ("m = Max(x, low)\ny = Min(high, m)", {"Clip": 1}),
        ("m = Min(x, high)\ny = Max(m, low)", {"Clip": 1}),
        ("m = Max(x, zero)\ny = Min(m, high)", {"Clip": 1}),
        ("m = Max(x, high)\ny = Min(m, low)", {"Max": 1, "Min": 1}),
        ("m = Max(x, low)\ny = Max(m, high)", {"Max": 2}),
    ],
)
def test_limits_become_the_activation_that_they_are(body: str, left: dict[str, int]) -> None:
    constants = "float a = {0.25}, float low = {-1}, float high = {2}, float zero = {0}"
    assert optimized(text(body, constants)) == left


def test_limits_stay_with_exact() -> None:
    constants = "float low = {-1}, float high = {2}"
    assert optimized(text("m = Max(x, low)\ny = Min(high, m)", constants), exact=True) == {"Max": 1, "Min": 1}


@pytest.mark.parametrize(
    ("channels", "size", "target", "left"),
    [
        (16, 32, "x86_64", {"Conv": 2}),
        (12, 32, "x86_64", {"Conv": 1, "ReduceSum": 1}),
        (16, 8, "x86_64", {"Conv": 1}),
        (4, 32, "x86_64", {"Conv": 1}),
        (16, 32, "arm64", {"Conv": 1}),
    ],
)
def test_a_convolution_to_one_channel(channels: int, size: int, target: str, left: dict[str, int]) -> None:
    numbers = ", ".join(str(i % 7 - 3) for i in range(channels * 9))
    model = (
        f"g (float[1, {channels}, {size}, {size}] x) => (float[1, 1, {size}, {size}] y) "
        f"<float[1, {channels}, 3, 3] w = {{{numbers}}}, float[1] b = {{0.5}}> "
        "{ y = Conv <kernel_shape = [3, 3], pads = [1, 1, 1, 1]> (x, w, b) }"
    )
    assert optimized(model, target=target) == left
