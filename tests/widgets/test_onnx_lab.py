"""The lab of an ONNX model that somebody else made: our optimizers as steps, parity before and after, ranges, .ort."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

import tfonnx_lab as lab
from tfonnx_lab import samples
from tfonnx_lab.conversion.onnx_pass import OnnxPass, optimize_onnx
from tfonnx_lab.conversion.pipeline import STAGES
from tfonnx_lab.errors import ConversionError
from tfonnx_lab.parity.onnx_pair import compare_onnx
from tfonnx_lab.patterns import onnx as onnx_pattern
from tfonnx_lab.patterns import var
from tfonnx_lab.widgets.onnx_lab import OnnxLab, _far


def theirs(opset: int = 17) -> onnx.ModelProto:
    """Two Transposes around a Relu, and a Sqrt between DQ and Q."""
    constants = {"scale": np.float32(0.1), "zero": np.uint8(0)}
    nodes = [
        helper.make_node("Transpose", ["x"], ["a"], "first", perm=[0, 2, 3, 1]),
        helper.make_node("Relu", ["a"], ["b"], "relu"),
        helper.make_node("Transpose", ["b"], ["c"], "second", perm=[0, 3, 1, 2]),
        helper.make_node("QuantizeLinear", ["c", "scale", "zero"], ["d"], "q"),
        helper.make_node("DequantizeLinear", ["d", "scale", "zero"], ["e"], "dq"),
        helper.make_node("Sqrt", ["e"], ["f"], "root"),
        helper.make_node("QuantizeLinear", ["f", "scale", "zero"], ["g"], "q2"),
        helper.make_node("DequantizeLinear", ["g", "scale", "zero"], ["y"], "dq2"),
    ]
    ends = [helper.make_tensor_value_info(name, TensorProto.FLOAT, [1, 3, 4, 5]) for name in ("x", "y")]
    held = [numpy_helper.from_array(np.asarray(value), name) for name, value in constants.items()]
    graph = helper.make_graph(nodes, "theirs", ends[:1], ends[1:], held)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=8, producer_name="other")


@pytest.fixture
def it() -> Iterator[Any]:
    made = lab.Lab(theirs())
    yield made
    made.close()


def test_our_optimizers_are_steps_and_the_result_is_kept(it: Any, tmp_path: Path) -> None:
    assert isinstance(it, OnnxLab)
    assert [step.rule["name"] for step in it.result.trace] == ["transpose_behind_unary", "merge_transposes"]
    assert [n.op_type for n in it.result.model.graph.node].count("Transpose") == 0
    view = it.view("Overview")
    assert view.data["counts"].startswith(f"8 nodes became {len(it.result.model.graph.node)} in ")
    assert "made by other" in view.data["made"]
    view.act("keep", {"path": str(tmp_path / "kept.onnx")})
    kept = onnx.load(tmp_path / "kept.onnx")
    onnx.checker.check_model(kept)
    x = np.random.default_rng(0).standard_normal((1, 3, 4, 5)).astype(np.float32)
    np.testing.assert_array_equal(run(kept, x), run(theirs(), x))


def run(model: onnx.ModelProto, x: np.ndarray) -> Any:
    import onnxruntime

    return onnxruntime.InferenceSession(model.SerializeToString()).run(None, {"x": x})[0]


def test_why_an_op_between_q_and_dq_stays_float(it: Any) -> None:
    row = it.view("ONNX Runtime").data["rows"][0]
    assert (row["op"], row["on"], row["far"], row["origin"]) == ("Sqrt", "float island", True, 5)
    assert row["why"]
    assert it.view("Overview").data["islands"][0]["why"] == row["why"]


def test_parity_before_and_after(it: Any) -> None:
    title = it.view("Parity").data["title"]
    assert title.endswith("the outputs are equal")
    assert it.view("Overview").data["verdict"]["ok"]


def test_a_wrong_optimizer_is_seen() -> None:
    before = [list(stage) for stage in STAGES]

    @lab.optimizer(onnx_pattern.Sqrt(var("x"), name="node"))
    def broken(op: Any, node: Any, x: Any) -> Any:
        """Sqrt => Identity."""
        return op.Identity(x)

    try:
        it = lab.Lab(theirs())
        assert it.view("Parity").data["title"].endswith("y differ")
        assert it.view("Overview").data["verdict"]["ok"] is False
        it.close()
    finally:
        for stage, old in zip(STAGES, before, strict=True):
            for rule in [r for r in stage if r not in old]:
                stage.remove(rule)


def test_an_output_that_is_no_number_is_far() -> None:
    rows = [SimpleNamespace(name=name, nrmse=nrmse) for name, nrmse in (("a", 0.0), ("b", float("nan")), ("c", 0.1))]
    assert _far(SimpleNamespace(outputs=rows)) == ["b", "c"]


def test_ranges_say_what_is_clipped(it: Any) -> None:
    rows = it.view("Ranges").data["rows"]
    assert [(row["op"], row["low"], row["ends"]) for row in rows] == [
        ("Transpose", 0.0, "at 0: a ReLU"),
        ("Sqrt", 0.0, "at 0: a ReLU"),
    ]
    assert rows[0]["high"] == pytest.approx(25.5) and rows[0]["clipped"] == 0
    assert rows[0]["least"] == 0 and 0 < rows[0]["most"] < 6


def test_one_selection_for_all_tabs(it: Any) -> None:
    for name in it.tabs:
        it.view(name)
    it.view("ONNX Runtime").selection = 5
    assert it.selection == 5
    assert it.about.detail["type"] == "Sqrt"
    assert it.result.trace.start["nodes"][5]["id"] == it.view("Source").left.selected


def test_an_opset_that_we_do_not_write_is_shown_as_it_is() -> None:
    result = optimize_onnx(theirs(11))
    assert result.why_not.startswith("opset 11 is not one") and len(result.trace) == 0
    assert [n.op_type for n in result.model.graph.node] == [n.op_type for n in theirs().graph.node]


def test_an_ort_file(tmp_path: Path) -> None:
    lab.convert(samples.path("digits_int8")).save(tmp_path / "m.ort")
    it = lab.Lab(tmp_path / "m.ort")
    assert it.tabs[:2] == ["Overview", "File"]
    assert "ai.onnx" in it.view("File").html()
    for name in it.tabs:
        it.view(name)
    it.close()


@pytest.mark.parametrize("source", [b"", b"no model at all", b"\x08\x07"])
def test_what_is_no_onnx_model_is_refused(source: bytes) -> None:
    with pytest.raises(ConversionError, match="ONNX model"):
        optimize_onnx(source)


def test_every_sample_keeps_its_numbers() -> None:
    for name in ("digits_float", "digits_int8", "digits_uint8", "digits_dynamic_range"):
        result = optimize_onnx(lab.convert(samples.path(name)).model)
        assert isinstance(result, OnnxPass)
        [output] = compare_onnx(result).outputs
        assert output.nrmse < 1e-5, name
