"""`tfonnx-lab mobile`: text, JSON and HTML; the files; what goes wrong."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

import tfonnx_lab as lab
from tfonnx_lab import samples
from tfonnx_lab.commands.cli import main
from tfonnx_lab.mobile.ort_file import read_ort

KEYS = ["ort", "kernels", "types", "config", "size", "nnapi", "coreml", "xnnpack", "advice"]
MODEL = str(samples.path("digits_int8"))


def run(capsys: Any, *arguments: str) -> tuple[int, str, str]:
    with pytest.raises(SystemExit) as end:
        main(["mobile", *arguments])
    out = capsys.readouterr()
    return int(end.value.code or 0), out.out, out.err


def test_it_answers_every_question_as_text(capsys: Any, tmp_path: Path) -> None:
    status, out, _ = run(capsys, MODEL)
    assert status == 0
    for word in (
        "bit-equal to an ONNX session",
        "QLinearConv",
        "com.microsoft;1;",
        "NNAPI (level 31",
        "CoreML",
        "XNNPACK",
        "What should I change?",
    ):
        assert word in out
    assert not list(tmp_path.iterdir())


def test_it_writes_the_file_and_the_config(capsys: Any, tmp_path: Path) -> None:
    folder = tmp_path / "new" / "folder"
    status, out, err = run(
        capsys, MODEL, "--output", str(folder), "--style", "Runtime", "--level", "extended", "--target-platform", "arm"
    )
    assert status == 0
    names = sorted(p.name for p in folder.iterdir())
    stem = "digits_int8.extended.with_runtime_opt"
    assert names == [f"{stem}.ort", f"{stem}.required_operators_and_types.config"]
    assert read_ort(folder / names[0]).style == "Runtime" and names[1] in err
    config = lab.KernelConfig.read(folder / names[1])
    assert config.runs(read_ort(folder / names[0]))
    assert names[1] in out, "the build commands name it"


def test_one_list_of_types_for_the_whole_build(capsys: Any, tmp_path: Path) -> None:
    status, out, _ = run(capsys, MODEL, "--types", "float,uint8,int64", "--output", str(tmp_path), "--json")
    answers = json.loads(out)
    assert status == 0 and answers["config"]["globally_allowed_types"] == ["float", "int64_t", "uint8_t"]
    (broken,) = answers["types"]["models"][0]["failures"]
    assert "int8_t" in broken["reason"] and broken["op"] == "QuantizeLinear"
    assert answers["types"]["bytes"] == answers["size"]["total"]
    (config,) = tmp_path.glob("*.config")
    assert config.read_text().startswith("!globally_allowed_types;float,int64_t,uint8_t")
    status, out, _ = run(capsys, MODEL)
    assert status == 0 and "Which one list of types is enough?" in out
    for wrong, said in (("flot", "float"), ("float --all-types", "--all-types")):
        status, _, err = run(capsys, MODEL, "--types", *wrong.split())
        assert status == 1 and said in err


def test_json_and_html(capsys: Any, tmp_path: Path) -> None:
    status, out, _ = run(capsys, MODEL, "--json")
    assert status == 0
    data = json.loads(out)
    assert list(data) == ["name", *KEYS] and data["ort"]["bit_equal"] is True
    assert data["nnapi"]["nodes"][0]["op"]
    status, out, _ = run(capsys, MODEL, "--html", str(tmp_path / "m.html"), "--json", str(tmp_path / "m.json"))
    assert status == 0 and "QLinearConv" in out
    assert json.loads((tmp_path / "m.json").read_text()).keys() == data.keys()
    page = (tmp_path / "m.html").read_text()
    assert page.startswith("<!doctype html>") and page.count("<h3>") >= len(KEYS)


def test_settings_reach_the_providers(capsys: Any) -> None:
    arguments = (
        "--nnapi-level",
        "28",
        "--nnapi-nchw",
        "--coreml-format",
        "NeuralNetwork",
        "--coreml-version",
        "5",
        "--all-types",
        "--json",
    )
    data = json.loads(run(capsys, MODEL, *arguments)[1])
    assert data["nnapi"]["setting"] == {"level": 28, "nchw": True}
    assert data["coreml"]["setting"]["format"] == "NeuralNetwork" and data["coreml"]["setting"]["version"] == 5
    assert "uint8_t" not in str(data["config"])


def test_other_kinds_of_models(capsys: Any, tmp_path: Path) -> None:
    result = lab.convert(MODEL)
    result.save(tmp_path / "m.onnx")
    result.save(tmp_path / "m.ort")
    for name in ("m.onnx", "m.ort"):
        status, out, err = run(capsys, str(tmp_path / name), "--json")
        assert status == 0, err
        assert list(json.loads(out)) == ["name", *KEYS]
    status, _, _ = run(capsys, str(tmp_path / "m.ort"), "--output", str(tmp_path / "out"))
    assert status == 0 and [p.suffix for p in (tmp_path / "out").iterdir()] == [".config"]


def test_options_of_the_conversion(capsys: Any, tmp_path: Path) -> None:
    out = run(capsys, MODEL, "--dequantize", "--json")[1]
    assert "QLinearConv" not in {k["op"] for k in json.loads(out)["kernels"]["kernels"]}
    lab.convert(MODEL).save(tmp_path / "m.onnx")
    status, _, err = run(capsys, str(tmp_path / "m.onnx"), "--dequantize")
    assert status == 1 and "takes no options: dequantize" in err


def test_what_goes_wrong_is_told(capsys: Any, tmp_path: Path) -> None:
    (tmp_path / "bad.onnx").write_bytes(b"no model")
    status, out, err = run(capsys, str(tmp_path / "bad.onnx"))
    assert status == 1 and not out and "neither a TFLite" in err
    status, _, err = run(capsys, MODEL, "--output", str(tmp_path / "bad.onnx"))
    assert status == 1 and "bad.onnx: is a file; name a folder" in err
    os.mkfifo(tmp_path / "digits_int8.ort")
    status, out, err = run(capsys, MODEL, "--output", str(tmp_path))
    assert status == 1 and "because it is a pipe; name a file" in err and "QLinearConv" in out, (
        "the other answers are there"
    )
    assert run(capsys, MODEL, "--style", "fixed")[0] == 2
