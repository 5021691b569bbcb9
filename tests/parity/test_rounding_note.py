"""The note of a quantized model: which ops round differently, and in how many codes."""

from __future__ import annotations

from dataclasses import dataclass

import tfonnx_lab as lab
from tfonnx_lab import samples
from tfonnx_lab.parity.gap import Gap
from tfonnx_lab.parity.rounding import rounding


@dataclass
class One:
    position: int
    op: str
    own: Gap


EQUAL = One(1, "CONV_2D", Gap("steps", count=9))


def test_one_op() -> None:
    off = One(3, "MUL", Gap("steps", 1.0, 0.1, 0.003, 1000))
    assert rounding([EQUAL, off]) == "MUL (op 3) rounds differently in 0.3 % of its codes; everything else is equal"
    assert rounding([off]).endswith("no other op is on codes")


def test_several_ops() -> None:
    off = [One(n, "ADD", Gap("steps", 1.0, 0.1, n / 1000, 1000)) for n in range(1, 6)]
    said = rounding([EQUAL, *off])
    assert said.startswith("5 ops round differently: ADD (op 5) in 0.5 % of its codes, ADD (op 4) in 0.4 %")
    assert "2 more in fewer" in said


def test_real_numbers_have_no_codes() -> None:
    assert rounding([One(0, "CONV_2D", Gap("scale", 1e-7, 1e-8, 0.5, 9))]) == ""


def test_a_model_whose_codes_are_litert_s_and_one_whose_are_not() -> None:
    path = samples.path("digits_int8")
    exact = lab.compare(lab.convert(path, exact="bits")).verdict
    assert exact.rounding == f"all {len(exact.ops)} ops on codes give LiteRT's codes"
    fast = lab.compare(lab.convert(path)).verdict
    assert "round" in fast.rounding and fast.rounding in str(fast)
