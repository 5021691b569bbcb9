"""The command line where nobody takes what it prints: one line at the most, no traceback, and the file is whole."""

from __future__ import annotations

import os
import resource
import signal
import subprocess
import sys
from pathlib import Path

import onnx
import pytest

from tfonnx_lab import samples

MODEL = str(samples.path("digits_int8"))


def command(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "tfonnx_lab.commands.cli", *arguments]


def no_room() -> None:
    """In the process to be: no file may grow."""
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))


def test_a_reader_that_is_gone_ends_it_quietly_and_the_file_is_whole(tmp_path: Path) -> None:
    out = tmp_path / "x.onnx"
    reading, writing = os.pipe()
    os.close(reading)
    done = subprocess.run(
        command("convert", MODEL, "--output", str(out)), stdout=writing, stderr=subprocess.PIPE, text=True, check=False
    )
    os.close(writing)
    assert done.returncode == 128 + signal.SIGPIPE
    assert done.stderr == ""
    onnx.checker.check_model(str(out))


def test_where_nothing_can_be_printed_it_is_one_line(tmp_path: Path) -> None:
    with (tmp_path / "printed.txt").open("w") as printed:
        done = subprocess.run(
            command("ops", "CONV_2D"),
            stdout=printed,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
            preexec_fn=no_room,
        )
    assert done.returncode == 1
    assert done.stderr == "error: what there is to print could not be written: File too large\n"


@pytest.mark.skipif(not Path("/dev/stdout").exists(), reason="this system has no /dev/stdout")
def test_the_printed_is_no_file() -> None:
    done = subprocess.run(command("convert", MODEL, "--output", "/dev/stdout"), capture_output=True, check=False)
    assert done.returncode == 1
    assert done.stdout == b""
    assert done.stderr == b"error: /dev/stdout: not written, because it is a pipe; name a file\n"
