"""A progress display that appears only where a conversion takes more than a second."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

_PATIENCE = 1.0


@contextmanager
def progress() -> Iterator[Callable[[str], None]]:
    """Gives a function to call with the name of each stage; shows a spinner with it on a terminal after a second."""
    if sys.stderr is None or not sys.stderr.isatty():  # None: a job that began without it
        yield lambda stage: None
        return
    from rich.console import Console
    from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    display = Progress(
        SpinnerColumn(),
        TextColumn("{task.description}"),
        TimeElapsedColumn(),
        console=Console(stderr=True),
        transient=True,
    )
    task = display.add_task("reading")
    timer = threading.Timer(_PATIENCE, display.start)
    timer.daemon = True
    timer.start()
    try:
        yield lambda stage: display.update(task, description=stage)
    finally:
        timer.cancel()
        display.stop()
