"""compare_codes says which codes are LiteRT's, tensor by tensor, and which op is the first to differ."""

from __future__ import annotations

from collections.abc import Iterator

import onnx_ir as ir
import pytest

import tfonnx_lab as lab
from conformance.models import Model
from tfonnx_lab import samples
from tfonnx_lab.graph import OpBuilder
from tfonnx_lab.parity.codes import compare_codes

QUANTIZED = ("digits_int8", "digits_uint8", "digits_int16x8")


@pytest.mark.parametrize("name", QUANTIZED)
def test_all_codes_of_the_samples_are_litert_s(name: str) -> None:
    result = lab.convert(samples.path(name), exact="bits")
    found = compare_codes(result, samples.inputs(name))
    assert found.equal and len(found.rows) >= 6 and len(found.outputs) == 1
    assert "equal" in found.sentence() and str(found).count("\n") == 0
    assert not result.inexact


def test_dynamic_range_is_named() -> None:
    result = lab.convert(samples.path("digits_dynamic_range"), exact="bits")
    assert {op for op, _, _ in result.inexact} >= {"CONV_2D", "FULLY_CONNECTED"}


@pytest.fixture
def off_by_one() -> Iterator[None]:
    """A MUL of codes whose results are a step too large."""

    @lab.handler("MUL")
    def mul(op: OpBuilder, node: ir.Node, a: ir.Value, b: ir.Value) -> ir.Value:
        """MUL => Mul, and a little more."""
        return op.Add(op.Mul(a, b), 0.1)

    yield
    lab.restore("MUL")


@pytest.mark.usefixtures("off_by_one")
def test_the_first_op_to_differ_is_named() -> None:
    m = Model()
    x = m.input([4, 8], "int8", (0.1, 0), low=-20, high=20)
    y = m.op("MUL", [x, x], [m.tensor("int8", quant=(0.1, 0))])
    z = m.op("ADD", [y, x], [m.tensor("int8", quant=(0.2, 0))])
    found = compare_codes(lab.convert(m.outputs(z).bytes(), exact="bits"))
    assert [row.op for row in found.faults] == ["MUL"] and not found.equal
    assert found.sentence().startswith("MUL (op 0) rounds differently in") and "*MUL" in str(found)
    assert "MUL" in found._repr_html_()


def test_every_tensor_is_compared() -> None:
    m = Model()
    x = m.input([1, 6], "int8", (0.05, 3))
    y = m.op("ADD", [x, x], [m.tensor("int8", quant=(0.09, 1))])
    z = m.op("MUL", [y, x], [m.tensor("int8", quant=(0.2, 0))])
    found = compare_codes(lab.convert(m.outputs(z).bytes(), exact="bits"))
    assert [row.op for row in found.rows] == ["ADD", "MUL"] and found.equal
