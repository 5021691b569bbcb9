"""A process of its own for what may crash: a script that answers requests through pipes.

A request and an answer are pickles. An answer is ("done", result), ("failed", what says why), or ("note", text) before
one of those: what the script is at.
"""

from __future__ import annotations

import atexit
import os
import pickle
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any


class Ended(Exception):
    """The process is gone.

    code: its exit code, minus the signal's number; None where it had ended before it was asked.
    """

    def __init__(self, code: int | None) -> None:
        self.code = code
        how = signal.Signals(-code).name if code is not None and code < 0 else f"exit code {code}"
        super().__init__(how)


class Child:
    """The process and the pipes to it; one thread at a time may ask.

    script: the file that it runs.
    environment: variables beside those of this process.
    The process finds the packages that this one finds, is not interrupted with it, and its stderr is kept (`said`).
    """

    def __init__(self, script: Path, environment: dict[str, str] | None = None) -> None:
        path = os.pathsep.join(p for p in sys.path if p)
        # what is appended goes to the end, wherever it was read last
        self._log = tempfile.TemporaryFile("a+b")  # noqa: SIM115
        self._read = 0
        self._process = subprocess.Popen(
            [sys.executable, "-P", str(script)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._log,
            env={**os.environ, "PYTHONPATH": path, **(environment or {})},
            start_new_session=True,  # an interrupt is meant for the notebook alone
        )
        atexit.register(self.close)

    @property
    def alive(self) -> bool:
        """Whether it can still answer."""
        return self._process.poll() is None

    @property
    def pid(self) -> int:
        """The number of the process."""
        return self._process.pid

    def ask(self, request: Any, heard: Callable[[str], None] = lambda text: None) -> tuple[bool, Any]:
        """(whether it was done, the result or the reason) of a request.

        heard: gets what the script says it is at.

        Raises Ended where there is no answer any more; an interrupt ends the process, whose answer would be the next
        one's.
        """
        requests, answers = self._process.stdin, self._process.stdout
        assert requests is not None and answers is not None
        if not self.alive:
            raise Ended(None)
        try:
            pickle.dump(request, requests, protocol=5)
            requests.flush()
            while True:
                kind, what = pickle.load(answers)
                if kind != "note":
                    return kind == "done", what
                heard(what)
        except (EOFError, OSError, pickle.UnpicklingError) as error:
            self.close()
            raise Ended(self._process.returncode) from error
        except BaseException:
            self.close()
            raise

    def said(self) -> str:
        """What it has written to stderr since this was last asked."""
        self._log.seek(self._read)
        text = self._log.read()
        self._read += len(text)
        return text.decode("utf-8", "replace")

    def kill(self) -> None:
        """End the process while another thread waits for its answer, which raises Ended there."""
        self._process.kill()

    def close(self) -> None:
        """End the process; what it said last can still be read."""
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
