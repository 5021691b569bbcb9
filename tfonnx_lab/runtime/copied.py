"""A question to ONNX Runtime in a copy of a command's own process.

A process of its own would have to import numpy and ONNX Runtime anew, which takes as long as the conversion. A copy has
both, and a model that makes a kernel crash ends the copy alone. Only a process that nobody else shares may be copied:
threads, of a notebook say, are not copied with it, and may hold a lock for good.
"""

from __future__ import annotations

import os
import select
import signal
import sys
import threading
from collections.abc import Callable
from contextlib import suppress


class Copies:
    """Whether this process may be copied: the command line says so of its own."""

    allowed = False


def in_copy(ask: Callable[[], str], patience: float) -> str | None:
    """The answer; None where no copy can be made, or it raises, crashes, or takes more than `patience` seconds."""
    others = "tensorflow" in sys.modules or threading.active_count() > 1
    if not Copies.allowed or others or not sys.platform.startswith("linux"):
        return None
    reading, writing = os.pipe()
    copy = os.fork()
    if copy == 0:
        _answer(ask, writing)
    os.close(writing)
    try:
        with os.fdopen(reading, "rb") as pipe:
            said = pipe.read() if select.select([pipe], [], [], patience)[0] else b""
    finally:
        with suppress(ProcessLookupError):
            os.kill(copy, signal.SIGKILL)
        os.waitpid(copy, 0)
    return said.decode() or None


def _answer(ask: Callable[[], str], pipe: int) -> None:
    """In the copy: answer and end, whatever happens, so that nothing of the command goes on here."""
    try:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # what ONNX Runtime prints is no answer
        os.dup2(1, 2)
        said = ask()
        with os.fdopen(pipe, "wb") as file:
            file.write(said.encode())
    finally:
        os._exit(0)
