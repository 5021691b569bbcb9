"""The documented installation without TensorFlow and JupyterLab converts a .tflite file, and says what it lacks."""

from __future__ import annotations

import subprocess
import sys
import venv
from pathlib import Path

import pytest

import tfonnx_lab
from tfonnx_lab import samples

TOP = Path(__file__).resolve().parents[1]
SCRIPT = """
import sys
import tfonnx_lab as lab
result = lab.convert(sys.argv[1])
inputs = lab.samples.inputs("digits_int8")
assert all(row.steps == 0 for row in lab.compare(result, inputs).outputs), "as LiteRT has it"
result.save(sys.argv[2])
try:
    lab.Lab(result)
except ModuleNotFoundError as error:
    print(error)
"""


@pytest.mark.install
def test_a_model_is_converted_without_tensorflow_and_jupyterlab(tmp_path: Path) -> None:
    documented = (TOP / "docs" / "how-to" / "slim-install.md").read_text("utf-8")
    command = next(line.split() for line in documented.splitlines() if line.startswith("    pip install"))
    assert Path(tfonnx_lab.__file__).is_relative_to(TOP)
    venv.create(tmp_path / "venv", with_pip=True)
    python = tmp_path / "venv" / ("Scripts" if sys.platform == "win32" else "bin") / "python"
    subprocess.run([python, "-m", *command], cwd=TOP, check=True)
    listed = subprocess.run([python, "-m", "pip", "list"], capture_output=True, text=True, check=True).stdout.lower()
    assert "tensorflow" not in listed and "jupyterlab" not in listed
    run: list[str | Path] = [
        python,
        "-I",
        "-c",
        SCRIPT,
        str(samples.path("digits_int8")),
        str(tmp_path / "digits.onnx"),
    ]
    done = subprocess.run(run, cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "tfonnx_lab.Lab needs traitlets, which is not installed" in done.stdout
    assert (tmp_path / "digits.onnx").stat().st_size > 10_000
