"""What is known of a source beside its graph: its name, and whether its file has changed since."""

from __future__ import annotations

from os import PathLike
from pathlib import Path
from typing import Any


def source_name(source: Any) -> str:
    """What messages and the trace call it: its path, the name that bytes carry, or `<bytes>`."""
    if isinstance(source, (bytes, bytearray, memoryview)):
        return str(getattr(source, "name", "<bytes>"))
    return str(getattr(source, "name", source))


def stamp(source: Any) -> tuple[int, int]:
    """When the source was written and its size, where it is a file that is there."""
    if not isinstance(source, str | PathLike):
        return 0, 0
    try:
        found = Path(source).stat()
    except OSError:
        return 0, 0
    return found.st_mtime_ns, found.st_size
