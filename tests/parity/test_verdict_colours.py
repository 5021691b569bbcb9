"""The picture and the report say what the verdict says: an op that was only fed with something off is not accused."""

from __future__ import annotations

from typing import Any

import matplotlib
import numpy as np
import pytest
from matplotlib.colors import to_hex

import tfonnx_lab as lab
from tfonnx_lab import samples
from tfonnx_lab.parity import compare
from tfonnx_lab.parity.plot import LOOKS

matplotlib.use("Agg")


@pytest.fixture
def careless(own_rules: None) -> None:
    @lab.handler("ADD")
    def careless_add(op: Any, node: Any, a: Any, b: Any) -> Any:
        """ADD(a, b) => a + 0.9 b."""
        return op.Add(a, op.Mul(b, np.float32(0.9)))


def drawn(ax: Any) -> dict[str, set[int]]:
    """Status => the ops that are drawn in its colour; a hollow dot has no face."""
    found: dict[str, set[int]] = {}
    for dots in ax.collections:
        status = (dots.get_gid() or "").removeprefix("status:")
        if status not in LOOKS or not dots.get_gid():
            continue
        _, colour, filled = LOOKS[status]
        assert to_hex(dots.get_edgecolor()[0]) == to_hex(colour)
        assert bool(len(dots.get_facecolor())) == filled
        found.setdefault(status, set()).update(int(x) for x, _ in dots.get_offsets())
    return found


@pytest.mark.usefixtures("careless")
@pytest.mark.parametrize("name", ["digits_float", "digits_int8"])
def test_a_wrong_op_in_the_picture(name: str) -> None:
    parity = compare(lab.convert(samples.path(name)), samples.inputs(name))
    ax = parity.plot()
    found, verdict = drawn(ax), parity.verdict
    assert found["wrong"] == {verdict.op} == {3}
    for status in ("amplified", "within", "exact"):
        assert found.get(status, set()) == {one.position for one in verdict.ops if one.status == status}
    assert [text.get_text() for text in ax.texts] == ["ADD 3 is wrong"]
    labels = [text.get_text() for text in ax.get_legend().get_texts()]
    assert labels.count("wrong by itself") == 1 and "right by itself, fed with something off" in labels


@pytest.mark.parametrize("options", [{}, {"dequantize": True}])
def test_a_right_one_accuses_nobody(options: dict[str, Any]) -> None:
    ax = compare(lab.convert(samples.path("digits_int8"), **options), samples.inputs("digits_int8")).plot()
    assert "wrong" not in drawn(ax) and not ax.texts


@pytest.mark.usefixtures("careless")
def test_the_report_of_a_wrong_one() -> None:
    report = lab.convert(samples.path("digits_int8")).report()
    assert report.ok is False and report.verdict == "op 3 ADD is wrong: handler careless_add"
    assert len(report.faults) == 1 and report.faults[0].startswith("op 3 ADD: ")
    assert "ADD" not in {line.split(":")[0] for line in report.rounding}
    assert "verdict        op 3 ADD is wrong" in str(report)
    assert 'class="tfr-wrong"' in report.html() and "&#10007; op 3 ADD is wrong" in report.html()


def test_the_report_of_a_right_one() -> None:
    report = lab.convert(samples.path("digits_int8")).report()
    assert report.ok and report.faults == [] and "no op is wrong by itself" in report.verdict
    assert any(line.startswith("CONV_2D: ") for line in report.rounding)
    assert 'class="tfr-right"' in report.html() and "tfr-wrong" not in report.html().split("</style>")[1]
    assert not lab.convert(samples.path("digits_int8")).report(parity=False).verdict
