"""What a widget is given: a trace, a conversion, a path; and how it goes to the browser."""

from __future__ import annotations

import gzip
import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, Protocol, TypeAlias, runtime_checkable

from tfonnx_lab.errors import ConversionError
from tfonnx_lab.graph.collector import collector_paused
from tfonnx_lab.trace import Trace, load_trace

_BEGIN = b'{"header"'


@runtime_checkable
class HasLines(Protocol):
    """A trace: anything with the lines of the `.tfltrace` format."""

    def lines(self) -> Iterator[str]:
        """The lines, without their ends."""
        ...


TraceLike: TypeAlias = "HasLines | str | os.PathLike[str] | Iterable[str] | Any"
"""A Trace, something with a `trace` (a Conversion), the path of a `.tfltrace` file, or its lines."""


def with_trace(source: Any) -> Any:
    """What has a trace, and the lines or the file of one, as they are; what `convert` takes, converted.

    Ops that fail are kept in it, so that they can be looked at.
    Raises TypeError for nothing or a number, ConversionError for what cannot be read or converted.
    """
    if hasattr(source, "trace") or isinstance(source, HasLines):
        return source
    if isinstance(source, (str, os.PathLike)):
        if is_trace_file(source):
            return source
    elif isinstance(source, Iterable) and not isinstance(source, (bytes, bytearray, memoryview)):
        return source
    if source is None or isinstance(source, (int, float)):
        kind = type(source).__name__
        raise TypeError(f"expected a Trace, a Conversion, or what convert() takes (a path, for example), not {kind}")
    from tfonnx_lab.conversion.given import converted  # a trace is shown without the converter

    return converted(source, "keep")


def is_trace_file(path: str | os.PathLike[str]) -> bool:
    """Whether it is to be read as a trace: by its name, or by how it begins."""
    found = Path(path)
    if found.suffix == ".tfltrace":
        return True
    if not found.is_file():
        return False
    with found.open("rb") as file:
        return file.read(len(_BEGIN)) == _BEGIN


def shown(source: Any) -> Any:
    """A Conversion or a Trace for a view: `with_trace`, of the file or the lines of a trace what they hold.

    Raises ConversionError for what cannot be read.
    """
    found = with_trace(source)
    return found if hasattr(found, "trace") or isinstance(found, Trace) else read_trace(found)


def read_trace(source: Any) -> Trace:
    """`load_trace` whose errors are ConversionErrors."""
    try:
        return load_trace(source.lines() if isinstance(source, HasLines) else source)
    except ValueError as error:
        raise ConversionError(str(error)) from error


def packed(source: TraceLike) -> bytes:
    """The gzipped lines of a trace. Raises TypeError for another object, ValueError for another file."""
    source = getattr(source, "trace", source)
    if isinstance(source, (str, os.PathLike)):
        path = Path(source)
        data = bytes_of(path)
        if not data.startswith(_BEGIN):
            raise ValueError(f"{path} is not a trace: it does not start with a header")
        return _zipped(data)
    lines = source.lines() if isinstance(source, HasLines) else source
    if not isinstance(lines, Iterable) or isinstance(lines, (bytes, bytearray)):
        raise TypeError(f"expected a Trace, a Conversion or the path of a .tfltrace file, got {type(source).__name__}")
    with collector_paused():
        return _zipped("\n".join(lines).encode())


def bytes_of(path: str | os.PathLike[str]) -> bytes:
    """The contents of a file. Raises ConversionError where it cannot be read."""
    try:
        return Path(path).read_bytes()
    except OSError as error:
        raise ConversionError(f"{path}: cannot be read: {error.strerror or error}") from error


def _zipped(data: bytes) -> bytes:
    # level 5: the lines shrink to a tenth either way, and the fastest levels are barely faster
    return gzip.compress(data, compresslevel=5, mtime=0)
