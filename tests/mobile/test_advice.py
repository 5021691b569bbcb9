"""Advice: each change is made, the providers are asked again, and what is told is what came of it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

import tfonnx_lab as lab
from conformance.simple import fixed, given, made, one, out
from tfonnx_lab import samples
from tfonnx_lab.commands.cli import main
from tfonnx_lab.mobile import rewritten
from tfonnx_lab.mobile.advice import Advice, Standing
from tfonnx_lab.mobile.source import Source
from tfonnx_lab.runtime.sessions import OnnxRuntime

UINT8 = str(samples.path("digits_uint8"))
F, I64, U8, I8 = TensorProto.FLOAT, TensorProto.INT64, TensorProto.UINT8, TensorProto.INT8


def graph(
    nodes: list[onnx.NodeProto], constants: dict[str, Any], shape: list[Any], kind: int = F, opset: int = 18
) -> onnx.ModelProto:
    """A model from x to y."""
    weights = [numpy_helper.from_array(np.asarray(a), n) for n, a in constants.items()]
    x = helper.make_tensor_value_info("x", kind, shape)
    made_of = helper.make_graph(nodes, "g", [x], [helper.make_tensor_value_info("y", kind, None)], weights)
    return helper.make_model(made_of, opset_imports=[helper.make_opsetid("", opset)], ir_version=10)


def quantized(zero: int = 5) -> onnx.ModelProto:
    """x of float -> Q, DQ, Conv with int8 weights, Q with the ReLU in its range, MaxPool and Clip on codes, DQ."""
    rng = np.random.default_rng(0)
    node = helper.make_node
    nodes = [
        node("QuantizeLinear", ["x", "sx", "zx"], ["qx"], "q0"),
        node("DequantizeLinear", ["qx", "sx", "zx"], ["rx"], "d0"),
        node("DequantizeLinear", ["w", "sw", "zw"], ["rw"], "dw"),
        node("Conv", ["rx", "rw"], ["c"], "conv", pads=[1, 1, 1, 1]),
        node("QuantizeLinear", ["c", "sc", "zc"], ["qc"], "q1"),
        node("MaxPool", ["qc"], ["qm"], "pool", kernel_shape=[2, 2]),
        node("Clip", ["qm", "low"], ["ql"], "clip"),
        node("DequantizeLinear", ["ql", "sc", "zc"], ["y"], "d1"),
    ]
    constants = {
        "sx": np.float32(0.02), "zx": np.uint8(128), "sw": np.float32(0.01), "zw": np.int8(zero),
        "w": rng.integers(-128, 128, (4, 3, 3, 3)).astype(np.int8), "sc": np.float32(0.03), "zc": np.uint8(0),
        "low": np.uint8(7),
    }  # fmt: skip
    return graph(nodes, constants, [1, 3, 6, 6])


def _copy(model: onnx.ModelProto) -> onnx.ModelProto:
    made_of = onnx.ModelProto()
    made_of.CopyFrom(model)
    return made_of


def run(model: onnx.ModelProto, x: np.ndarray) -> np.ndarray:
    return np.asarray(OnnxRuntime(model).run([x])[0])


def asked(m: lab.Mobile) -> dict[str, Standing]:
    """How much of it each provider runs."""
    return {"NNAPI": Standing.of(m.nnapi()), "CoreML": Standing.of(m.coreml()), "XNNPACK": Standing.of(m.xnnpack())}


CHANGES: dict[str, dict[str, Any]] = {
    "nnapi": {"target": "nnapi"},
    "coreml": {"target": "coreml"},
    "dequantize": {"dequantize": True},
}


@pytest.mark.parametrize("key", CHANGES)
def test_what_is_told_is_what_another_conversion_gives(key: str) -> None:
    tried, options = lab.Mobile(UINT8).advice()[key], CHANGES[key]
    before, after = asked(lab.Mobile(UINT8)), asked(lab.Mobile(UINT8, **options))
    assert dict(tried.change.options) == options
    assert tried.before == before and tried.after == after
    for name, count in tried.won.items():
        total, had = before[name].nodes, before[name].nodes - before[name].cpu
        has = (after[name].nodes - after[name].cpu) / after[name].nodes
        assert count == round(has * total - had)
    if key == "nnapi":
        assert after["NNAPI"].cpu == 0 and tried.won["NNAPI"] > 30


def test_the_change_that_wins_most_comes_first_and_can_be_tried() -> None:
    advice = lab.Mobile(UINT8).advice()
    wins = [max(t.won.values()) for t in advice.pieces]
    assert wins == sorted(wins, reverse=True) and wins[0] > 0
    best = advice.try_()
    assert best.source.conversion is advice.pieces[0].change.model
    assert advice.try_("nnapi").nnapi().fallback == ()
    with pytest.raises(lab.ConversionError, match=r"'opset' was not tried on .*; there is .*'coreml'"):
        advice.try_("opset")


def test_nothing_is_converted_before_it_is_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    made_again: list[dict[str, Any]] = []
    true = Source.again

    def counted(self: Source, **options: Any) -> lab.Conversion:
        made_again.append(options)
        return true(self, **options)

    monkeypatch.setattr(Source, "again", counted)
    m = lab.Mobile(UINT8)
    advice = m.advice()
    assert not made_again and m.advice() is advice
    str(advice), advice.to_html(), advice.to_json()
    assert made_again == [{"target": "nnapi"}, {"target": "coreml"}, {"dequantize": True}], "each of them once"


def test_open_dimensions_and_a_new_opset() -> None:
    model = one("ABS", given([1, 6], signature=[-1, 6])).bytes()
    advice = lab.Mobile(model).advice()
    static = advice["static"]
    assert static.won["CoreML"] == 0, "CoreML has no Abs"
    assert dict(static.change.options) == {"inputs": {"in0": (1, 6)}}
    assert static.before["NNAPI"].cpu == 1 and static.won["NNAPI"] == 1
    assert "inputs={'in0': (1, 6)}" in static.how("model.tflite")
    closed = one("ABS", given([1, 6])).bytes()
    newer = lab.Mobile(closed, opset=26).advice()
    assert dict(newer["opset"].change.options) == {"opset": 18}
    with pytest.raises(lab.ConversionError):
        lab.Mobile(closed).advice()["static"]


def test_a_session_that_is_not_created_runs_nothing() -> None:
    model = one("SPLIT_V", given([4, 8]), fixed([4, 4]), fixed(1), out=[out(), out()], num_splits=2).bytes()
    tried = lab.Mobile(model).advice()["nnapi"]
    assert str(tried.before["NNAPI"]) == "no session" and tried.before["NNAPI"].cpu == tried.before["NNAPI"].nodes
    assert str(tried.after["NNAPI"]) == "1 of 1 in 1" and tried.won["NNAPI"] == 1


def test_text_html_and_json() -> None:
    advice = lab.Mobile(UINT8).advice()
    text, plain = str(advice), json.loads(json.dumps(advice.to_json()))
    assert text.startswith("What would help") and "target='nnapi'" in text and "What the providers' rules say" in text
    assert "target=&#x27;nnapi&#x27;" in advice.to_html()
    first = next(c for c in plain["changes"] if c["key"] == "nnapi")
    assert first["won"]["NNAPI"] == advice["nnapi"].won["NNAPI"] and first["options"] == {"target": "nnapi"}
    assert {"provider", "change", "nodes"} == set(plain["said"][0])
    with pytest.raises(lab.ConversionError, match="level=26 is not known"):
        lab.Mobile(UINT8).advice(level=26)


def test_settings_are_those_of_the_providers() -> None:
    m = lab.Mobile(UINT8)
    advice = m.advice(level=28, format="NeuralNetwork", version=5)
    assert advice.answers["NNAPI"].setting["level"] == 28 and advice.answers["CoreML"].setting["version"] == 5
    assert advice["nnapi"].after["NNAPI"] == Standing.of(lab.Mobile(UINT8, target="nnapi").nnapi(28))


def test_an_ort_file_cannot_be_changed(tmp_path: Path) -> None:
    path = tmp_path / "model.ort"
    lab.Mobile(UINT8).save(path)
    advice = lab.Mobile(path).advice()
    assert advice.pieces == [] and "cannot be changed" in str(advice)
    with pytest.raises(lab.ConversionError, match="nothing is known"):
        advice.try_()


def test_an_onnx_file_is_written_anew(tmp_path: Path) -> None:
    path = tmp_path / "model.onnx"
    onnx.save(quantized(), path)
    before = path.read_bytes()
    advice = lab.Mobile(path).advice()
    assert [t.change.key for t in advice.tried if t.change.key in ("nnapi", "dequantize")] != []
    x = np.random.default_rng(1).uniform(-2, 2, (1, 3, 6, 6)).astype(np.float32)
    want = run(quantized(), x)
    same = run(advice["nnapi"].change.model, x)
    np.testing.assert_array_equal(same, want)
    assert advice["nnapi"].won["NNAPI"] > 0 and advice["dequantize"].won["CoreML"] > 0
    got = run(advice["dequantize"].change.model, x)
    assert want.max() == pytest.approx(255 * 0.03) and want.min() == pytest.approx(7 * 0.03), "both ends are met"
    assert np.abs(got - want).max() < 0.06, "two steps: rounding alone, the range of the codes is kept"
    assert path.read_bytes() == before


def test_what_computes_with_codes_is_not_made_float() -> None:
    model = quantized()
    model.graph.node[6].CopyFrom(helper.make_node("Cast", ["qm"], ["as32"], "widen", to=TensorProto.INT32))
    model.graph.node[7].CopyFrom(helper.make_node("Cast", ["as32"], ["y"], "back", to=F))
    with pytest.raises(rewritten.Refused, match="Cast widen works on integer codes"):
        rewritten.without_quantization(_copy(model))
    advice = lab.Mobile(model).advice()
    assert "works on integer codes" in str(advice) and [what for what, _ in advice.failed] == ["float instead of Q/DQ"]


def test_channels_and_negative_scales_of_an_onnx_file() -> None:
    model = quantized()
    constants = {t.name: t for t in model.graph.initializer}
    rng = np.random.default_rng(2)
    constants["sw"].CopyFrom(numpy_helper.from_array(rng.uniform(0.005, 0.02, 4).astype(np.float32), "sw"))
    constants["zw"].CopyFrom(numpy_helper.from_array(np.array([0, 3, -4, 9], np.int8), "zw"))
    model.graph.node[2].attribute.append(helper.make_attribute("axis", 0))
    x = rng.uniform(-2, 2, (1, 3, 6, 6)).astype(np.float32)
    want = run(model, x)
    for rewrite, most in ((rewritten.with_uint8_weights, 0.0), (rewritten.without_quantization, 0.1)):
        copy = _copy(model)
        assert rewrite(copy) > 0
        assert np.abs(run(copy, x) - want).max() <= most


def test_rewrites_of_float_models() -> None:
    w = np.random.default_rng(0).standard_normal((64, 32)).astype(np.float32)
    nodes = [
        helper.make_node("MatMul", ["x", "w"], ["m"], "product"),
        helper.make_node("Split", ["m", "parts"], ["a", "b"], "split", axis=1),
        helper.make_node("Add", ["a", "b"], ["y"], "sum"),
    ]
    model = graph(nodes, {"w": w, "parts": np.array([16, 16])}, ["batch", 64])
    x = np.random.default_rng(1).standard_normal((1, 64)).astype(np.float32)
    want = run(model, x)
    advice = lab.Mobile(model).advice()
    half = advice["float16"]
    assert half.nbytes > 0.9 * w.nbytes / 2 and half.helps
    np.testing.assert_allclose(run(half.change.model, x), want, 0.02, 0.02)
    np.testing.assert_array_equal(run(advice["nnapi"].change.model, x), want)
    assert advice["static"].change.model.graph.input[0].type.tensor_type.shape.dim[0].dim_value == 1
    assert advice["static"].won["NNAPI"] == 0, "no node of it is taken either way"
    large = graph([helper.make_node("MatMul", ["x", "w"], ["y"])], {"w": w * 1e6}, [1, 64])
    assert rewritten.with_float16_weights(large) == 0, "float16 cannot hold them"


def test_another_opset_of_an_onnx_file() -> None:
    old = graph([helper.make_node("Relu", ["x"], ["y"])], {}, [1, 4], opset=11)
    tried = lab.Mobile(old).advice()["opset"]
    assert tried.change.model.opset_import[0].version == 18


def test_the_command_prints_it(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["mobile", UINT8, "--json"])
    plain = json.loads(capsys.readouterr().out)
    assert "target='nnapi'" in [c["change"] for c in plain["advice"]["changes"]]


def test_compare_takes_what_convert_takes() -> None:
    path = samples.path("digits_uint8")
    want = [(row.name, row.nrmse) for row in lab.compare(lab.convert(path)).rows]
    assert [(row.name, row.nrmse) for row in lab.compare(path).rows] == want
    assert [(row.name, row.nrmse) for row in lab.compare(Path(path).read_bytes()).rows] == want
    assert len(lab.compare_ops(path).rows) == len(lab.compare_ops(lab.convert(path)).rows) > 0
    with pytest.raises(lab.ConversionError):
        lab.compare("no such file.tflite")


def test_the_facade_hands_on_release_and_static() -> None:
    m = lab.Mobile(one("ABS", given([1, 6], signature=[-1, 6])).bytes())
    assert m.coreml(release="1.32", static=True).setting == {
        "format": "MLProgram",
        "version": 7,
        "release": "1.32",
        "static": True,
    }
    model = one("RELU", given([1, 6], signature=[-1, 6])).bytes()
    plain, static = lab.Mobile(model).coreml(), lab.Mobile(model).coreml(static=True)
    assert plain.nodes[0].supported and not static.nodes[0].supported
    with pytest.raises(lab.ConversionError, match=r"release='1\.30' is not known"):
        m.coreml(release="1.30")  # type: ignore[arg-type]


def test_it_is_an_answer_like_the_others() -> None:
    advice = lab.Mobile(
        one("FULLY_CONNECTED", given([1, 4]), fixed(made([3, 4], "float32")), fixed(np.zeros(3, np.float32))).bytes()
    ).advice()
    assert isinstance(advice, Advice) and advice._repr_html_() == advice.to_html()
