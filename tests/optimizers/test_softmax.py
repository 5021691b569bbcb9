"""Softmax in the form that ONNX Runtime runs fast, or left out."""

from __future__ import annotations

from typing import Any

import pytest

from optimizers.rewrite import optimized

CODES = "float s = {0.1}, uint8 z = {100}, float t = {0.00390625}, uint8 o = {0}"


def largest(shape: str, axis: int = -1, other: int = -1) -> str:
    return (
        f"g (float[{shape}] x) => (int64[{shape.rsplit(',', 1)[0]}, 1] y) "
        f"{{ p = Softmax <axis = {axis}> (x)\ny = ArgMax <axis = {other}> (p) }}"
    )


@pytest.mark.parametrize("shape", ["3, 7", "N, M, 5", "2, 3, 4, 5"])
def test_the_largest_needs_no_softmax(shape: str) -> None:
    assert optimized(largest(shape)) == {"ArgMax": 1}


def test_the_largest_needs_it_along_another_axis_or_to_be_exact() -> None:
    assert optimized(largest("3, 7", axis=0)) == {"Softmax": 1, "ArgMax": 1}
    assert optimized(largest("3, 7"), exact=True) == {"Softmax": 1, "ArgMax": 1}


def of_codes(shape: str, axis: int, constants: str = CODES, more: str = "") -> str:
    return (
        f"g (uint8[{shape}] q) => (uint8[{shape}] y) <{constants}> "
        f"{{ x = DequantizeLinear(q, s, z)\np = Softmax <axis = {axis}> (x)\ny = QuantizeLinear(p, t, o){more} }}"
    )


@pytest.mark.parametrize(("shape", "axis"), [("1, 128, 128, 5", -1), ("1, 5, 128, 128", 1)])
def test_an_image_of_codes_goes_by_parts(shape: str, axis: int) -> None:
    left = optimized(of_codes(shape, axis))
    assert left == {"DequantizeLinear": 1, "Exp": 1, "ReduceSum": 1, "Div": 1, "QuantizeLinear": 1}


def test_codes_that_lie_far_from_zero_are_moved_before_the_exponential() -> None:
    left = optimized(of_codes("1, 128, 128, 5", -1, CODES.replace("0.1", "0.3").replace("100", "255")))
    assert left["Exp"] == 1 and left["Sub"] == 0
    left = optimized(of_codes("1, 128, 128, 5", -1, CODES.replace("0.1", "0.31").replace("{100}", "{255}")))
    assert left["Exp"] == 1


@pytest.mark.parametrize(
    ("text", "options"),
    [
        (of_codes("1, 8, 8, 5", -1), {}),
        (of_codes("N, 128, 128, 5", -1), {}),
        (of_codes("1, 128, 128, 5", -1, CODES.replace("0.1", "0.4")), {}),
        (of_codes("2, 40000", -1), {}),
        (of_codes("1, 128, 128, 5", -1), {"exact": True}),
        (of_codes("1, 128, 128, 5", -1), {"target": "nnapi"}),
    ],
    ids=["small", "unknown sizes", "a range too wide", "long rows", "exact", "an accelerator"],
)
def test_other_softmaxes_of_codes_stay(text: str, options: dict[str, Any]) -> None:
    assert optimized(text, **options)["Softmax"] == 1


def behind(shape: str, output: str, before: str = "[0, 2, 3, 1]", then: str = "") -> str:
    return (
        f"g (float[{shape}] x) => (float[{output}] y) {{ a = Transpose <perm = {before}> (x)\n"
        f"{'h' if then else 'y'} = Softmax <axis = -1> (a)\n{then} }}"
    )


@pytest.mark.parametrize(("shape", "output"), [("1, 4, 5, 6", "1, 5, 6, 4"), ("N, C, H, W", "N, H, W, C")])
def test_a_softmax_stays_along_the_last_axis(shape: str, output: str) -> None:
    order: list[str] = []
    left = optimized(behind(shape, output), look=lambda model: order.extend(n.op_type for n in model.graph))
    assert left == {"Softmax": 1, "Transpose": 1} and order == ["Transpose", "Softmax"]


def test_a_softmax_of_one_row_lets_the_transpose_through() -> None:
    back = "y = Transpose <perm = [0, 3, 1, 2]> (h)"
    assert optimized(behind("1, 7, 1, 1", "1, 7, 1, 1", then=back)) == {"Softmax": 1}
    assert optimized(behind("1, 4, 5, 6", "1, 4, 5, 6", then=back), target="nnapi") == {"Softmax": 1}
