"""What the package writes destroys nothing: devices, pipes, links, modes, the model that is read, and what was there
before."""

from __future__ import annotations

import errno
import os
import resource
import signal
import stat
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest

import tfonnx_lab as lab
from tfonnx_lab import samples
from tfonnx_lab.debug.isolation import Isolated
from tfonnx_lab.files import drafts, write_bytes, write_text, writing

MODEL = samples.path("digits_float")


def isolated(path: Path) -> None:
    """Write an isolated op whose model has the path's name."""
    cut = Isolated(b"new", (np.zeros(1),), None, path.stem.rpartition("_")[0] or path.stem, 0)
    cut.save(path.parent)


WRITERS: dict[str, Callable[[Path], Any]] = {
    "model": lambda path: lab.convert(MODEL).save(path),
    "weights": lambda path: lab.convert(MODEL).save(path.with_name(path.name.removesuffix(".data")), external_over=10),
    "trace": lambda path: lab.convert(MODEL).trace.save(path),
    "page": lambda path: lab.convert(MODEL).trace.to_html(path),
    "report": lambda path: lab.report(lab.convert(MODEL), parity=False).save(path),
    "isolated op": isolated,
}
NAMES = {"weights": "x.onnx.data", "isolated op": "ADD_0.tflite"}


@pytest.fixture(params=list(WRITERS))
def writer(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[Callable[[], Any], Path]:
    """A writer of the package, and the path that it writes to."""
    path = tmp_path / "out" / NAMES.get(request.param, "x.onnx")
    path.parent.mkdir()
    return (lambda: WRITERS[request.param](path)), path


Writer = tuple[Callable[[], Any], Path]


def left(folder: Path) -> list[str]:
    """What lies in a folder, drafts too."""
    return sorted(p.name for p in folder.iterdir())


def test_a_pipe_is_refused_and_stays(writer: Writer) -> None:
    write, path = writer
    os.mkfifo(path)
    with pytest.raises(lab.ConversionError, match=r"not written, because it is a pipe"):
        write()
    assert stat.S_ISFIFO(path.lstat().st_mode)
    assert left(path.parent) == [path.name]


def test_a_folder_is_refused(writer: Writer) -> None:
    write, path = writer
    path.mkdir()
    with pytest.raises(lab.ConversionError, match="a folder; name a file"):
        write()
    assert left(path.parent) == [path.name]


def test_mode_and_symbolic_link_stay(writer: Writer, tmp_path: Path) -> None:
    write, path = writer
    real = tmp_path / "real"
    real.write_bytes(b"old")
    real.chmod(0o600)
    path.symlink_to(real)
    write()
    assert path.is_symlink()
    assert real.read_bytes() != b"old"
    assert stat.S_IMODE(real.stat().st_mode) == 0o600


def test_hard_links_stay(writer: Writer, tmp_path: Path) -> None:
    write, path = writer
    other = tmp_path / "other"
    other.write_bytes(b"old" * 10**6)
    os.link(other, path)
    write()
    assert path.samefile(other)
    assert other.stat().st_size < 10**6
    assert not any(name.startswith(".") for name in left(path.parent))


def test_a_write_protected_file_is_refused(writer: Writer) -> None:
    write, path = writer
    path.write_bytes(b"old")
    path.chmod(0o444)
    with pytest.raises(lab.ConversionError, match="write-protected"):
        write()
    assert path.read_bytes() == b"old"


def test_a_missing_folder_is_named(writer: Writer) -> None:
    write, path = writer
    path.parent.rmdir()
    if path.name == NAMES["isolated op"]:  # whose name is a folder's, which is made
        write()
        assert path.read_bytes() == b"new"
        return
    with pytest.raises(lab.ConversionError, match="there is no such folder"):
        write()


def test_a_full_disk_leaves_what_was_there(writer: Writer, monkeypatch: pytest.MonkeyPatch) -> None:
    write, path = writer
    path.write_bytes(b"old")

    def full(_: Any) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("tfonnx_lab.files.os.fsync", full)
    with pytest.raises(lab.ConversionError, match="the disk is full"):
        write()
    assert path.read_bytes() == b"old"
    assert left(path.parent) == [path.name]


def test_a_new_file_has_the_mode_of_new_files(tmp_path: Path) -> None:
    (tmp_path / "plain").touch()
    write_bytes(tmp_path / "made", b"x")
    assert (tmp_path / "made").stat().st_mode == (tmp_path / "plain").stat().st_mode


@pytest.mark.parametrize("length", [250, 255, 256])
def test_names_near_the_limit(tmp_path: Path, length: int) -> None:
    path = tmp_path / ("n" * (length - 5) + ".onnx")
    if length > 255:
        with pytest.raises(lab.ConversionError, match="name is too long"):
            lab.convert(MODEL).save(path)
    else:
        onnx.checker.check_model(str(lab.convert(MODEL).save(path)))
    assert len(left(tmp_path)) == (length <= 255)


@pytest.mark.parametrize(
    ("name", "why"), [("a\0b", "null character"), ("loop", "form a circle"), ("file/x", "not a folder")]
)
def test_names_that_no_file_can_have(tmp_path: Path, name: str, why: str) -> None:
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    (tmp_path / "file").touch()
    with pytest.raises(lab.ConversionError, match=f"{why}|no such folder"):
        write_text(tmp_path / name, "x")


def test_a_file_that_may_not_grow_as_large(tmp_path: Path) -> None:
    def small() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))

    code = f"import tfonnx_lab as lab\nlab.convert({str(MODEL)!r}).save({str(tmp_path / 'x.onnx')!r})"
    done = subprocess.run([sys.executable, "-c", code], preexec_fn=small, capture_output=True, text=True, check=False)
    assert "ConversionError" in done.stderr and "larger than is allowed" in done.stderr
    assert left(tmp_path) == []


def test_hard_links_keep_their_contents_where_there_is_no_room(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first, second = tmp_path / "a", tmp_path / "b"
    first.write_bytes(b"old")
    os.link(first, second)

    def full(*_: Any) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("tfonnx_lab.files.os.posix_fallocate", full)
    with pytest.raises(lab.ConversionError, match="disk is full"):
        write_bytes(first, b"newer")
    assert second.read_bytes() == b"old"


def test_an_exception_leaves_no_draft(tmp_path: Path) -> None:
    (tmp_path / "x").write_bytes(b"old")

    def half() -> None:
        with writing(tmp_path / "x") as file:
            file.write(b"half")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        half()
    assert (tmp_path / "x").read_bytes() == b"old"
    assert left(tmp_path) == ["x"]


def test_all_drafts_or_none(tmp_path: Path) -> None:
    def half() -> None:
        with drafts([tmp_path / "a", tmp_path / "b"]) as [a, _]:
            a.write_bytes(b"half")
            raise OSError(errno.ENOSPC, "No space left on device")

    with pytest.raises(lab.ConversionError):
        half()
    assert left(tmp_path) == []


def test_sigterm_leaves_no_draft(tmp_path: Path) -> None:
    code = (
        "import sys, time\nfrom tfonnx_lab.files import writing\n"
        f"with writing({str(tmp_path / 'x')!r}) as file:\n"
        "    file.write(b'half'); print('in', flush=True); time.sleep(60)"
    )
    child = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE)
    assert child.stdout is not None
    assert child.stdout.readline() == b"in\n"
    assert len(left(tmp_path)) == 1
    child.send_signal(signal.SIGTERM)
    assert child.wait(30) == 128 + signal.SIGTERM
    child.stdout.close()
    assert left(tmp_path) == []


def test_a_thread_writes_too(tmp_path: Path) -> None:
    threads = [threading.Thread(target=write_bytes, args=(tmp_path / f"{i}", b"x" * i)) for i in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [(tmp_path / f"{i}").stat().st_size for i in range(8)] == list(range(8))
    assert signal.getsignal(signal.SIGTERM) is signal.SIG_DFL


@pytest.mark.parametrize("how", ["same", "symbolic link", "hard link", "another spelling"])
def test_the_model_that_was_read_is_not_overwritten(tmp_path: Path, how: str) -> None:
    model, target = tmp_path / "m.tflite", tmp_path / "out"
    model.write_bytes(MODEL.read_bytes())
    if how == "symbolic link":
        target.symlink_to(model)
    elif how == "hard link":
        os.link(model, target)
    elif how == "another spelling":
        target = tmp_path / ".." / tmp_path.name / "m.tflite"
    else:
        target = model
    with pytest.raises(lab.ConversionError, match="it is the model that is read"):
        lab.convert(model).save(target)
    assert model.read_bytes() == MODEL.read_bytes()


def command(*arguments: str, folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "tfonnx_lab", "convert", *arguments],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (["m.tflite", "--output", "m.tflite"], "it is the model that is read"),
        (["m.tflite", "--output", "x.onnx", "--trace", "m.tflite"], "it is the model that is read"),
        (["m.tflite", "--output", "x.onnx", "--trace", "./x.onnx"], "also what is written to"),
        (["m.tflite", "--output", "old.onnx", "--trace", "link.onnx"], "also what is written to"),
        (["m.tflite", "--output", "pipe"], "a pipe"),
        (["m.tflite", "--output", "x.onnx", "--trace", "no/where"], "no such folder"),
        (["saved", "--output", "saved/saved_model.pb"], "it is the model that is read"),
    ],
)
def test_the_command_line_refuses_before_it_converts(tmp_path: Path, arguments: list[str], why: str) -> None:
    (tmp_path / "m.tflite").write_bytes(MODEL.read_bytes())
    (tmp_path / "old.onnx").write_bytes(b"old")
    (tmp_path / "link.onnx").symlink_to("old.onnx")
    (tmp_path / "saved").mkdir()
    (tmp_path / "saved" / "saved_model.pb").write_bytes(b"old")
    os.mkfifo(tmp_path / "pipe")
    before = {p: p.read_bytes() for p in tmp_path.rglob("*") if p.is_file()}
    began = time.monotonic()
    done = command(*arguments, folder=tmp_path)
    assert done.returncode == 1 and why in done.stderr and "Traceback" not in done.stderr, done.stderr
    assert {p: p.read_bytes() for p in tmp_path.rglob("*") if p.is_file()} == before
    assert "rewriters" not in done.stderr, "nothing is converted before"
    assert time.monotonic() - began < 60
