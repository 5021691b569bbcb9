"""result.runtime() and result.report(): every op has its kernel, every float island its reason."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import tfonnx_lab as lab
from conformance.models import Model
from tfonnx_lab import samples
from tfonnx_lab.runtime import runtime_report


def network(dtype: str = "int8") -> Model:
    """Two sums and a difference of codes."""
    m = Model()
    shape, quant = [1, 2, 3, 4], (0.05, 3)
    codes = np.arange(10, 34).reshape(shape).astype(dtype)
    a, b = m.input(shape, dtype, quant, values=codes), m.input(shape, dtype, quant, values=codes)
    c = m.op("ADD", [a, b], [m.tensor(dtype, quant=(0.1, 3))])
    alpha = m.const(np.array([1, 2, 3, 40]), dtype, (0.1, 0))  # above one: in float
    d = m.op("PRELU", [c, alpha], [m.tensor(dtype, quant=(0.1, 3))]) if dtype == "uint8" else c
    return m.outputs(m.op("ADD", [d, b], [m.tensor(dtype, quant=(0.1, 3))]))


def convert(dtype: str = "int8", **options: Any) -> lab.Conversion:
    return lab.convert(network(dtype).bytes(), **options)


def test_groups_are_recognised() -> None:
    found = convert().runtime()
    sums = [g for g in found.groups if g.op == "Add"]
    assert [g.kernel for g in sums] == ["QLinearAdd"] * 2 and all(g.integer and not g.reason for g in sums)
    assert found.fused_share == 1 and not found.islands
    assert "uint8: 0.05 * (q - 131)" in sums[0].quantization
    assert "QLinearAdd" in str(found) and "QLinearAdd" in found._repr_html_()


def test_float_islands_have_their_reason() -> None:
    found = convert("uint8").runtime()
    assert [(g.op, g.reason) for g in found.islands] == [("PRelu", "ONNX Runtime has no integer kernel for it")]


@pytest.mark.parametrize(("target", "share"), [("portable", 0), ("arm64", 1)])
def test_int8_is_fused_where_it_is_allowed(target: str, share: float) -> None:
    found = convert(target=target).runtime()
    assert found.fused_share == share
    assert bool(found.islands) == (share == 0)
    assert all("qdqisint8allowed" in g.reason for g in found.islands)


def test_the_report_says_it_all() -> None:
    report = convert().report()
    data = json.loads(report.json())
    assert data["fused_share"] == 1 and data["kernels"]["QLinearAdd"] == 2 and data["outputs"][0]["steps"] <= 2
    assert "on integers" in str(report) and "XNNPACK" in report.html() == report._repr_html_()
    assert data["activations"] == {"uint8": 2} and data["weights"]["float"] > 0


def test_the_report_goes_to_files(tmp_path: Path) -> None:
    report = convert("uint8").report()
    page = report.save(tmp_path / "report.html").read_text("utf-8")
    assert page.startswith("<!doctype html>") and "ONNX Runtime has no integer kernel for it" in page
    assert json.loads(report.save(tmp_path / "report.json").read_text("utf-8")) == json.loads(report.json())
    assert "1 PRelu: ONNX Runtime has no integer kernel for it" in report.save(tmp_path / "report.txt").read_text(
        "utf-8"
    )


def test_names_cannot_break_the_page() -> None:
    report = replace(convert().report(), name="a/<b>.tflite", islands=[("<i>", "<u>", "a < b")], notes=["<s>"])
    assert not any(tag in report.html() for tag in ("<i>", "<u>", "<s>", "<b>.tflite"))


def test_a_model_with_ops_left_is_reported_too() -> None:
    result = lab.convert(samples.path("digits_unsupported"), on_error="keep")
    assert result.report().unconverted


def test_a_model_quantized_by_operator_runs_on_integers() -> None:
    """QLinearConv in the file itself: no Q/DQ stand around it, and it is an integer op all the same."""
    report = lab.convert(samples.path("digits_int8")).runtime()
    written = runtime_report(report.model)
    convs = [g for g in written.groups if g.op == "QLinearConv"]
    assert convs and all(g.on == "integers" for g in convs)
    itself = sum(g.op.startswith(("QLinear", "QGemm")) for g in written.groups)
    assert written.share == f"{itself} of {len(written.groups)} ops are integer ops in the file"
    assert "integer ops in the file" in written._repr_html_()
    assert runtime_report(lab.convert(samples.path("digits_float")).model).share == "no op stands between Q and DQ"
