"""The lab and its views without a browser: what they show, how they are linked, and what they leave behind."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import ipywidgets
import pytest

import tfonnx_lab as lab
from tfonnx_lab import samples
from tfonnx_lab.conversion.pipeline import STAGES
from tfonnx_lab.widgets import _lifetime
from tfonnx_lab.widgets._tabs import TABS
from widgets.front import refused


@pytest.fixture(scope="module")
def result() -> lab.Conversion:
    return lab.convert(samples.path("digits_int8"))


@pytest.fixture
def rules() -> Iterator[None]:
    before = [list(stage) for stage in STAGES]
    yield
    for stage, old in zip(STAGES, before, strict=True):
        for rule in [r for r in stage if r not in old]:
            stage.remove(rule)


def live() -> int:
    return len(ipywidgets.widgets.widget._instances)


@pytest.mark.parametrize(
    "view", [lab.HandlerView, lab.RewriterView, lab.OptimizerView, lab.RuntimeView, lab.ParityView]
)
def test_views_hold_json_and_a_table_without_a_front_end(view: Any, result: lab.Conversion) -> None:
    made = view(result)
    json.dumps([made.data, made.detail], allow_nan=False)
    heading, rows = made.table()
    assert rows and all(len(row) == len(heading) for row in rows)
    assert made.data["title"] in made.text()
    assert "<table>" in made.html()


def test_a_view_of_a_saved_trace(result: lab.Conversion, tmp_path: Path) -> None:
    result.trace.save(tmp_path / "x.tfltrace")
    trace = lab.load_trace(tmp_path / "x.tfltrace")
    for view in (lab.HandlerView, lab.RewriterView, lab.OptimizerView):
        fresh, saved = view(result).data, view(trace).data
        assert {k: v for k, v in fresh.items() if k != "live"} == {k: v for k, v in saved.items() if k != "live"}


def test_every_op_has_a_row_and_details(result: lab.Conversion) -> None:
    view = lab.HandlerView(result)
    assert [row["op"] for row in view.data["rows"]] == list(range(10))
    for row in view.data["rows"]:
        view.selection = row["op"]
        assert view.detail["type"] == row["type"]
        assert view.detail["inputs"] and view.detail["outputs"] and view.detail["steps"]
        assert view.detail["rule"]["source"]


def test_optimizers_count_what_they_delete(result: lab.Conversion) -> None:
    data = lab.OptimizerView(result).data
    ended = len(result.ir_model.graph)
    assert data["curve"][-1][1] == ended
    first = next(i for i, point in enumerate(data["curve"]) if point[2] == "optimizers")
    deleted, added = (sum(bar[k] for bar in data["bars"]) for k in ("value", "added"))
    assert data["curve"][first - 1][1] - deleted + added == ended


def test_a_failing_handler_is_isolated_and_repaired(tmp_path: Path, rules: None) -> None:
    it = lab.Lab(samples.path("digits_unsupported"))
    view = it.view("Handlers")
    view.folder = tmp_path
    worst = view.data["rows"][0]
    assert (worst["type"], worst["status"]) == ("LabSharpen", "failed")
    it.selection = worst["op"]
    assert "no handler" in view.detail["error"]
    assert ["amount", "0.5"] in view.detail["attributes"]
    view.act("handler", {})
    space: dict[str, Any] = {"lab": lab}
    exec(view.message.replace("lab.retry();", ""), space)
    assert "amount" in view.message and "FLOAT [1, 8, 8, 1]" in view.message and callable(space["lab_sharpen"])
    assert "LabSharpen (op 0 of subgraph 0)" in refused(it, "Parity")
    view.act("isolate", {})
    assert (tmp_path / "LabSharpen_0.tflite").exists()

    @lab.handler("LabSharpen")
    def broken(op: Any, node: Any, x: Any) -> Any:
        """LabSharpen => an error."""
        nothing: dict[str, int] = {}
        return nothing["here"]

    view.act("retry", {})
    assert "KeyError" in view.detail["error"]
    assert "nothing[" in view.detail["rule"]["source"].splitlines()[view.detail["rule"]["line"]]

    @lab.handler("LabSharpen")
    def sharpen(op: Any, node: Any, x: Any) -> Any:
        """LabSharpen => Identity."""
        return op.Identity(x)

    it.retry()
    assert view.message.startswith("op 0 LabSharpen: failed => ok\n3 of")
    assert next(r for r in view.data["rows"] if r["op"] == 0)["was"] == "not converted"
    assert not it.result.failures
    assert view.detail["outputs"] == ["sharpened  FLOAT [1, 8, 8, 1]"]
    it.close()


def test_one_selection_for_all_tabs(result: lab.Conversion) -> None:
    it = lab.Lab(result)
    for name in TABS:
        it.view(name)
    it.view("Parity").selection = 4
    assert it.selection == 4
    assert it.view("Handlers").detail["op"] == 4
    pair = it.view("Source")
    start = {n["id"]: n for n in result.trace.start["nodes"]}
    assert start[pair.left.selected]["origin"] == [4]
    pair.left.selected = next(n for n in start if start[n]["origin"] == [7])
    assert it.selection == 7
    it.view("Optimizers").index = 60
    assert it.view("Steps").index == 60
    it.close()


def test_nothing_is_left_of_a_closed_lab(result: lab.Conversion) -> None:
    before = live()
    it = lab.Lab(result)
    for name in TABS:
        it.view(name)
    it.close()
    assert live() == before


def test_a_cell_run_twenty_times_leaves_one_lab(result: lab.Conversion, monkeypatch: pytest.MonkeyPatch) -> None:
    before = live()
    sizes = []
    for run in range(20):
        monkeypatch.setattr(_lifetime, "_cell", lambda run=run: ("a cell", f"run {run}"))
        _lifetime.displayed(lab.Lab(result))
        sizes.append(live())
    assert sizes[-1] == sizes[1] > before
    monkeypatch.setattr(_lifetime, "_cell", lambda: ("a cell", "last"))
    last = lab.Stepper(result)
    _lifetime.displayed(last)
    last.close()
    assert live() == before


def test_a_widget_that_another_cell_shows_stays(result: lab.Conversion, monkeypatch: pytest.MonkeyPatch) -> None:
    stepper = lab.Stepper(result)
    for cell, run in (("one", "1"), ("two", "2")):
        monkeypatch.setattr(_lifetime, "_cell", lambda cell=cell, run=run: (cell, run))
        _lifetime.displayed(stepper)
    monkeypatch.setattr(_lifetime, "_cell", lambda: ("one", "3"))
    _lifetime.displayed(lab.Stepper(result))
    assert stepper.comm is not None
    stepper.close()


def test_names_are_text_in_html(result: lab.Conversion) -> None:
    view = lab.HandlerView(result)
    view.data = {**view.data, "title": "<b>", "rows": [{**view.data["rows"][0], "name": "<script>"}]}
    html = view.html()
    assert html is not None and "<script>" not in html and "&lt;script&gt;" in html


def test_a_closed_widget_is_shown_again(result: lab.Conversion) -> None:
    stepper = lab.Stepper(result)
    stepper.close()
    assert stepper.comm is None
    stepper._repr_mimebundle_()
    assert stepper.comm is not None
    assert stepper.layout.comm is not None
    stepper.close()
