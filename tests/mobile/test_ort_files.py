"""Where files of the ORT format are written, what they are made of, and a process that has no onnx package."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime as ort
import pytest

import tfonnx_lab as lab
from tfonnx_lab import samples
from tfonnx_lab.mobile.ort_file import read_ort


@pytest.fixture(scope="module")
def int8() -> lab.Conversion:
    return lab.convert(samples.path("digits_int8"))


def test_targets_that_are_no_files_stay(int8: lab.Conversion, tmp_path: Path) -> None:
    pipe = tmp_path / "pipe.ort"
    os.mkfifo(pipe)
    with pytest.raises(lab.ConversionError, match="because it is a pipe"):
        int8.mobile().save(pipe)
    assert pipe.is_fifo()
    (tmp_path / "folder.ort").mkdir()
    with pytest.raises(lab.ConversionError, match="because it is a folder"):
        int8.mobile().save(tmp_path / "folder.ort")
    with pytest.raises(lab.ConversionError, match="there is no such folder"):
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
    with pytest.raises(lab.ConversionError, match="because it is the model that is read"):
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
