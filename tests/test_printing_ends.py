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

from conformance.models import Model
from tfonnx_lab import samples
from tfonnx_lab.commands.cli import main

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


@pytest.mark.parametrize("closed", ["1>&- 2>&-", "<&- 2>&-", "2>&-", "<&- 1>&- 2>&-"])
def test_a_job_that_began_without_its_streams_writes_its_file(closed: str, tmp_path: Path) -> None:
    line = f'"$0" -m tfonnx_lab.commands.cli convert {MODEL} --output {tmp_path / "x.onnx"} {closed}'
    done = subprocess.run(["sh", "-c", line, sys.executable], capture_output=True, check=False)
    assert done.returncode == 0
    onnx.checker.check_model(str(tmp_path / "x.onnx"))


def test_a_command_that_is_told_to_end_leaves_nothing_behind(tmp_path: Path) -> None:
    """While ONNX Runtime looks at the file, which lies in the folder of temporary files then."""
    code = (
        "import os, signal, sys\n"
        "from tfonnx_lab.runtime import verify\n"
        "verify._asked = lambda *_: os.kill(os.getpid(), signal.SIGTERM)\n"
        "from tfonnx_lab.commands.cli import main\n"
        f"main(['convert', {MODEL!r}, '--output', {str(tmp_path / 'x.onnx')!r}])\n"
    )
    (place := tmp_path / "temporary").mkdir()
    done = subprocess.run([sys.executable, "-c", code], env={**os.environ, "TMPDIR": str(place)}, check=False)
    assert done.returncode == 128 + signal.SIGTERM
    assert not list(place.glob("tfonnx_lab_*"))
    assert not (tmp_path / "x.onnx").exists()


def test_names_do_not_paint_the_terminal(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Of a file, and of tensors in it: neither with a result nor with an error."""
    monkeypatch.chdir(tmp_path)
    m = Model()
    m.outputs(m.op("RELU", [m.input([2])], [m.tensor(shape=[2], name="y\x1b[31m")]))
    Path("a\x1b[2J\nb.tflite").write_bytes(m.bytes())
    for arguments, status in (
        (["convert", "a\x1b[2J\nb.tflite", "--debug"], 0),
        (["compare", "a\x1b[2J\nb.tflite"], 0),
        (["mobile", "a\x1b[2J\nb.tflite"], 0),
        (["convert", "no\x1b[2J.tflite"], 1),
        (["compare", "no\x1b[2J.tflite"], 1),
    ):
        with pytest.raises(SystemExit) as ended:
            main(arguments)
        assert ended.value.code == status
        told = capsys.readouterr()
        assert all(c.isprintable() or c == "\n" for c in told.out + told.err), arguments
