"""What libraries write to stderr past Python, kept from the terminal."""

from __future__ import annotations

import os
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

_lock = threading.Lock()


@contextmanager
def captured(log: Callable[[str], None]) -> Iterator[None]:
    """Within the block, what is written to the file descriptor of stderr goes to `log`, a line a call, and not to the
    terminal.

    Python's own `sys.stderr` is only concerned where it writes there. Where there is no stderr, nothing is done.
    """
    with _lock:
        try:
            kept = os.dup(2)
        except OSError:
            yield
            return
        with tempfile.TemporaryFile() as file:
            os.dup2(file.fileno(), 2)
            try:
                yield
            finally:
                os.dup2(kept, 2)
                os.close(kept)
                file.seek(0)
                for line in file.read().decode("utf-8", "replace").splitlines():
                    log(line)
