"""What a widget is given: a trace, a conversion, a path; and how it goes to the browser."""

from __future__ import annotations

import gzip
import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, Protocol, TypeAlias, runtime_checkable

from tfonnx_lab.graph.collector import collector_paused


@runtime_checkable
class HasLines(Protocol):
    """A trace: anything with the lines of the `.tfltrace` format."""

    def lines(self) -> Iterator[str]:
        """The lines, without their ends."""
        ...


TraceLike: TypeAlias = "HasLines | str | os.PathLike[str] | Iterable[str] | Any"
"""A Trace, something with a `trace` (a Conversion), the path of a `.tfltrace` file, or its lines."""


def packed(source: TraceLike) -> bytes:
    """The gzipped lines of a trace. Raises TypeError for what is none, ValueError for a file that is none."""
    source = getattr(source, "trace", source)
    if isinstance(source, (str, os.PathLike)):
        path = Path(source)
        data = path.read_bytes()
        if not data.startswith(b'{"header"'):
            raise ValueError(f"{path} is not a trace: it does not start with a header")
        return _zipped(data)
    lines = source.lines() if isinstance(source, HasLines) else source
    if not isinstance(lines, Iterable) or isinstance(lines, (bytes, bytearray)):
        raise TypeError(f"expected a Trace, a Conversion or the path of a .tfltrace file, got {type(source).__name__}")
    with collector_paused():
        return _zipped("\n".join(lines).encode())


def _zipped(data: bytes) -> bytes:
    # level 5: the lines shrink to a tenth either way, and the fastest levels are barely faster
    return gzip.compress(data, compresslevel=5, mtime=0)
