"""The reader of .ort files, against ONNX Runtime's own view of what it wrote."""

from __future__ import annotations

import importlib
import json
import random
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import flatbuffers
import numpy as np
import onnx
import onnxruntime as ort
import pytest
from onnx import TensorProto, helper, numpy_helper

import tfonnx_lab as lab
from tfonnx_lab import samples
from tfonnx_lab.mobile._fbs import fbs
from tfonnx_lab.mobile.ort_file import read_ort

NO_BLOCKS = ["NchwcTransformer"]  # a layout for one kind of CPU


def written(model: onnx.ModelProto, folder: Path, level: str = "ORT_DISABLE_ALL", save: bool = False) -> Path:
    """The model as a file of the ORT format, by ONNX Runtime alone."""
    options = ort.SessionOptions()
    options.optimized_model_filepath = str(folder / "model.ort")
    options.graph_optimization_level = getattr(ort.GraphOptimizationLevel, level)
    options.add_session_config_entry("session.save_model_format", "ORT")
    if save:
        options.add_session_config_entry("optimization.minimal_build_optimizations", "save")
    options.log_severity_level = 4
    ort.InferenceSession(model.SerializeToString(), options, ["CPUExecutionProvider"], disabled_optimizers=NO_BLOCKS)
    return folder / "model.ort"


def loop_model() -> onnx.ModelProto:
    """A Loop whose body reads a constant from around it; an attribute of every kind, an omitted input, strings."""
    body = helper.make_graph(
        [
            helper.make_node("Identity", ["more"], ["more_out"]),
            helper.make_node("Add", ["state", "step"], ["next"], name="add"),
            helper.make_node("Identity", ["next"], ["seen"]),
        ],
        "body",
        [helper.make_tensor_value_info("i", TensorProto.INT64, []), helper.make_tensor_value_info("more",
        TensorProto.BOOL, []),
         helper.make_tensor_value_info("state", TensorProto.FLOAT, [2])],
        [helper.make_tensor_value_info("more_out", TensorProto.BOOL, []),
         helper.make_tensor_value_info("next", TensorProto.FLOAT, [2]), helper.make_tensor_value_info("seen",
         TensorProto.FLOAT, [2])],
    )  # fmt: skip
    graph = helper.make_graph(
        [
            helper.make_node("Loop", ["count", "", "x"], ["last", "all"], name="loop", body=body),
            helper.make_node("Clip", ["last", "", "top"], ["y"], name="clip"),
            helper.make_node("LabelEncoder", ["word"], ["code"], name="codes", domain="ai.onnx.ml", keys_strings=["a",
            "b"], values_int64s=[4, 5], default_int64=-1),
            helper.make_node("LeakyRelu", ["y"], ["z"], name="leaky", alpha=0.25),
        ],
        "main",
        [helper.make_tensor_value_info("count", TensorProto.INT64, []), helper.make_tensor_value_info("x",
        TensorProto.FLOAT, [2]),
         helper.make_tensor_value_info("word", TensorProto.STRING, ["n"])],
        [helper.make_tensor_value_info("z", TensorProto.FLOAT, [2]), helper.make_tensor_value_info("all",
        TensorProto.FLOAT, [None, 2]),
         helper.make_tensor_value_info("code", TensorProto.INT64, ["n"])],
        [numpy_helper.from_array(np.array([1, 2], np.float32), "step"), numpy_helper.from_array(np.array(5,
        np.float32), "top")],
    )  # fmt: skip
    return helper.make_model(
        graph, opset_imports=[helper.make_opsetid("", 18), helper.make_opsetid("ai.onnx.ml", 3)], ir_version=8
    )


def test_every_part_of_a_file_is_read(tmp_path: Path) -> None:
    model = read_ort(written(loop_model(), tmp_path))
    assert [n.op for n in model.graph.nodes] == ["Loop", "Clip", "LabelEncoder", "LeakyRelu"]
    assert [g.path for g in model.graphs] == ["", "loop.body"]
    loop, clip, codes, leaky = model.graph.nodes
    assert loop.inputs == ("count", "", "x") and loop.implicit_inputs == ("step",)
    assert loop.attribute("body") == "loop.body"
    assert clip.identifier == "ai.onnx:Clip:13" and clip.inputs == ("last", "", "top")
    assert clip.provider == "CPUExecutionProvider"
    assert codes.identifier == "ai.onnx.ml:LabelEncoder:2"
    assert codes.attribute("keys_strings") == ("a", "b") and codes.attribute("values_int64s") == (4, 5)
    assert leaky.attribute("alpha") == 0.25
    assert [(v.name, v.type, v.shape) for v in model.inputs] == [
        ("count", "int64", ()), ("x", "float32", (2,)), ("word", "string", ("n",)),
    ]  # fmt: skip
    assert model.value("all").shape == (None, 2)
    add = next(n for n in model.nodes if n.op == "Add")
    assert add.path == "loop.body"
    constant = model.constant("step", add.path)
    assert constant is not None and constant.numpy().tolist() == [1, 2]
    assert model.constant("state", add.path) is None and model.value("step", add.path).dtype == "float32"
    assert model.opsets[""] == 18 and model.opsets["ai.onnx.ml"] == 3
    assert model.resolver["ai.onnx:Clip:13"]["T"] == (("input", 0), ("input", 1), ("input", 2), ("output", 0))
    assert model.style == "Fixed" and model.format_version.isdigit()


@pytest.mark.parametrize("name", ["digits_float", "digits_int8"])
def test_nodes_are_those_of_the_session(name: str, tmp_path: Path) -> None:
    """ONNX Runtime writes the same optimized graph as an ONNX file: that is the reference."""
    model = lab.convert(samples.path(name)).model
    ours = read_ort(written(model, tmp_path, "ORT_ENABLE_ALL"))
    options = ort.SessionOptions()
    options.optimized_model_filepath = str(tmp_path / "model.onnx")
    options.log_severity_level = 4
    ort.InferenceSession(model.SerializeToString(), options, ["CPUExecutionProvider"], disabled_optimizers=NO_BLOCKS)
    theirs = onnx.load(tmp_path / "model.onnx")
    assert sorted((n.op_type, *n.input, *n.output) for n in theirs.graph.node) == sorted(
        (n.op, *n.inputs, *n.outputs) for n in ours.nodes
    )
    for tensor in theirs.graph.initializer:
        found = ours.graph.initializers[tensor.name].numpy()
        np.testing.assert_array_equal(found, numpy_helper.to_array(tensor))
        assert found.dtype == numpy_helper.to_array(tensor).dtype


def test_nodes_stand_behind_what_they_read(tmp_path: Path) -> None:
    model = read_ort(written(lab.convert(samples.path("digits_int8")).model, tmp_path, "ORT_ENABLE_ALL"))
    known = {*model.graph.inputs, *model.graph.initializers, ""}
    for node in model.graph.nodes:
        assert set(node.inputs) <= known
        known |= set(node.outputs)


def test_what_a_runtime_style_file_recorded(tmp_path: Path) -> None:
    model = lab.convert(samples.path("digits_float"), opset=18).model
    found = read_ort(written(model, tmp_path, "ORT_ENABLE_ALL", save=True))
    assert found.style == "Runtime" and found.records
    record = found.records[0]
    assert record.optimizer and record.action and record.produced[0].split(":")[0] in ("com.microsoft", "ai.onnx")
    indices = {n.index for n in found.graph.nodes}
    assert set(record.nodes) - {None} <= indices
    assert "Recorded for later" in str(found) and record.optimizer in str(found)


def test_an_answer_prints_shows_and_is_json(tmp_path: Path) -> None:
    model = read_ort(written(loop_model(), tmp_path))
    assert "ai.onnx:Clip:13" in str(model) and "loop.body" in str(model)
    assert "<table>" in model._repr_html_() and "ai.onnx:Clip:13" in model._repr_html_()
    data = json.loads(json.dumps(model.to_json()))
    assert [n["op"] for n in data["graphs"][0]["nodes"]] == ["Loop", "Clip", "LabelEncoder", "LeakyRelu"]
    assert data["graphs"][0]["initializers"]["step"] == {"dtype": "float32", "shape": [2], "bytes": 8}


def test_no_folder_stays_on_the_path_and_nothing_is_logged(tmp_path: Path) -> None:
    path = written(loop_model(), tmp_path)
    code = f"""
import sys
before = list(sys.path)
from tfonnx_lab.mobile._fbs import fbs
from tfonnx_lab.mobile.ort_file import read_ort
read_ort({str(path)!r})
assert sys.path == before, set(sys.path) - set(before)
import onnxruntime.tools.ort_format_model as stock  # the stock reader still works behind ours
processor = stock.OrtFormatModelProcessor({str(path)!r}, {{}}, stock.OperatorTypeUsageManager())
processor.process()
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout == "" and done.stderr == ""


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "it is empty"),
        (b"\x00" * 64, "ORTM"),
        (loop_model().SerializeToString(), "ONNX model"),
        (samples.path("digits_int8").read_bytes(), "TFLite"),
        (b"\x10\x00\x00\x00ORTM", "damaged"),
    ],
)
def test_another_kind_of_file_is_told(data: bytes, said: str, tmp_path: Path) -> None:
    path = tmp_path / "model.ort"
    path.write_bytes(data)
    with pytest.raises(lab.ConversionError, match=said) as error:
        read_ort(path)
    assert str(path) in str(error.value)


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(lab.ConversionError, match="No such file"):
        read_ort(tmp_path / "no.ort")
    with pytest.raises(lab.ConversionError, match="Is a directory"):
        read_ort(tmp_path)


@pytest.mark.parametrize("seed", range(4))
def test_a_damaged_file_is_read_or_refused(seed: int, tmp_path: Path) -> None:
    """Cut off, or with bytes changed: a model or one ConversionError, and soon."""
    good = written(loop_model(), tmp_path).read_bytes()
    rng = random.Random(seed)
    refused = 0
    for _ in range(120):
        data = bytearray(good[: rng.randrange(8, len(good))] if rng.random() < 0.3 else good)
        for _ in range(rng.randrange(1, 6)):
            data[rng.randrange(len(data))] = rng.choice((0, 1, 127, 255, rng.randrange(256)))
        try:
            str(read_ort(bytes(data)))
        except lab.ConversionError as error:
            refused += 1
            assert "<bytes>" in str(error)
    assert 20 < refused < 120


def test_a_small_file_that_describes_a_large_one_is_refused_soon() -> None:
    """Entries of a vector may lead to one table: 100 kB would be 400 million dimensions."""
    builder = flatbuffers.Builder(1 << 18)

    def module(name: str) -> Any:
        fbs(name)
        return importlib.import_module(f"ort_flatbuffers_py.fbs.{name}")

    def vector(start: Any, item: int) -> int:
        start(builder, 12_000)
        for _ in range(12_000):
            builder.PrependUOffsetTRelative(item)
        return int(builder.EndVector())

    def table(name: str, **fields: Any) -> int:
        made = module(name)
        made.Start(builder)
        for field, value in fields.items():
            getattr(made, f"Add{field}")(builder, value)
        return int(made.End(builder))

    shape = table("Shape", Dim=vector(module("Shape").StartDimVector, table("Dimension")))
    tensor = table("TensorTypeAndShape", ElemType=1, Shape=shape)
    value = table("ValueInfo", Type=table("TypeInfo", ValueType=1, Value=tensor))
    graph = table("Graph", NodeArgs=vector(module("Graph").StartNodeArgsVector, value))
    builder.Finish(table("InferenceSession", Model=table("Model", Graph=graph)), b"ORTM")
    data = bytes(builder.Output())
    began = time.perf_counter()
    with pytest.raises(lab.ConversionError, match="more items than the file has room for"):
        read_ort(data)
    assert len(data) < 200_000 and time.perf_counter() - began < 5
