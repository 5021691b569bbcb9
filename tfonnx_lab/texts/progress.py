"""How far a piece of work is: told to whoever listens, and in a notebook shown as a bar that fills."""

from __future__ import annotations

import html
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

Tell = Callable[[str], None]
"""Is told what is done; a `Said` says how much of the whole that is."""

_PATIENCE = 1.0
"""Seconds until a bar is shown."""

_OFTEN = 0.1
"""Seconds between two of its pictures."""

_HEARS: ContextVar[Tell | None] = ContextVar("hears", default=None)


class Said(str):
    """What is being done, and how much of the whole work is behind it, from 0 to 1."""

    part: float

    def __new__(cls, text: str, part: float) -> Said:
        """A text with its part."""
        made = super().__new__(cls, text)
        made.part = min(max(part, 0.0), 1.0)
        return made


class Tick(Said):
    """One of many alike: it moves a bar, and is not worth a line."""


def part_of(text: str) -> float | None:
    """How much is done; None where nobody knows."""
    return text.part if isinstance(text, Said) else None


def within(tell: Tell, start: float, end: float) -> Tell:
    """A listener to one piece of the work: maps the piece's progress to its share of the whole. It never goes back."""
    reached = start

    def told(text: str) -> None:
        nonlocal reached
        if isinstance(text, Said):
            reached = max(reached, start + (end - start) * text.part)
            text = type(text)(text, reached)
        tell(text)

    return told


@contextmanager
def heard(tell: Tell) -> Iterator[None]:
    """Within the block, progress that nobody else listens to is reported to `tell`."""
    token = _HEARS.set(tell)
    try:
        yield
    finally:
        _HEARS.reset(token)


@contextmanager
def working(tell: Tell | None = None) -> Iterator[Tell | None]:
    """Who is to be told: `tell`, else who hears, else in a notebook a bar; None where nobody is there."""
    chosen = tell or _HEARS.get()
    if chosen is not None or not _in_notebook():
        yield chosen
        return
    bar = _Bar()
    with heard(bar.tell):
        try:
            yield bar.tell
        finally:
            bar.close()


def _in_notebook() -> bool:
    """Whether the code runs in a notebook's kernel."""
    module = sys.modules.get("IPython")
    shell = module.get_ipython() if module is not None else None
    return getattr(shell, "kernel", None) is not None


class _Bar:
    """A bar in the output of the cell: it comes after a second, and goes when the work is done."""

    def __init__(self) -> None:
        self.began = self.drawn = time.monotonic()
        self.handle: Any = None

    def tell(self, text: str) -> None:
        """Show what is done now, if it is time for that."""
        now = time.monotonic()
        if now - self.began < _PATIENCE or (self.handle is not None and now - self.drawn < _OFTEN):
            return
        self.drawn = now
        self.show(bar_html(text))

    def show(self, page: str) -> None:
        """Put a page in the place of the last one."""
        from IPython.display import HTML, display

        made = HTML(page)
        if self.handle is None:
            self.handle = display(made, display_id=True)
        else:
            self.handle.update(made)

    def close(self) -> None:
        """Take the bar away."""
        if self.handle is not None:
            self.show("")


def bar_html(text: str) -> str:
    """A bar with its words; without a part it only moves."""
    part = part_of(text)
    value = "" if part is None else f' value="{part:.3f}"'
    style = "font: 13px system-ui, sans-serif; color: var(--jp-ui-font-color1, inherit)"
    return (
        f'<div style="{style}" role="status"><progress max="1"{value} aria-label="at work"></progress> '
        f"{html.escape(text)}</div>"
    )
