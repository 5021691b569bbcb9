"""A progress bar for many models, on a terminal."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any


@contextmanager
def bar() -> Iterator[Callable[[dict[str, Any], int, int], None]]:
    """Gives a function to call with each row, how many there are, and how many there will be."""
    if not sys.stderr.isatty():
        yield lambda row, count, total: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = BarColumn(), MofNCompleteColumn(), TimeRemainingColumn(), TextColumn("{task.description}")
    with Progress(*columns, console=Console(stderr=True), transient=True) as display:
        task = display.add_task("", total=None)
        yield lambda row, count, total: display.update(
            task, completed=count, total=total, description=f"{row['name']}: {row['status']}"
        )
