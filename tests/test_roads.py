"""Whatever road leads to a result, it has the methods, formats and verifiers of the public face."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import onnxruntime
import pytest

from tfonnx_lab import samples

MODEL = samples.path("digits_int8")


def fresh(code: str, *arguments: object) -> subprocess.CompletedProcess[str]:
    """What a fresh interpreter says, which has imported no more than the code does."""
    call = [sys.executable, "-c", f"import sys\n{code}", *map(str, arguments)]
    return subprocess.run(call, capture_output=True, text=True, check=False)


COMMAND = "from tfonnx_lab.commands.cli import main\nmain(sys.argv[1:])"
SHELL = """
from IPython.core.interactiveshell import InteractiveShell
shell = InteractiveShell()
shell.extension_manager.load_extension("tfonnx_lab")
done = shell.run_cell("r = %tflite2onnx " + " ".join(sys.argv[1:]))
done.raise_error()
r = shell.user_ns["r"]
"""


def is_ort_file(path: Path) -> bool:
    """Whether the file is of the ORT format, and runs."""
    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    return path.read_bytes()[4:8] == b"ORTM" and [i.name for i in session.get_inputs()] == ["image"]


def test_the_command_writes_the_ort_format(tmp_path: Path) -> None:
    done = fresh(COMMAND, "convert", MODEL, "--output", tmp_path / "m.ort")
    assert done.returncode == 0, done.stderr
    assert is_ort_file(tmp_path / "m.ort")


def test_another_spelling_of_ort_is_one_error(tmp_path: Path) -> None:
    done = fresh(COMMAND, "convert", MODEL, "--output", tmp_path / "m.ORT")
    assert done.returncode == 1 and "the name has to end in .ort" in done.stderr
    assert not (tmp_path / "m.ORT").exists()


def test_the_magic_writes_the_ort_format_and_its_result_has_every_method(tmp_path: Path) -> None:
    code = f"{SHELL}print(r.report(parity=False), r.runtime(), r.mobile(), r.parity, r.changes, r.trace.to_html()[:9])"
    done = fresh(code, MODEL, "--verify", "run", "--output", tmp_path / "m.ort")
    assert done.returncode == 0, done.stderr + done.stdout
    assert "None None <!DOCTYPE" in done.stdout
    assert is_ort_file(tmp_path / "m.ort")


def test_the_magic_answers_for_a_phone_in_a_terminal() -> None:
    done = fresh(SHELL, MODEL, "--mobile")
    assert done.returncode == 0 and "kernels" in done.stdout, done.stderr + done.stdout


def test_many_models_are_run(tmp_path: Path) -> None:
    done = fresh(COMMAND, "convert-many", MODEL, "--output", tmp_path / "out", "--verify", "run", "--workers", 1)
    assert done.returncode == 0, done.stderr + done.stdout
    assert (tmp_path / "out" / "digits_int8.onnx").exists()


@pytest.mark.parametrize("source", ["conversion.pipeline", "conversion.onnx_pass"])
def test_what_a_room_makes_has_the_methods(source: str, tmp_path: Path) -> None:
    model: Path = MODEL
    name = "convert"
    if source == "conversion.onnx_pass":
        model, name = tmp_path / "m.onnx", "optimize_onnx"
        assert fresh(COMMAND, "convert", MODEL, "--output", model).returncode == 0
    code = f"from tfonnx_lab.{source} import {name} as make\nprint(make(sys.argv[1]).runtime())"
    done = fresh(code, model)
    assert done.returncode == 0 and "QLinearConv" in done.stdout, done.stderr


def test_a_trace_that_was_loaded_has_its_page_without_the_converter(tmp_path: Path) -> None:
    trace = tmp_path / "m.tfltrace"
    assert fresh(COMMAND, "convert", MODEL, "--output", tmp_path / "m.onnx", "--trace", trace).returncode == 0
    away = "sys.modules.update(dict.fromkeys(['ai_edge_litert', 'onnxruntime', 'flatbuffers', 'tensorflow']))\n"
    done = fresh(f"{away}import tfonnx_lab as lab\nprint(lab.load_trace(sys.argv[1]).to_html()[:9])", trace)
    assert done.returncode == 0 and done.stdout == "<!DOCTYPE\n", done.stderr
