"""LiteRT in a process of its own: some models make it crash, which must not end the notebook that asked.

One process serves all models of a session, and another takes its place when it has crashed.
"""

from __future__ import annotations

import itertools
import threading
from collections import deque
from pathlib import Path
from typing import Any

from tfonnx_lab.child import Child, Ended
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
    """The process that runs LiteRT. Several threads may ask; one is answered at a time."""

    def __init__(self) -> None:
        self._child = Child(_SCRIPT)
        self._lock = threading.Lock()
        self._numbers = itertools.count()
        self._unused: deque[int] = deque()

    @property
    def alive(self) -> bool:
        """Whether it can still answer."""
        return self._child.alive

    def number(self) -> int:
        """A number that no model has."""
        return next(self._numbers)

    def drop(self, number: int) -> None:
        """Let go of a model, when the next request is made.

        It asks for nothing itself, for a collector may call it anywhere.
        """
        self._unused.append(number)

    def ask(self, what: str, *arguments: Any) -> Any:
        """Ask for one thing and wait. Raises ConversionError where LiteRT refuses or takes too long, Crashed where it
        crashes, Gone where it has ended before: another thread's model was its end."""
        who = "ONNX Runtime" if what == "onnx" else "LiteRT"
        doing = _DOING.get(what, "give the model's tensors")
        with self._lock:
            late = threading.Event()
            watch = threading.Timer(PATIENCE, self._end, [late])
            watch.daemon = True
            watch.start()
            unused = [self._unused.popleft() for _ in range(len(self._unused))]
            try:
                good, answer = self._child.ask((unused, what, arguments))
            except Ended as end:
                if end.code is None:
                    raise Gone from end
                if late.is_set():
                    raise ConversionError(_late(who, doing)) from end
                raise Crashed(_crash(who, end, doing)) from end
            finally:
                watch.cancel()
        if not good:
            raise ConversionError(f"{who} cannot {doing}: {answer}")
        return answer

    def close(self) -> None:
        """End the process."""
        self._child.close()

    def _end(self, late: threading.Event) -> None:
        late.set()
        self._child.kill()


def _late(who: str, doing: str) -> str:
    return f"{who} did not {doing} within {PATIENCE:.0f} s: a loop that never ends?"


def _crash(who: str, end: Ended, doing: str) -> str:
    return (
        f"{who} itself crashed when it had to {doing} ({end}); it ran in a process of its own, so nothing else is lost"
    )


_current: list[Worker] = []
_starting = threading.Lock()


def worker() -> Worker:
    """The process that runs LiteRT, started where there is none."""
    with _starting:
        if not _current or not _current[0].alive:
            _current[:] = [Worker()]
        return _current[0]
