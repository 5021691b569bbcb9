"""Files of the ORT format: written, loaded again, equal to the ONNX session; what cannot be written is told, and leaves
nothing."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime as ort
import pytest
from onnx import TensorProto, helper, numpy_helper

import tfonnx_lab as lab
from tfonnx_lab import samples
from tfonnx_lab.mobile import ort_check, ort_format
from tfonnx_lab.mobile.ort_file import read_ort
from tfonnx_lab.mobile.ort_stage import STAGE
from tfonnx_lab.mobile.sessions import outputs_of, sample_inputs
from tfonnx_lab.runtime.sessions import REPLAY

NAMES = ["digits_float", "digits_int8", "digits_uint8", "digits_dynamic_range", "digits_int16x8"]


def one_op(op: str, weights: list[onnx.TensorProto], *, opset: int = 21, **attributes: Any) -> onnx.ModelProto:
    """A model of one op, whose first input is fed."""
    node = helper.make_node(op, ["x", *(w.name for w in weights)], ["y"], **attributes)
    graph = helper.make_graph([node], "g", [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["n", 4])],
                              [helper.make_tensor_value_info("y", TensorProto.FLOAT, None)], weights)  # fmt: skip
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=10)


def four_bits() -> onnx.ModelProto:
    """Weights of 4 bits that no fusion takes in: they are added."""
    codes = helper.make_tensor("codes", TensorProto.INT4, [4, 4], bytes(8), raw=True)
    scale = numpy_helper.from_array(np.array(0.5, np.float32), "scale")
    nodes = [
        helper.make_node("DequantizeLinear", ["codes", "scale"], ["w"]),
        helper.make_node("Add", ["x", "w"], ["y"]),
    ]
    graph = helper.make_graph(nodes, "g", [helper.make_tensor_value_info("x", TensorProto.FLOAT, [4, 4])],
                              [helper.make_tensor_value_info("y", TensorProto.FLOAT, [4, 4])], [codes,
                              scale])  # fmt: skip
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 21)], ir_version=10)


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


def test_unknown_dimensions_are_not_tried_without_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Five of them at 64 would be a billion elements. This model runs at none: its weights need 7 channels."""
    weights = numpy_helper.from_array(np.ones((1, 7, 1, 1, 1), np.float32), "w")
    x = helper.make_tensor_value_info("x", TensorProto.FLOAT, ["a", "b", "c", "d", "e"])
    y = helper.make_tensor_value_info("y", TensorProto.FLOAT, None)
    graph = helper.make_graph([helper.make_node("Conv", ["x", "w"], ["y"])], "g", [x], [y], [weights])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=8)
    honest, sizes = sample_inputs, []

    def watched(session: Any, seed: int, unknown: int = 1) -> Any:
        sizes.append(unknown**5)
        assert sizes[-1] <= 2**20
        return honest(session, seed, unknown)

    monkeypatch.setattr(ort_check, "sample_inputs", watched)
    saved = lab.Mobile(model).save(tmp_path / "m.ort")
    assert "not compared" in str(saved) and sizes == [1, 4**5, 16**5]


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


@pytest.mark.parametrize(
    "bad", [{"style": "fixed"}, {"level": 99}, {"level": True}, {"target_platform": "x86"}, {"style": ["Fixed"]}]
)
def test_an_unknown_value_is_refused_with_the_allowed_ones(
    bad: dict[str, Any], int8: lab.Conversion, tmp_path: Path
) -> None:
    with pytest.raises(lab.ConversionError, match="it is one of") as error:
        int8.mobile().save(tmp_path / "m.ort", **bad)
    assert repr(next(iter(bad.values()))) in str(error.value)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("question", "bad"),
    [("nnapi", {"level": 32}), ("nnapi", {"level": "31"}), ("nnapi", {"nchw": 1}), ("coreml", {"format": "mlprogram"}),
    ("coreml", {"version": 4})],
)  # fmt: skip
def test_a_provider_is_asked_only_what_it_knows(question: str, bad: dict[str, Any], int8: lab.Conversion) -> None:
    with pytest.raises(lab.ConversionError, match="it is one of"):
        getattr(int8.mobile(), question)(**bad)


def test_more_than_2_gb_is_refused_at_once(tmp_path: Path) -> None:
    """The weights lie beside the model, as a hole in a file: nothing reads them."""
    path = tmp_path / "large.onnx"
    weights = onnx.TensorProto(
        name="w", data_type=TensorProto.FLOAT, dims=[4, 2**27 + 2**18], data_location=TensorProto.EXTERNAL
    )
    size = 16 * (2**27 + 2**18)
    for key, value in (("location", "large.bin"), ("offset", "0"), ("length", str(size))):
        weights.external_data.add(key=key, value=value)
    path.write_bytes(one_op("MatMul", [weights]).SerializeToString())
    with (tmp_path / "large.bin").open("wb") as file:
        file.truncate(size)
    began = time.perf_counter()
    with pytest.raises(lab.ConversionError, match=r"take 2151\.68 MB.*2 GB.*What to do") as error:
        lab.Mobile(path).save(tmp_path / "large.ort")
    assert time.perf_counter() - began < 5 and str(path) in str(error.value)
    assert not (tmp_path / "large.ort").exists()


def test_halves_that_grow_count_as_they_will_be() -> None:
    model = one_op("MatMul", [])
    model.graph.node[0].input.append("w")
    model.graph.node.insert(0, helper.make_node("Cast", ["h"], ["w"], to=TensorProto.FLOAT))
    model.graph.initializer.append(numpy_helper.from_array(np.zeros((4, 1000), np.float16), "h"))
    m = lab.Mobile(model)
    assert m.ort().size > 16_000 > m.ort(level="disable").size
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ort_format, "LARGEST", 12_000)
        with pytest.raises(lab.ConversionError, match="level='disable' keeps its float16 weights"):
            m.check()
        assert m.ort(level="disable").nodes


@pytest.mark.parametrize(
    ("style", "level"), [("Fixed", "disable"), ("Fixed", "basic"), ("Fixed", "all"), ("Runtime", "all")]
)
def test_4_bit_tensors_are_refused(style: Any, level: Any, tmp_path: Path) -> None:
    with pytest.raises(lab.ConversionError, match=r"no int4 tensors.*What to do"):
        lab.Mobile(four_bits()).save(tmp_path / "m.ort", style, level)
    assert not list(tmp_path.iterdir())


def test_4_bits_that_a_fusion_takes_in_are_written(tmp_path: Path) -> None:
    codes = helper.make_tensor("codes", TensorProto.INT4, [32, 4], bytes(range(64)), raw=True)
    scale = numpy_helper.from_array(np.ones((2, 4), np.float32), "scale")
    nodes = [
        helper.make_node("DequantizeLinear", ["codes", "scale"], ["w"], axis=0, block_size=16),
        helper.make_node("MatMul", ["x", "w"], ["y"]),
    ]
    graph = helper.make_graph(nodes, "g", [helper.make_tensor_value_info("x", TensorProto.FLOAT, [2, 32])],
                              [helper.make_tensor_value_info("y", TensorProto.FLOAT, [2, 4])], [codes,
                              scale])  # fmt: skip
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 21)], ir_version=10)
    saved = lab.Mobile(model).save(tmp_path / "m.ort")
    assert saved.bit_equal and [n.op for n in saved.model.nodes] == ["MatMulNBits"]
    with pytest.raises(lab.ConversionError, match="no int4 tensors"):
        lab.Mobile(model).save(tmp_path / "m.ort", level="basic")
    assert read_ort(tmp_path / "m.ort").nodes, "the earlier file stays"


def test_other_numbers_are_not_saved(int8: lab.Conversion, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    honest = outputs_of
    count = iter(range(100))

    def wrong_third(session: Any, feed: Any) -> Any:
        found = honest(session, feed)
        return {k: v + 1 for k, v in found.items()} if next(count) == 2 else found

    monkeypatch.setattr(ort_check, "outputs_of", wrong_third)
    with pytest.raises(lab.ConversionError, match="differs from that of the ONNX model"):
        int8.mobile().save(tmp_path / "m.ort")
    assert not list(tmp_path.iterdir())


def test_random_numbers_are_told_and_saved(
    int8: lab.Conversion, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    honest, count = outputs_of, iter(range(100))
    monkeypatch.setattr(ort_check, "outputs_of", lambda s, f: {k: v + next(count) for k, v in honest(s, f).items()})
    saved = int8.mobile().save(tmp_path / "m.ort")
    assert not saved.bit_equal and "another one in each run" in str(saved)


def test_targets_that_are_no_files_stay(int8: lab.Conversion, tmp_path: Path) -> None:
    pipe = tmp_path / "pipe.ort"
    os.mkfifo(pipe)
    with pytest.raises(lab.ConversionError, match="no ordinary file"):
        int8.mobile().save(pipe)
    assert pipe.is_fifo()
    (tmp_path / "folder.ort").mkdir()
    with pytest.raises(lab.ConversionError, match="no ordinary file"):
        int8.mobile().save(tmp_path / "folder.ort")
    with pytest.raises(lab.ConversionError, match="is not there"):
        int8.mobile().save(tmp_path / "no" / "m.ort")
    for path in (None, 3, b"m.ort"):
        with pytest.raises(lab.ConversionError, match="is not known"):
            int8.mobile().save(path)
    with pytest.raises(lab.ConversionError, match=r"end in \.ort"):
        int8.mobile().save(tmp_path / "m.onnx")
    assert sorted(p.name for p in tmp_path.iterdir()) == ["folder.ort", "pipe.ort"]


def test_the_model_itself_is_not_overwritten(int8: lab.Conversion, tmp_path: Path) -> None:
    source = int8.save(tmp_path / "m.onnx")
    os.link(source, tmp_path / "m.ort")
    with pytest.raises(lab.ConversionError, match="the model itself"):
        lab.Mobile(source).save(tmp_path / "m.ort")
    assert onnx.load(source).graph.node


def test_a_read_only_folder_of_the_model_is_enough(int8: lab.Conversion, tmp_path: Path) -> None:
    folder = tmp_path / "read only"
    folder.mkdir()
    source = int8.save(folder / "m.v1.optimized.onnx")
    folder.chmod(0o555)
    try:
        saved = lab.Mobile(source).save(tmp_path / "m.ort", style="Runtime")
    finally:
        folder.chmod(0o755)
    assert saved.bit_equal and [p.name for p in folder.iterdir()] == ["m.v1.optimized.onnx"]


def test_weights_beside_the_model_are_taken_in(tmp_path: Path) -> None:
    result = lab.convert(samples.path("digits_float"))
    result.save(tmp_path / "m.onnx", external_over=0)
    assert (tmp_path / "m.onnx.data").exists()
    saved = lab.Mobile(tmp_path / "m.onnx").save(tmp_path / "m.ort")
    assert saved.bit_equal and all(t.data is not None for t in saved.model.initializers)


def test_an_ort_file_is_asked_but_not_written_again(int8: lab.Conversion, tmp_path: Path) -> None:
    int8.save(tmp_path / "m.ort")
    m = lab.Mobile(tmp_path / "m.ort")
    assert m.ort() == read_ort(tmp_path / "m.ort")
    assert "loaded and run" in str(m.check()) and m.check().to_json()["outputs"][0]["shape"] == [1, 10]
    with pytest.raises(lab.ConversionError, match="in the ORT format already"):
        m.save(tmp_path / "n.ort")
    again = ort.InferenceSession(m.source.as_onnx.SerializeToString())
    feed = {i.name: np.ones([d if isinstance(d, int) else 1 for d in i.shape], i.type[7:-1].replace("float",
    "float32")) for i in again.get_inputs()}  # fmt: skip
    for a, b in zip(again.run(None, feed), ort.InferenceSession(str(tmp_path / "m.ort")).run(None, feed), strict=True):
        np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize("data", [b"", b"hello", b"\x00" * 40])
def test_what_is_no_model_is_told(data: bytes, tmp_path: Path) -> None:
    (tmp_path / "m.onnx").write_bytes(data)
    for model in (data, tmp_path / "m.onnx"):
        with pytest.raises(lab.ConversionError, match="neither a TFLite nor an ONNX nor an ORT format model"):
            lab.Mobile(model)
    with pytest.raises(lab.ConversionError, match="No such file"):
        lab.Mobile(tmp_path / "none.onnx")


def test_without_the_onnx_package(int8: lab.Conversion, tmp_path: Path) -> None:
    """Where only onnxruntime and numpy are, the .ort gives the numbers that the .onnx gives here."""
    int8.mobile().save(tmp_path / "m.ort")
    given: dict[str, Any] = {i.name: np.random.default_rng(0).integers(-128, 128, [d if isinstance(d,
    int) else 1 for d in i.shape]).astype(i.type[7:-1])
             for i in ort.InferenceSession(int8.model.SerializeToString()).get_inputs()}  # fmt: skip
    np.savez(tmp_path / "in.npz", **given)
    code = f"""
import sys
allowed = ("onnxruntime", "numpy", "flatbuffers", "packaging")
class Block:
    def find_spec(self, name, path=None, target=None):
        top = name.partition(".")[0]
        if top in ("onnx", "onnx_ir", "tfonnx_lab", "tensorflow", "ai_edge_litert", "google", "ml_dtypes"):
            raise ModuleNotFoundError(f"No module named {{name!r}}", name=name)
sys.meta_path.insert(0, Block())
import numpy as np, onnxruntime as ort
session = ort.InferenceSession({str(tmp_path / "m.ort")!r})
np.savez({str(tmp_path / "out.npz")!r}, *session.run(None, dict(np.load({str(tmp_path / "in.npz")!r}))))
assert "onnx" not in sys.modules
"""
    subprocess.run([sys.executable, "-c", code], check=True)
    expected = ort.InferenceSession(int8.model.SerializeToString()).run(None, given)
    for a, b in zip(expected, np.load(tmp_path / "out.npz").values(), strict=True):
        np.testing.assert_array_equal(a, b)


def test_weights_that_are_missing_are_told(tmp_path: Path) -> None:
    lab.convert(samples.path("digits_float")).save(tmp_path / "m.onnx", external_over=0)
    (tmp_path / "m.onnx.data").unlink()
    m = lab.Mobile(tmp_path / "m.onnx")
    for ask in (lambda: m.save(tmp_path / "m.ort"), lambda: m.kernels, m.nnapi):
        with pytest.raises(lab.ConversionError, match=r"m\.onnx\.data") as error:
            ask()
        assert str(tmp_path / "m.onnx") in str(error.value)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["m.onnx"]
