"""What takes an .ort file as it takes an .onnx file: StatefulSession, compare, GraphView, Lab."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime as ort
import pytest

import tfonnx_lab as lab
from conformance.models import Model
from tfonnx_lab import samples
from tfonnx_lab.runtime.sessions import REPLAY, ort_format_session


def stateful_model() -> bytes:
    """SVDF keeps what it has heard."""
    m = Model()
    x = m.input([1, 4], "float32")
    rng = np.random.default_rng(0)
    w, t = (m.const(rng.normal(size=s).astype(np.float32)) for s in ((6, 4), (6, 5)))
    state = m.tensor("float32", [1, 30], variable=True)
    y = m.tensor("float32", [1, 6])
    return m.outputs(m.op("SVDF", [x, w, t, None, state], [y], rank=1, fused_activation_function="NONE")).bytes()


@pytest.fixture(scope="module")
def int8() -> lab.Conversion:
    return lab.convert(samples.path("digits_int8"))


@pytest.mark.parametrize("style", ["Fixed", "Runtime"])
def test_compare_runs_the_ort_file(style: Any, int8: lab.Conversion, tmp_path: Path) -> None:
    path = tmp_path / "m.ort"
    int8.mobile().save(path, style=style)
    usual = lab.compare(int8, band=False)
    for given in (path, path.read_bytes()):
        found = lab.compare(int8, band=False, ort=given)
        assert [(r.name, r.error) for r in found.outputs] == [(r.name, r.error) for r in usual.outputs]


def test_compare_sees_another_models_ort_file(int8: lab.Conversion, tmp_path: Path) -> None:
    other = lab.convert(samples.path("digits_uint8"))
    other.save(tmp_path / "m.ort")
    with pytest.raises(lab.ConversionError):
        lab.compare(int8, band=False, ort=tmp_path / "m.ort")
    with pytest.raises(lab.ConversionError, match=r"cannot load the \.ort file"):
        lab.compare(int8, band=False, ort=int8.save(tmp_path / "m.onnx"))


def replays(session: ort.InferenceSession) -> bool:
    """Whether a session was made with replay. (test_runtime_style_records_and_replays sees what it runs then.)"""
    return session.get_session_options().get_session_config_entry(REPLAY) == "1"


def test_replay_is_on(int8: lab.Conversion, tmp_path: Path) -> None:
    int8.mobile().save(tmp_path / "m.ort", style="Runtime")
    assert replays(ort_format_session(tmp_path / "m.ort")) and replays(lab.StatefulSession(tmp_path / "m.ort").session)
    plain = ort_format_session(tmp_path / "m.ort", replay=False)
    assert not replays(plain)
    x = samples.inputs("digits_int8")[0]
    name = plain.get_inputs()[0].name
    reference = ort.InferenceSession(int8.model.SerializeToString()).run(None, {name: x})
    np.testing.assert_array_equal(ort_format_session(tmp_path / "m.ort").run(None, {name: x})[0], reference[0])
    assert np.abs(plain.run(None, {name: x})[0].astype(int) - reference[0].astype(int)).max() <= 2


@pytest.mark.parametrize("style", ["Fixed", "Runtime"])
def test_states_are_carried_on(style: Any, tmp_path: Path) -> None:
    result = lab.convert(stateful_model())
    result.mobile().save(tmp_path / "m.ort", style=style)
    sessions = [lab.StatefulSession(s) for s in (result, tmp_path / "m.ort", (tmp_path / "m.ort").read_bytes())]
    rng = np.random.default_rng(1)
    for _ in range(4):
        x = rng.normal(size=(1, 4)).astype(np.float32)
        a, b, c = (s.run(x) for s in sessions)
        for name in a:
            np.testing.assert_allclose(a[name], b[name], rtol=1e-6, atol=1e-6)
            np.testing.assert_array_equal(b[name], c[name])
    assert sessions[1].states and all(v.any() for v in sessions[1].states.values())


def test_the_lab_opens_an_ort_file(int8: lab.Conversion, tmp_path: Path) -> None:
    from tfonnx_lab.widgets.ort_view import OrtView

    int8.mobile().save(tmp_path / "m.ort", style="Runtime")
    it = lab.Lab(tmp_path / "m.ort")
    view = it.view("File")
    assert isinstance(view, OrtView)
    assert "ai.onnx:Conv:11" in view.text() and "Recorded for later" in view.html()
    assert view.graph.name == "m.ort" and view.graph.model_bytes == (tmp_path / "m.ort").read_bytes()
    assert "QuantizeLinear" in (view.graph.html() or "")
    assert lab.GraphView((tmp_path / "m.ort").read_bytes()).name == "model.ort"
    it.close()
    assert list(lab.Lab(int8).tabs[:3]) == ["Overview", "Layers", "Steps"]
