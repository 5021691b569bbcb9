"""The command line, as scripts use it."""

from __future__ import annotations

import argparse
import subprocess
import sys
from pathlib import Path

import onnx
import pytest

from tfonnx_lab import load_trace, samples
from tfonnx_lab.commands.cli import LATER, NEEDLESS, main, parser
from tfonnx_lab.commands.demo import course, demo
from tfonnx_lab.commands.flags import parse_inputs

MODEL = str(samples.path("digits_int8"))


def run(*arguments: str) -> int:
    with pytest.raises(SystemExit) as end:
        main(list(arguments))
    return int(end.value.code or 0)


def test_convert_writes_the_file_and_the_trace(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out, trace = tmp_path / "m.onnx", tmp_path / "m.tfltrace"
    assert run("convert", "--tflite", MODEL, "--output", str(out), "--opset", "13", "--trace", str(trace), "-v") == 0
    model = onnx.load(out)
    assert {i.domain: i.version for i in model.opset_import}[""] == 13
    assert len(load_trace(trace)) > 10
    assert "split_activation" in capsys.readouterr().out
    assert sorted(p.name for p in tmp_path.iterdir()) == ["m.onnx", "m.tfltrace"]


def test_module_form_takes_tf2onnx_flags(tmp_path: Path) -> None:
    out = tmp_path / "m.onnx"
    command = [sys.executable, "-m", "tfonnx_lab.convert", "--tflite", MODEL, "--output", str(out), "--opset", "15"]
    subprocess.run([*command, "--rename-inputs", "image", "--inputs-as-nchw", "image"], check=True, capture_output=True)
    (taken,) = onnx.load(out).graph.input
    assert taken.name == "image"
    assert [d.dim_value for d in taken.type.tensor_type.shape.dim] == [1, 1, 8, 8]


@pytest.mark.parametrize("flag", sorted(LATER))
def test_flags_without_a_counterpart_say_so(flag: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("convert", "--tflite", MODEL, "--output", "x.onnx", flag, "y") == 2
    assert "not supported" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("given", "told"),
    [
        (["--opset", "13", "--opset", "18"], "--opset is given twice, as 13 and as 18"),
        (["--output", "a.onnx", "--output=b.onnx"], "--output is given twice, as a.onnx and as b.onnx"),
        (["--saved-model", "a", "--saved_model", "b"], "--saved_model is given twice, as a and as b"),
        (["--exact", "--exact", "bits"], "--exact is given twice, as yes and as bits"),
    ],
)
def test_a_flag_given_twice_is_an_error(given: list[str], told: str, capsys: pytest.CaptureFixture[str]) -> None:
    """argparse takes the last one and says nothing."""
    assert run("convert", *given) == 2
    assert told in capsys.readouterr().err


def test_flags_that_may_come_again() -> None:
    given = parser().parse_args(
        ["convert", MODEL, "--handlers", "a", "--handlers", "b", "-v", "-v", "--opset", "13", "--opset", "13"]
    )
    assert given.handlers == ["a", "b"] and given.debug == 2 and given.opset == 13


TF2ONNX = [
    "--input",
    "--graphdef",
    "--saved-model",
    "--tag",
    "--signature_def",
    "--concrete_function",
    "--checkpoint",
    "--keras",
    "--tflite",
    "--tfjs",
    "--large_model",
    "--output",
    "--inputs",
    "--outputs",
    "--ignore_default",
    "--use_default",
    "--rename-inputs",
    "--rename-outputs",
    "--use-graph-names",
    "--opset",
    "--dequantize",
    "--custom-ops",
    "--extra_opset",
    "--load_op_libraries",
    "--target",
    "--continue_on_error",
    "--verbose",
    "-v",
    "--debug",
    "--output_frozen_graph",
    "--inputs-as-nchw",
    "--outputs-as-nchw",
]


def test_every_flag_of_tf2onnx_is_known() -> None:
    commands = next(a for a in parser()._actions if isinstance(a, argparse._SubParsersAction))
    known = {flag for action in commands.choices["convert"]._actions for flag in action.option_strings}
    assert set(TF2ONNX) <= known


def test_flags_that_change_nothing_are_taken_and_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "m.onnx"
    assert (
        run("convert", "--tflite", MODEL, "--output", str(out), "--large_model", "--use-graph-names", "-v", "-v") == 0
    )
    said = capsys.readouterr().err
    assert out.exists() and NEEDLESS and all(flag in said and why in said for flag, why in NEEDLESS.items())


def test_a_target_of_tf2onnx_is_refused_with_a_reason(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("convert", "--tflite", MODEL, "--target", "rs6") == 2
    assert "leave the flag out" in capsys.readouterr().err
    assert run("convert", "--tflite", MODEL, "--target", "toaster") == 2
    assert "there is no target 'toaster'" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("given", "domain", "version"),
    [
        (["--custom-ops", "my.ops", "--extra_opset", "my.ops:3"], "my.ops", 3),
        (["--custom-ops", "Other:a.b,LabSharpen:my.ops"], "my.ops", 1),
        (["--custom-ops", "LabSharpen"], "ai.onnx.converters.tensorflow", 1),
    ],
)
def test_custom_ops_are_kept(given: list[str], domain: str, version: int, tmp_path: Path) -> None:
    out = tmp_path / "m.onnx"
    assert run("convert", str(samples.path("digits_unsupported")), "--output", str(out), *given) == 0
    model = onnx.load(out)
    node = next(n for n in model.graph.node if n.op_type == "LabSharpen")
    assert node.domain == domain and node.attribute[0].f == 0.5
    assert {o.domain: o.version for o in model.opset_import}[domain] == version


def test_custom_ops_that_are_not_named_stay_an_error(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("convert", str(samples.path("digits_unsupported")), "--custom-ops", "Other:a.b") == 1
    said = capsys.readouterr().err
    assert "no handler is registered" in said and "what next" in said and "lab.retry()" in said


def test_a_model_alone_is_enough(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert run("convert", MODEL) == 0
    assert [p.name for p in tmp_path.iterdir()] == ["digits_int8.onnx"]


def test_nothing_to_do_says_what_there_is(capsys: pytest.CaptureFixture[str]) -> None:
    assert run() == 2
    assert "tfonnx-lab demo" in capsys.readouterr().out
    assert run("convert") == 2
    assert "which model?" in capsys.readouterr().err
    assert run("convert", MODEL, "--extra_opset", "x") == 1
    assert "write domain:version" in capsys.readouterr().err


def test_a_missing_keras_file_does_not_load_tensorflow(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("convert", "absent.keras") == 1
    assert capsys.readouterr().err == "error: absent.keras: No such file or directory\n"


def test_a_missing_file_is_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("convert", "--tflite", str(tmp_path / "absent.tflite"), "--output", str(tmp_path / "m.onnx")) == 1
    said = capsys.readouterr().err
    assert "absent.tflite" in said and "Traceback" not in said


def test_inputs_as_nchw(tmp_path: Path) -> None:
    out = tmp_path / "m.onnx"
    name = onnx_inputs(MODEL)[0]
    assert run("convert", "--tflite", MODEL, "--output", str(out), "--inputs-as-nchw", name) == 0
    shape = [d.dim_value for d in onnx.load(out).graph.input[0].type.tensor_type.shape.dim]
    assert shape == [1, 1, 8, 8]


def onnx_inputs(path: str) -> list[str]:
    from tfonnx_lab import convert

    return [i.name for i in convert(path).model.graph.input]


@pytest.mark.parametrize(
    ("text", "parsed"),
    [
        ("", {}),
        ("a", {"a": None}),
        ("a:0[1,224,224,3],b", {"a:0": (1, 224, 224, 3), "b": None}),
        (" a[batch, -1] , b[ ] ", {"a": ("batch", -1), "b": ()}),
    ],
)
def test_parse_inputs(text: str, parsed: dict[str, object]) -> None:
    assert parse_inputs(text) == parsed


def test_parse_inputs_refuses_what_it_cannot_read() -> None:
    with pytest.raises(ValueError, match="--inputs"):
        parse_inputs("a[1,2")


def test_demo_prints_stages_and_parity(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("demo", "--no-browser") == 0
    said = capsys.readouterr().out
    assert all(word in said for word in ("rewriters", "handlers", "optimizers", "LiteRT", "nrmse"))


def test_version(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("--version") == 0
    assert "tfonnx-lab" in capsys.readouterr().out


def test_demo_copies_what_its_notebook_leads_to_and_overwrites_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    started: list[list[str]] = []

    def call(command: list[str]) -> int:
        started.append(command)
        return 0

    monkeypatch.setattr("tfonnx_lab.commands.demo.subprocess.call", call)
    mine = tmp_path / "02_how_quantization_maps.ipynb"
    mine.write_text("what I wrote", "utf-8")
    assert demo(folder=tmp_path) == 0
    assert sorted(p.name[:2] for p in tmp_path.glob("*.ipynb")) == ["01", "02", "03", "04", "05", "06"]
    assert mine.read_text("utf-8") == "what I wrote"
    assert started[0][-1].endswith("01_step_through_a_conversion.ipynb")


def test_a_course_ends_where_links_lead_back(tmp_path: Path) -> None:
    (tmp_path / "a.ipynb").write_text("[b](b.ipynb) [gone](c.ipynb)", "utf-8")
    (tmp_path / "b.ipynb").write_text("[a](./a.ipynb)", "utf-8")
    assert course(tmp_path, "a.ipynb") == ["a.ipynb", "b.ipynb"]
