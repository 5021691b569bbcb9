"""How much memory a conversion may take because numbers in the file say so.

A file of a hundred bytes can ask for a table of gigabytes. Whatever is made larger than what the file holds asks for
room
first: `room(shape, itemsize, "the matrix of an RFFT2D")`. All of a conversion draws on one budget, which grows with the
file that is read (`grant`) or is what the user allows (`lab.Options.memory`).
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar

from tfonnx_lab.errors import TooLarge

BASE = 256 << 20
"""Bytes for a file of any size."""

TIMES = 32
"""Bytes more for each byte of the file: weights of 4 bits become floats, and rules may rewrite them several
times."""


class _Budget:
    def __init__(self, limit: int | None) -> None:
        self.given = limit is not None
        self.limit = self.left = BASE if limit is None else limit


_current: ContextVar[_Budget | None] = ContextVar("budget", default=None)


@contextmanager
def budget(limit: int | None = None) -> Iterator[None]:
    """The budget within the block: this many bytes; None: what suits the files that `grant` reports."""
    token = _current.set(_Budget(limit))
    try:
        yield
    finally:
        _current.reset(token)


def grant(size: int) -> None:
    """Add what a file of this many bytes, which is being read, allows."""
    now = _current.get()
    if now is not None and not now.given:
        now.limit += TIMES * size
        now.left += TIMES * size


def room(shape: Sequence[int] | int, itemsize: int, what: str) -> None:
    """Draw the bytes of an array of this shape; outside of a conversion, it may be as large as a small file's budget.

    what: what is made, for the message. Raises TooLarge where not so much is left, or a dimension is negative.
    """
    sizes = [shape] if isinstance(shape, int) else [int(d) for d in shape]
    if any(d < 0 for d in sizes):
        raise TooLarge(f"{what} would have the shape {sizes}")
    now = _current.get() or _Budget(None)
    size = math.prod(sizes) * itemsize
    if size > now.left:
        raise TooLarge(
            f"{what} of shape {sizes} would take {size:,} bytes, and {now.left:,} are left of the {now.limit:,} that "
            f"the conversion may take beyond the file; where that is meant, allow more: memory={now.limit + size:_}"
        )
    now.left -= size
