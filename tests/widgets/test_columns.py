"""Every column of every table tells what it holds: a title, and a sentence at the pointer."""

from __future__ import annotations

from typing import Any

import pytest

import tfonnx_lab as lab
from tfonnx_lab import samples
from tfonnx_lab.texts import shortened
from tfonnx_lab.widgets.view import line
from widgets.test_onnx_lab import theirs


def labs() -> dict[str, Any]:
    """One of each kind of lab."""
    model = samples.path("digits_int8")
    return {
        "of a TFLite model": lab.Lab(model),
        "of a failing model": lab.Lab(samples.path("digits_unsupported")),
        "of an ONNX model": lab.Lab(theirs()),
        "of two": lab.Compare(lab.convert(model), lab.convert(model, dequantize=True)),
    }


@pytest.mark.parametrize("kind", ["of a TFLite model", "of a failing model", "of an ONNX model", "of two"])
def test_every_column_has_a_title_and_a_hint(kind: str) -> None:
    it = labs()[kind]
    tables = 0
    for tab in it.tabs:
        try:
            view = it.part(tab)
        except Exception:  # what cannot run yet has no table
            assert kind == "of a failing model"
            continue
        for column in getattr(view, "data", {}).get("columns", []):
            tables += 1
            assert column["title"] and column.get("hint"), (tab, column)
    assert tables > 10
    it.close()


def test_what_a_failing_model_says_first() -> None:
    it = lab.Lab(samples.path("digits_unsupported"))
    verdict = it.view("Overview").data["verdict"]
    assert (
        not verdict["ok"] and "LabSharpen" in verdict["text"] and (verdict["tab"], verdict["origin"]) == ("Handlers", 0)
    )
    failed = [step.i for step in it.result.trace if step.error]
    assert it.view("Steps").index == it.index == failed[0]
    it.close()


def test_a_shape_that_can_be_inferred_is_no_risk() -> None:
    it = lab.Lab(samples.path("digits_int8"))
    assert any(value.shape is None for node in it.result.ir_model.graph for value in node.outputs)
    assert not [risk for risk in it.view("Overview").data["risks"] if "shape" in risk["text"]]
    it.close()


def test_names_are_shortened_in_one_way() -> None:
    """As js/test/format.test.js has it for the page."""
    assert shortened("model/block_1/conv2d/BiasAdd", 16) == "mode...d/BiasAdd"
    assert shortened("a;b;c", 16) == "a" and shortened("exactly", 7) == "exactly"
    assert len(shortened("n" * 200, 60)) == 60
    assert line("x" * 300) == "x" * 25 + "..." + "x" * 72


def test_a_conversion_alone_in_a_cell_shows_its_report() -> None:
    for name in ("digits_int8", "digits_unsupported"):
        result = lab.convert(samples.path(name), on_error="keep")
        shown = result._repr_html_()  # type: ignore[attr-defined]
        assert f"{name}.tflite" in shown and "<table" in shown
