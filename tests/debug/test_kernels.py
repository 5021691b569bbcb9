"""compare_ops() tells whose fault a difference is, op by op; the report repeats it."""

from __future__ import annotations

import numpy as np
import pytest

import tfonnx_lab as lab
from conformance.models import Model
from tfonnx_lab.runtime.saturation import may_saturate


def network(alpha: float = 0.3) -> Model:
    """A LEAKY_RELU of an image, which LiteRT rounds in fixed point, and an ADD."""
    m = Model()
    codes = np.tile(np.arange(-128, 128).astype(np.int8), 4).reshape(1, 16, 16, 4)
    first = m.input([1, 16, 16, 4], "int8", (0.05, 3), values=codes)
    x = m.op("MINIMUM", [first, first], [m.tensor("int8", quant=(0.05, 3))])
    y = m.op("LEAKY_RELU", [x], [m.tensor("int8", quant=(0.0405, -7))], alpha=alpha)
    return m.outputs(m.op("ADD", [x, y], [m.tensor("int8", quant=(0.1, 3))]))


def test_each_op_is_compared_by_itself() -> None:
    rows = {row.op: row for row in lab.compare_ops(lab.convert(network().bytes())).rows}
    assert set(rows) == {"MINIMUM", "LEAKY_RELU", "ADD"}
    assert all(row.steps <= 1 for row in rows.values()) and not rows["MINIMUM"].differ


def test_a_difference_has_its_reason() -> None:
    found = lab.compare_ops(lab.convert(network().bytes()))
    assert found.faults, "LiteRT's two roundings are not one"
    assert all("fixed point" in row.fault or "rounds another way" in row.fault for row in found.faults)
    assert found.faults[0].kernel in str(found) and found.faults[0].op in found._repr_html_()


def test_exact_finds_no_fault_in_a_table() -> None:
    plain, found = (lab.compare_ops(lab.convert(network().bytes(), exact=exact)) for exact in (False, True))
    assert [row for row in plain.faults if row.op == "LEAKY_RELU"]
    assert not [row for row in found.faults if row.op == "LEAKY_RELU"]


def test_the_report_names_the_ops() -> None:
    """What only rounds in another way is no fault: the verdict decides."""
    report = lab.convert(network().bytes()).report()
    assert report.ok and not report.faults
    assert any("LEAKY_RELU" in text for text in report.rounding) and "rounding" in str(report)


@pytest.mark.parametrize(
    ("weights", "wanted"), [([100, 1, 28, 0], False), ([100, 1, 29, 0], True), ([127, 127], False)]
)
def test_weights_that_saturate(weights: list[int], wanted: bool) -> None:
    assert may_saturate(np.array([weights], np.int8)) == wanted
