"""The view of a small device without a browser: what it answers, when, and how it follows the selection."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import onnx
import pytest

import tfonnx_lab as lab
from tfonnx_lab import samples
from tfonnx_lab.mobile.basic import seen_by_provider
from tfonnx_lab.mobile.model import Mobile
from tfonnx_lab.widgets import _mobile as shaped
from widgets.front import refused

TRAITS = ("data", "brief", "ort", "kernels", "size", "provider", "advice", "around")


@pytest.fixture(scope="module")
def result() -> lab.Conversion:
    return lab.convert(samples.path("digits_int8"))


@pytest.fixture
def view(result: lab.Conversion) -> lab.MobileView:
    return lab.MobileView(result)


def test_nothing_is_computed_before_it_is_asked(result: lab.Conversion, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    def once(self: Mobile, key: object, make: Callable[[], object]) -> object:
        asked.append(str(key))
        return make()

    monkeypatch.setattr(Mobile, "_once", once)
    view = lab.MobileView(result)
    assert asked == [] and view.brief == {}
    assert "not asked yet" in view.text() and "not asked yet" in view.html()
    view.ask("xnnpack")
    assert len(asked) == 1 and "xnnpack" in asked[0]


def test_every_answer_is_json_and_has_a_form_without_a_front_end(view: lab.MobileView, result: lab.Conversion) -> None:
    for question in shaped.QUESTIONS:
        view.ask(question)
        assert (view.shown, view.message, view.busy) == (question, "", "")
    json.dumps([getattr(view, name) for name in TRAITS], allow_nan=False)
    m = result.mobile()
    assert view.brief["nnapi"].startswith(f"{40} of {len(m.nnapi().nodes)} nodes")
    assert f"{len(m.kernels)} kernels" in view.brief["kernels"]
    assert [s["bytes"] for s in view.size["steps"]] == [s.sum.total for s in m.size().steps]
    assert all(text in view.text() for text in view.brief.values())
    assert "not asked yet" not in view.text() and view.html().count("<table>") == 3


def test_an_op_chosen_elsewhere_opens_its_node_and_back(result: lab.Conversion) -> None:
    it = lab.Lab(result)
    view = it.view("Mobile")
    view.ask("nnapi")
    own = [r for r in view.provider["rows"] if 4 in r["origins"]]
    assert own[0]["partition"] is not None and any(r["partition"] is None for r in own)
    it.selection = 4
    row = next(r for r in view.provider["rows"] if r["node"] == view.picked)
    assert 4 in row["origins"] and row["partition"] is None, "of its nodes one on the CPU"
    assert str(view.picked) in view.around["partitions"]
    other = next(r for r in view.provider["rows"] if r["op"] == "Softmax")
    view.picked = other["node"]
    assert it.selection == other["tflite"]
    assert it.node is not None and it._facts.wide.nodes[it.node]["name"] == other["name"]
    view.ask("coreml")
    picked = next(r for r in view.provider["rows"] if r["node"] == view.picked)
    assert it.selection in picked["origins"], "another provider opens the same op"
    it.close()


def test_what_a_node_on_the_cpu_costs(view: lab.MobileView) -> None:
    view.ask("nnapi")
    answer = view.mobile.nnapi()
    crossing = {c.value for c in answer.crossings}
    for node in answer.fallback:
        view.picked = node.index
        near = next(n for n in seen_by_provider(view.mobile.source.as_onnx).nodes if n.index == node.index)
        told = {text.split("  ")[0] for text in view.around["crossings"]}
        assert told == crossing & {*near.inputs, *near.outputs}
    pooled = next(n for n in answer.fallback if n.op == "Concat")
    view.picked = pooled.index
    assert view.around["crossings"]


def test_a_kernel_taken_away_and_put_back(view: lab.MobileView, result: lab.Conversion) -> None:
    view.ask("kernels")
    needed = result.mobile().config()
    clip = {"domain": "ai.onnx", "op": "Clip", "version": 13}
    view.act("keep", {**clip, "on": False})
    assert view.kernels["runs"] == 0 and "Clip is not in the config" in view.kernels["broken"][0]["why"]
    assert view.build == needed.without("ai.onnx", "Clip") and view.kernels["changed"]
    view.act("keep", {**clip, "on": True})
    assert view.build == needed and not view.kernels["changed"]
    word = {"arg": ["inputs", 0], "word": "uint8_t", "domain": "ai.onnx", "op": "Clip"}
    view.act("type", {**word, "on": False})
    assert view.kernels["runs"] == 0 and "uint8_t" in view.kernels["broken"][0]["why"]
    row = next(r for r in view.kernels["rows"] if r["op"] == "Clip")
    assert row["types"][0]["words"] == [{"word": "uint8_t", "on": False}], "it can be ticked again"
    view.act("type", {**word, "on": True})
    assert view.build == needed


def test_the_three_ways_of_types(view: lab.MobileView) -> None:
    view.ask("kernels")
    by_op = view.kernels["bytes"]
    view.act("typed", {"how": "all types"})
    assert view.build.types == {} and view.kernels["how"] == "all types" and view.kernels["runs"] == 1
    view.act("typed", {"how": "one list for all operators"})
    assert {b["word"] for b in view.kernels["global"]} == set(view.build.global_types or ())
    view.act("type", {"word": "uint8_t", "on": False})
    assert view.kernels["runs"] == 0
    view.act("typed", {"how": "types by operator"})
    assert view.kernels["bytes"] == by_op and view.kernels["runs"] == 1


def test_a_folder_of_models(view: lab.MobileView, tmp_path: Path) -> None:
    for name in ("digits_float", "digits_uint8"):
        (tmp_path / f"{name}.tflite").write_bytes(Path(samples.path(name)).read_bytes())
    (tmp_path / "broken.onnx").write_bytes(b"no model")
    view.ask("kernels")
    view.act("folder", {"path": str(tmp_path)})
    assert view.kernels["models"] == 3 and "broken.onnx" in view.message
    assert {b["model"] for b in view.kernels["broken"]} >= {"digits_float.tflite"}
    view.act("reset", {})
    assert view.kernels["runs"] == 3 and view.message == ""
    concat = next(r for r in view.kernels["rows"] if r["op"] == "Concat")
    assert concat["nodes"] == 3, "one of each model"


def test_files_are_written_where_they_are_asked_for(view: lab.MobileView, tmp_path: Path) -> None:
    view.act("save", {"what": "ort", "path": str(tmp_path / "m.ort")})
    assert "same numbers" in view.message and (tmp_path / "m.ort").stat().st_size > 1000
    view.act("save", {"what": "config", "path": str(tmp_path / "m.config")})
    assert lab.KernelConfig.read(tmp_path / "m.config") == view.build
    view._answer(view, {"do": "save", "what": "ort", "path": str(tmp_path / "m.onnx")}, [])
    assert "has to end in .ort" in view.message and view.busy == ""


def test_another_style_asks_anew(view: lab.MobileView) -> None:
    view.ask("kernels")
    fixed = {(r["domain"], r["op"]) for r in view.kernels["rows"]}
    view.act("file", {"style": "Runtime", "platform": ""})
    assert view.ort["style"] == "Runtime" and "kernels" not in view.brief and view.kernels == {}
    view.ask("kernels")
    assert {(r["domain"], r["op"]) for r in view.kernels["rows"]} != fixed


def test_advice_is_tried(view: lab.MobileView) -> None:
    view.ask("advice")
    tries = [row["try"] for row in view.advice["rows"] if row["try"]]
    assert {"target": "nnapi"} in tries and {"dequantize": True} in tries
    row = next(row for row in view.advice["rows"] if row["try"] == {"dequantize": True})
    view.act("try", {"options": row["try"]})
    assert "dequantize=True" in view.message and "14 of 17 nodes" in view.message and "now 3 of 49" in view.message
    assert shaped.tries("make the bias an initializer") is None


def test_a_model_that_was_not_converted_here(tmp_path: Path, result: lab.Conversion) -> None:
    path = tmp_path / "model.onnx"
    result.save(path)
    view = lab.MobileView(path, question="nnapi")
    assert not view.data["converted"] and view.provider["rows"]
    view.picked = view.provider["rows"][0]["node"]
    assert view.around["nodes"] and view.selection is not None, "the file names the TFLite ops"
    view._answer(view, {"do": "try", "options": {"dequantize": True}}, [])
    assert "only a model that was converted here" in view.message


def test_an_op_that_is_left_is_told_in_the_tab() -> None:
    it = lab.Lab(samples.path("digits_unsupported"))
    assert "Not converted yet" in refused(it, "Mobile")
    it.close()


def test_what_stands_in_the_way_is_told_and_the_rest_still_answers() -> None:
    tensor = onnx.helper.make_tensor("x", onnx.TensorProto.INT4, [2], [1, 2])
    graph = onnx.helper.make_graph(
        [onnx.helper.make_node("Identity", ["x"], ["y"])],
        "four_bits",
        [],
        [onnx.helper.make_tensor_value_info("y", onnx.TensorProto.INT4, [2])],
        [tensor],
    )
    view = lab.MobileView(
        onnx.helper.make_model(graph, opset_imports=[onnx.helper.make_opsetid("", 21)], ir_version=10)
    )
    view.ask("ort")
    assert view.brief["ort"] == "no answer" and view.shown == "ort" and view.ort == {} and view.busy == ""
    assert "four_bits" in view.message
    view.ask("xnnpack")
    assert view.message == "" and view.provider["rows"]
