"""What happens by accident: the wrong file, a pipe, many files in turn, mistakes on the command line, another model's
crash."""

from __future__ import annotations

import gc
import io
import os
import subprocess
import sys
import threading
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import tfonnx_lab as lab
from conformance import Model
from test_bad_input import onnx_bytes
from tfonnx_lab import samples
from tfonnx_lab.litert import LiteRT
from tfonnx_lab.litert.worker import worker
from tfonnx_lab.readers.source import open_source

MODEL = samples.path("digits_float")


def archive(name: str) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as file:
        file.writestr(name, b"x")
    return made.getvalue()


MISTAKEN = [
    (b"version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n", "a Git LFS pointer"),
    (b"\n<!DOCTYPE html>\n<html></html>", "an HTML page"),
    (archive("model.tflite"), "a zip archive"),
    (archive("config.json"), "a Keras model"),
    (archive("archive/data.pkl"), "a PyTorch file"),
    (b"\x89HDF\r\n\x1a\n" + bytes(64), "a Keras or HDF5 file"),
    (b"\x1f\x8b\x08" + bytes(64), "a gzip archive"),
    (b"\x08\x01\x12\x10" + bytes(64), "a TensorFlow SavedModel's graph"),
    (b"\x0a\x20\x0a\x01x\x12\x0bPlaceholder" + bytes(64), "a frozen TensorFlow graph"),
    (onnx_bytes(), "an ONNX model already"),
    (b"\x10\x00\x00\x00ORTM" + bytes(64), "a model in ONNX Runtime's own format"),
    (b"\x10\x00\x00\x00ET12" + bytes(64), r"a program for ExecuTorch \(.pte\)"),
    (b"\x10\x00\x00\x00CIR0" + bytes(64), "a Circle model"),
    (b"LITERTLM" + bytes(64), "a LiteRT-LM bundle"),
    (b"GGUF\x03\x00\x00\x00" + bytes(64), "a model for llama.cpp"),
    (b"\x08\x04\x12\x40\x0a\x10" + bytes(64), "a model for Apple's Core ML"),
    (b"<?xml version='1.0'?>\n<net name='m' version='11'>", "a model for OpenVINO"),
    (b"<?xml version='1.0'?>\n<Error><Code>NoSuchKey</Code></Error>", "an error message of a server"),
    (b"7767517\n75 83\nInput data", "a model for ncnn"),
    (b"\x80\x04\x95" + bytes(64), "a Python pickle"),
    ((80).to_bytes(8, "little") + b'{"weight":{"dtype":"F32"', "weights without a model"),
    (b'{"format": "layers-model", "modelTopology": {}}', "a TensorFlow.js model"),
    (b'{"cells": [], "nbformat": 4}', "a notebook"),
    (b"import tensorflow as tf\n", "a text file"),
    (bytes(64), "nothing but zeros"),
]


@pytest.mark.parametrize(("data", "kind"), MISTAKEN, ids=[kind for _, kind in MISTAKEN])
def test_what_is_no_model_is_called_by_its_name(data: bytes, kind: str) -> None:
    with pytest.raises(lab.ConversionError, match=f"is not a TensorFlow Lite model .*, but {kind}"):
        lab.convert(data)


def test_a_pipe_does_not_hang(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.tflite")
    with pytest.raises(lab.ConversionError, match="is a pipe or a device"):
        lab.convert(tmp_path / "pipe.tflite")
    with pytest.raises(lab.ConversionError, match="no file has such a name"):
        lab.convert("a\0b")


def held() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


@pytest.mark.skipif(not Path("/proc/self/fd").is_dir(), reason="counts the descriptors as Linux shows them")
def test_many_files_in_turn_hold_few_descriptors(tmp_path: Path) -> None:
    large = tmp_path / "large.tflite"
    large.write_bytes(MODEL.read_bytes() + bytes(2 << 20))
    gc.collect()
    before = held()
    kept: list[object] = []
    gc.disable()
    try:
        for _ in range(300):
            circle: list[object] = [open_source(large)]
            circle.append(circle)
            kept[:] = [lab.convert(MODEL)] if len(kept) > 3 else [*kept, open_source(MODEL)]
    finally:
        gc.enable()
    assert held() - before <= 110


def command(*arguments: str | bytes, folder: Path) -> subprocess.CompletedProcess[str]:
    line: list[str | bytes] = [sys.executable, "-m", "tfonnx_lab", "convert", *arguments]
    return subprocess.run(line, cwd=folder, capture_output=True, text=True, check=False)


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (["--handlers", "broken.py"], "--handlers: broken.py, line 2: ZeroDivisionError"),
        (["--handlers", "syntax.py"], "--handlers: syntax.py, line 1: SyntaxError"),
        (["--extra_opset", "com.example:99999999999999999999"], "--extra_opset: cannot read"),
        (["--trace", "no/such/folder/t.tfltrace"], "there is no such folder"),
        (["--opset", "99"], "is not supported"),
    ],
)
def test_mistakes_on_the_command_line(tmp_path: Path, arguments: list[str], why: str) -> None:
    (tmp_path / "broken.py").write_text("x = 0\ny = 1 / x\n")
    (tmp_path / "syntax.py").write_text("def (:\n")
    before = sorted(p.name for p in tmp_path.iterdir())
    done = command(str(MODEL), "--output", "x.onnx", *arguments, folder=tmp_path)
    assert done.returncode == 1 and why in done.stderr and "Traceback" not in done.stderr, done.stderr
    assert sorted(p.name for p in tmp_path.iterdir() if p.name != "__pycache__") == before


def test_a_name_that_is_no_unicode(tmp_path: Path) -> None:
    name = b"m\xff.tflite"
    (tmp_path / os.fsdecode(name)).write_bytes(MODEL.read_bytes())
    done = command(name, "--trace", b"t\xff.tfltrace", folder=tmp_path)
    assert done.returncode == 0, done.stderr
    assert {b"m\xff.onnx", b"t\xff.tfltrace"} <= {os.fsencode(path.name) for path in tmp_path.iterdir()}


def test_another_models_crash_is_not_this_ones() -> None:
    x = np.random.default_rng(0).random((1, 8, 8, 1), np.float32)
    models = [LiteRT(MODEL) for _ in range(4)]
    want = models[0].run([x])
    indices = {str(d["name"]): int(d["index"]) for d in models[0].details}
    before = models[0].tensors(indices)
    failed: list[BaseException] = []

    def ask(model: LiteRT) -> None:
        try:
            for _ in range(3):
                np.testing.assert_array_equal(model.run([x])[0], want[0])
        except BaseException as error:
            failed.append(error)

    threads = [threading.Thread(target=ask, args=(model,)) for model in models[1:]]
    for thread in threads:
        thread.start()
    ended = worker()
    ended.close()
    for thread in threads:
        thread.join()
    assert not failed, failed
    after = models[0].tensors(indices)
    assert after.keys() == before.keys()
    np.testing.assert_array_equal(models[0].run([x])[0], want[0])


def test_what_onnx_runtime_refuses_is_one_error() -> None:
    """It is found as the model is converted; where it is kept all the same, what runs it ends in the same error."""
    m = Model()
    x = m.input([2, 3])
    m.outputs(m.op("LESS", [x, m.const(np.ones(5, np.float32))], [m.tensor("bool", [2, 3])]))
    with pytest.raises(lab.ConversionError, match=r"LESS \(op 0.*Incompatible dimensions"):
        lab.convert(m.bytes())
    result = lab.convert(m.bytes(), on_error="keep")
    for ask in (result.runtime, lambda: lab.compare(result)):
        with pytest.raises(lab.ConversionError):
            ask()
    assert "Incompatible dimensions" in str(lab.report(result, parity=False))


@pytest.mark.parametrize(
    ("option", "why"),
    [
        ({"memory": -1}, "memory=-1: it is a number of bytes"),
        ({"extra_opsets": {"a": 2**70}}, "extra_opsets: the version of 'a'"),
    ],
)
def test_values_that_an_option_does_not_take(option: dict[str, Any], why: str) -> None:
    with pytest.raises(ValueError, match=why):
        lab.convert(MODEL, **option)


@pytest.mark.parametrize(
    ("words", "meant"),
    [
        (["convert", str(MODEL), "--outptu", "x.onnx"], "did you mean --output for --outptu?"),
        (["convert", str(MODEL), "--dequantise"], "did you mean --dequantize for --dequantise?"),
        (["convrt", str(MODEL)], "did you mean convert for convrt?"),
        (["mobile", str(MODEL), "--outpt", "x"], "did you mean --output for --outpt?"),
    ],
)
def test_a_misspelt_word_names_its_neighbour(words: list[str], meant: str, capsys: pytest.CaptureFixture[str]) -> None:
    from tfonnx_lab.commands.cli import main

    with pytest.raises(SystemExit) as end:
        main(words)
    assert end.value.code == 2 and meant in capsys.readouterr().err


def test_names_that_are_taken() -> None:
    """By another input or output: an error; by a tensor inside: that one gets another."""
    with pytest.raises(
        lab.ConversionError, match="rename_outputs: 'image' is the name of another input or output already"
    ):
        lab.convert(MODEL, rename_outputs=("image",))
    m = Model()
    x = m.input([2], name="x")
    y = m.op("RELU", [x], [m.tensor(shape=[2], name="inside")])
    data = m.outputs(
        m.op("EXP", [y], [m.tensor(shape=[2], name="a")]), m.op("ABS", [y], [m.tensor(shape=[2], name="b")])
    ).bytes()
    for names in (("inside", "b"), ("b", "a"), ("x2", "inside")):
        model = lab.convert(data, rename_outputs=names).model
        assert tuple(o.name for o in model.graph.output) == names
        assert [n.op_type for o in names for n in model.graph.node if o in n.output] == ["Exp", "Abs"]
    with pytest.raises(lab.ConversionError, match="'c' is named twice"):
        lab.convert(data, rename_outputs=("c", "c"))
