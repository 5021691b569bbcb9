"""What the ORT format cannot hold, and what is no model, is told before anything is written; nothing is left."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

import tfonnx_lab as lab
from mobile.ort_models import one_op
from tfonnx_lab import samples
from tfonnx_lab.mobile import ort_check, ort_format
from tfonnx_lab.mobile.ort_file import read_ort
from tfonnx_lab.mobile.sessions import outputs_of, sample_inputs


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


@pytest.mark.parametrize("data", [b"", b"hello", b"\x00" * 40])
def test_what_is_no_model_is_told(data: bytes, tmp_path: Path) -> None:
    (tmp_path / "m.onnx").write_bytes(data)
    for model in (data, tmp_path / "m.onnx"):
        with pytest.raises(lab.ConversionError, match="neither a TFLite nor an ONNX nor an ORT format model"):
            lab.Mobile(model)
    with pytest.raises(lab.ConversionError, match="No such file"):
        lab.Mobile(tmp_path / "none.onnx")


def test_weights_that_are_missing_are_told(tmp_path: Path) -> None:
    lab.convert(samples.path("digits_float")).save(tmp_path / "m.onnx", external_over=0)
    (tmp_path / "m.onnx.data").unlink()
    m = lab.Mobile(tmp_path / "m.onnx")
    for ask in (lambda: m.save(tmp_path / "m.ort"), lambda: m.kernels, m.nnapi):
        with pytest.raises(lab.ConversionError, match=r"m\.onnx\.data") as error:
            ask()
        assert str(tmp_path / "m.onnx") in str(error.value)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["m.onnx"]
