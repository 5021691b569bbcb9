"""LiteRT in a process of its own: some models make it crash, which must not end the notebook that asked.

One process serves all models of a session, and another takes its place when it has crashed.
"""

from __future__ import annotations

import atexit
import itertools
import os
import pickle
import signal
import subprocess
import sys
import threading
from collections import deque
from contextlib import suppress
from pathlib import Path
from typing import Any

from tfonnx_lab.errors import ConversionError

PATIENCE = 120.0
"""How long LiteRT may take for one answer, in seconds: a model can hold a loop that never ends."""

_DOING = {"load": "load the model", "run": "run the model", "onnx": "load or run the converted model"}

_SCRIPT = Path(__file__).with_name("process.py")


class Gone(Exception):
    """The process had ended before it was asked."""


class Crashed(ConversionError):
    """The process ended over what it was asked: by this model's doing, or by what another left in its memory."""


class Worker:
    """The process and the pipes to it. Several threads may ask; one is answered at a time."""

    def __init__(self) -> None:
        path = os.pathsep.join(p for p in sys.path if p)
        self._process = subprocess.Popen(
            [sys.executable, "-P", str(_SCRIPT)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={**os.environ, "PYTHONPATH": path},
            start_new_session=True,  # an interrupt is meant for the notebook alone
        )
        self._lock = threading.Lock()
        self._numbers = itertools.count()
        self._unused: deque[int] = deque()
        atexit.register(self.close)

    @property
    def alive(self) -> bool:
        """Whether it can still answer."""
        return self._process.poll() is None

    def number(self) -> int:
        """A number that no model has."""
        return next(self._numbers)

    def drop(self, number: int) -> None:
        """Let go of a model, when the next request is made.

        It asks for nothing itself, for a collector may call it anywhere.
        """
        self._unused.append(number)

    def ask(self, what: str, *arguments: Any) -> Any:
        """Ask for one thing and wait. Raises ConversionError where LiteRT says no or takes too long, Crashed where it
        crashes, Gone where it has ended before: another thread's model was its end."""
        who = "ONNX Runtime" if what == "onnx" else "LiteRT"
        doing = _DOING.get(what, "give the model's tensors")
        with self._lock:
            if not self.alive:
                raise Gone
            late = threading.Event()
            watch = threading.Timer(PATIENCE, self._end, [late])
            watch.daemon = True
            watch.start()
            try:
                good, answer = self._exchange(what, arguments)
            except (EOFError, OSError, pickle.UnpicklingError) as error:
                self.close()
                if late.is_set():
                    raise ConversionError(_late(who, doing)) from error
                raise Crashed(_crash(who, self._process.returncode, doing)) from error
            except BaseException:  # interrupted: the answer that is still to come would be taken for the next one's
                self.close()
                raise
            finally:
                watch.cancel()
        if not good:
            raise ConversionError(f"{who} cannot {doing}: {answer}")
        return answer

    def close(self) -> None:
        """End the process."""
        atexit.unregister(self.close)
        try:
            self._process.wait(0.5)  # of one that has crashed, so that its exit code says how
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            assert pipe is not None
            with suppress(BrokenPipeError):  # the rest of a request that nobody will read
                pipe.close()

    def _end(self, late: threading.Event) -> None:
        late.set()
        self._process.kill()

    def _exchange(self, what: str, arguments: tuple[Any, ...]) -> Any:
        requests, answers = self._process.stdin, self._process.stdout
        assert requests is not None and answers is not None
        unused = [self._unused.popleft() for _ in range(len(self._unused))]
        pickle.dump((unused, what, arguments), requests, protocol=5)
        requests.flush()
        return pickle.load(answers)


def _late(who: str, doing: str) -> str:
    return f"{who} did not {doing} within {PATIENCE:.0f} s: a loop that never ends?"


def _crash(who: str, code: int | None, doing: str) -> str:
    how = signal.Signals(-code).name if code is not None and code < 0 else f"exit code {code}"
    return (
        f"{who} itself crashed when it had to {doing} ({how}); it ran in a process of its own, so nothing else is lost"
    )


_current: list[Worker] = []
_starting = threading.Lock()


def worker() -> Worker:
    """The process that runs LiteRT, started where there is none."""
    with _starting:
        if not _current or not _current[0].alive:
            _current[:] = [Worker()]
        return _current[0]
