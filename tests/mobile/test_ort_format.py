"""Files of the ORT format: written, loaded again, equal to the ONNX session."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime as ort
import pytest
from onnx import TensorProto, helper, numpy_helper

import tfonnx_lab as lab
from tfonnx_lab import samples
from tfonnx_lab.mobile.ort_file import read_ort
from tfonnx_lab.mobile.ort_steps import STAGE
from tfonnx_lab.runtime.sessions import REPLAY

NAMES = ["digits_float", "digits_int8", "digits_uint8", "digits_dynamic_range", "digits_int16x8"]


@pytest.fixture(scope="module")
def int8() -> lab.Conversion:
    return lab.convert(samples.path("digits_int8"))


@pytest.mark.parametrize("style", ["Fixed", "Runtime"])
@pytest.mark.parametrize("name", NAMES)
def test_samples_in_both_styles(name: str, style: Any, tmp_path: Path) -> None:
    result = lab.convert(samples.path(name))
    path = tmp_path / "model.ort"
    saved = result.mobile().save(path, style=style)
    assert saved.bit_equal and saved.outputs
    session = ort.InferenceSession(str(path))  # as anybody loads it
    feed = {i.name: np.zeros([d if isinstance(d, int) else 1 for d in i.shape], i.type[7:-1].replace("float",
    "float32")) for i in session.get_inputs()}  # fmt: skip
    usual = ort.InferenceSession(result.model.SerializeToString()).run(None, feed)
    for a, b in zip(usual, session.run(None, feed), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-3, atol=5 if a.dtype.kind in "iu" else 1e-3)
    assert [p.name for p in tmp_path.iterdir()] == ["model.ort"]


def test_a_bias_has_a_zero_point(int8: lab.Conversion) -> None:
    """Without one, ONNX Runtime cannot write what it would fuse later into a Runtime-style file."""
    graph = int8.model.graph
    wide = {t.name: t for t in graph.initializer if t.data_type == TensorProto.INT32}
    biases = [n for n in graph.node if n.op_type == "DequantizeLinear" and n.input[0] in wide]
    assert biases
    for node in biases:
        zero = numpy_helper.to_array(wide[node.input[2]])
        assert zero.dtype == np.int32 and not zero.any()
    kernels = int8.runtime().kernels
    assert kernels["QLinearConv"] and not kernels["Conv"], "ONNX Runtime fuses them as before"


def test_runtime_style_records_and_replays(int8: lab.Conversion, tmp_path: Path) -> None:
    saved = int8.mobile().save(tmp_path / "model.ort", style="Runtime")
    assert saved.model.records and REPLAY in str(saved)
    assert {n.op for n in saved.model.nodes} >= {"Conv", "DequantizeLinear"}, (
        "an accelerator sees the ops that it knows"
    )
    replayed = int8.mobile().ort("Runtime", apply=True)
    assert "QLinearConv" in {n.op for n in replayed.nodes} and not replayed.records
    names = {n.identifier for n in replayed.nodes}
    for given in (tmp_path / "model.ort", (tmp_path / "model.ort").read_bytes()):
        m = lab.Mobile(given)
        assert {n.identifier for n in m.ort(apply=True).nodes} == names, "also of the file alone"
        assert {f"{k.domain}:{k.op}:{k.since_version}" for k in m.kernels} == names | {
            n.identifier for n in m.ort().nodes
        }


def test_a_bias_without_a_zero_point_is_written_in_runtime_style(int8: lab.Conversion, tmp_path: Path) -> None:
    """Files of other converters have none; the model that is compared with stays as it is."""
    model = onnx.ModelProto()
    model.CopyFrom(int8.model)
    wide = {t.name for t in model.graph.initializer if t.data_type == TensorProto.INT32}
    bare = [n for n in model.graph.node if n.op_type == "DequantizeLinear" and n.input[0] in wide]
    for node in bare:
        del node.input[2:]
    before = model.SerializeToString()
    saved = lab.Mobile(model).save(tmp_path / "m.ort", style="Runtime")
    assert bare and saved.bit_equal and saved.model.records and model.SerializeToString() == before
    assert lab.Mobile(model).trace("Runtime").counts()[STAGE]["assign_kernels"] == 1


def test_a_model_that_divides_by_its_input_is_compared(tmp_path: Path) -> None:
    node = helper.make_node("Div", ["a", "b"], ["y"])
    values = [helper.make_tensor_value_info(n, TensorProto.INT32, [4]) for n in ("a", "b", "y")]
    model = helper.make_model(
        helper.make_graph([node], "g", values[:2], values[2:]),
        opset_imports=[helper.make_opsetid("", 18)],
        ir_version=8,
    )
    assert lab.Mobile(model).save(tmp_path / "m.ort").bit_equal


def test_what_cannot_be_replayed_is_not_recorded(tmp_path: Path) -> None:
    """ONNX Runtime 1.32 records a MatMul of two dequantized uint8 tensors so that it cannot load it again."""
    scale, zero = (
        numpy_helper.from_array(np.array(0.05, np.float32), "scale"),
        numpy_helper.from_array(np.array(3, np.uint8), "zero"),
    )
    nodes = [helper.make_node("DequantizeLinear", [v, "scale", "zero"], [f"real_{v}"]) for v in "ab"]
    nodes.append(helper.make_node("MatMul", ["real_a", "real_b"], ["y"]))
    a, b = (helper.make_tensor_value_info(n, TensorProto.UINT8, s) for n, s in (("a", [3, 4]), ("b", [4, 5])))
    y = helper.make_tensor_value_info("y", TensorProto.FLOAT, [3, 5])
    model = helper.make_model(
        helper.make_graph(nodes, "g", [a, b], [y], [scale, zero]),
        opset_imports=[helper.make_opsetid("", 18)],
        ir_version=8,
    )
    m = lab.Mobile(model, style="Runtime")
    saved = m.save(tmp_path / "m.ort")
    assert saved.bit_equal and replays(tmp_path / "m.ort")
    assert saved.model.records or (saved.settings.level == "basic" and "nothing is recorded" in str(saved))
    assert m.ort().records == saved.model.records


def replays(path: Path) -> bool:
    """Whether a session with replay takes the file."""
    options = ort.SessionOptions()
    options.add_session_config_entry(REPLAY, "1")
    return bool(ort.InferenceSession(str(path), options, providers=["CPUExecutionProvider"]).get_outputs())


def test_unknown_dimensions_may_have_to_be_large(tmp_path: Path) -> None:
    weights = numpy_helper.from_array(np.ones((1, 1, 7, 7), np.float32), "w")
    node = helper.make_node("Conv", ["x", "w"], ["y"])
    x = helper.make_tensor_value_info("x", TensorProto.FLOAT, [1, 1, "h", "w_"])
    y = helper.make_tensor_value_info("y", TensorProto.FLOAT, None)
    model = helper.make_model(
        helper.make_graph([node], "g", [x], [y], [weights]), opset_imports=[helper.make_opsetid("", 18)], ir_version=8
    )
    assert lab.Mobile(model).save(tmp_path / "m.ort").bit_equal


def test_result_save_writes_the_ort_format(int8: lab.Conversion, tmp_path: Path) -> None:
    assert int8.save(tmp_path / "m.ort") == tmp_path / "m.ort"
    assert read_ort(tmp_path / "m.ort").style == "Fixed"


def test_platforms_and_levels(int8: lab.Conversion) -> None:
    m = lab.convert(samples.path("digits_float")).mobile()
    assert "com.microsoft.nchwc" in {n.domain for n in m.ort(target_platform="amd64").nodes}
    assert "com.microsoft.nchwc" not in {n.domain for n in m.ort().nodes}
    n = int8.mobile()
    sizes = [len(n.ort(level=level).nodes) for level in ("disable", "basic", "extended", "layout", "all")]
    assert sizes[0] == len(n.source.proto.graph.node) >= sizes[1] > sizes[2] >= sizes[4]
    arm = lab.convert(samples.path("digits_int8"), target="arm64").mobile()
    assert "QLinearConv" in {n.op for n in arm.ort(target_platform="arm").nodes}
