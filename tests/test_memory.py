"""Too little memory is told as that: no op is blamed, and nobody is asked to report the file."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from unittest import mock

import numpy as np
import pytest

import tfonnx_lab as lab
from tfonnx_lab import samples
from tfonnx_lab.conversion import stage_run
from tfonnx_lab.errors import ConversionError, NoMemory
from tfonnx_lab.memory import kept_from_loading
from tfonnx_lab.rules import Rule

MODEL = samples.path("digits_int8")

LIMITED = """
import resource, sys
from tfonnx_lab.commands.cli import main
with open("/proc/self/statm") as file:
    held = int(file.read().split()[0]) * resource.getpagesize()
resource.setrlimit(resource.RLIMIT_AS, (held + (32 << 20),) * 2)
main(sys.argv[1:])
"""
"""As under `ulimit -v`, of what the command itself takes and 32 MB: the libraries do not go into that."""


def test_no_op_is_blamed_for_too_little_memory() -> None:
    with mock.patch.object(Rule, "apply", side_effect=MemoryError), pytest.raises(NoMemory) as caught:
        lab.convert(MODEL)
    assert not caught.value.failures
    assert "not enough memory" in str(caught.value) and "the model is not at fault" in str(caught.value)


@pytest.mark.parametrize("place", ["tidy", "default_states"])
def test_nor_behind_the_rules(place: str) -> None:
    with mock.patch.object(stage_run, place, side_effect=MemoryError), pytest.raises(NoMemory):
        lab.convert(MODEL)


def test_nor_where_the_file_is_written(tmp_path: Path) -> None:
    result = lab.convert(MODEL)
    with (
        mock.patch("tfonnx_lab.conversion.result.write_model", side_effect=MemoryError),
        pytest.raises(NoMemory, match="not enough memory"),
    ):
        result.save(tmp_path / "m.onnx")
    assert not list(tmp_path.iterdir())


def test_an_array_that_no_machine_holds_is_the_files_fault() -> None:
    def apply(*_: object) -> object:
        return np.zeros((1 << 22, 1 << 22))

    with mock.patch.object(Rule, "apply", apply), pytest.raises(ConversionError) as caught:
        lab.convert(MODEL)
    assert not isinstance(caught.value, NoMemory)


@pytest.mark.skipif(sys.platform != "linux", reason="limits of another kind")
def test_the_command_tells_the_limit(tmp_path: Path) -> None:
    target = tmp_path / "m.onnx"
    done = subprocess.run(
        [sys.executable, "-c", LIMITED, "convert", str(MODEL), "--output", str(target)],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "OPENBLAS_NUM_THREADS": "1"},
    )
    assert done.returncode == 1 and not target.exists(), done.stderr
    assert done.stderr.startswith("error: ") and "there is not enough memory for this process" in done.stderr
    assert "Traceback" not in done.stderr and "report" not in done.stderr


def test_which_import_errors_are_of_memory() -> None:
    assert kept_from_loading(ImportError("x.so: failed to map segment from shared object"))
    assert not kept_from_loading(ImportError("No module named 'x'"))
