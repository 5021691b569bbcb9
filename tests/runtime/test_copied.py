"""ONNX Runtime asked in a copy of a command's process: its answer, its crash, and where no copy is made."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from tfonnx_lab.runtime import copied, verify

SAMPLE = Path(verify.__file__).parents[1] / "samples" / "digits_int8.tflite"

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="processes are copied on Linux alone")


@pytest.fixture
def alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """This process as a command's own: no thread of the tests counts, and no TensorFlow."""
    monkeypatch.setattr(copied.Copies, "allowed", True)
    monkeypatch.setattr(threading, "active_count", lambda: 1)
    monkeypatch.delitem(sys.modules, "tensorflow", raising=False)


def _ended() -> str:
    os.kill(os.getpid(), signal.SIGKILL)
    return "never"


def _late() -> str:
    time.sleep(60)
    return "too late"


def test_a_copy_answers_with_what_the_process_holds(alone: None) -> None:
    here = os.getpid()
    answer = copied.in_copy(lambda: f"{here} {os.getpid()}", 60)
    assert answer is not None
    asked, answered = answer.split()
    assert asked == str(here) != answered


@pytest.mark.parametrize("ask", [_ended, _late, lambda: str(1 / 0)], ids=["crash", "late", "raised"])
def test_without_an_answer_there_is_none_and_no_process_is_left(alone: None, ask: object) -> None:
    assert copied.in_copy(ask, 0.5 if ask is _late else 60) is None  # type: ignore[arg-type]
    with pytest.raises(ChildProcessError):
        os.waitpid(-1, os.WNOHANG)


def test_who_shares_the_process_gets_no_copy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "fork", lambda: pytest.fail("copied"))
    assert copied.in_copy(lambda: "yes", 1) is None, "only a command may"
    monkeypatch.setattr(copied.Copies, "allowed", True)
    monkeypatch.setattr(threading, "active_count", lambda: 2)
    assert copied.in_copy(lambda: "yes", 1) is None, "another thread may hold a lock"


def test_the_command_loads_what_it_wrote_without_another_process(tmp_path: Path) -> None:
    code = (
        "import sys, subprocess\n"
        "subprocess.Popen = lambda *a, **k: sys.exit('a process was started')\n"
        "from tfonnx_lab.commands.cli import main\n"
        f"main(['convert', {str(SAMPLE)!r}, '--output', {str(tmp_path / 'x.onnx')!r}])\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "loads in ONNX Runtime" in done.stdout
