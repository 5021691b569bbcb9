"""What a model is read from: a path (mapped into memory, not copied), bytes or a file object."""

from __future__ import annotations

import gc
import mmap
import os
import stat
import sys
from pathlib import Path
from typing import BinaryIO, TypeAlias
from weakref import WeakSet

from tfonnx_lab.errors import ConversionError
from tfonnx_lab.readers.not_a_model import folder_told, missing_told, object_told

Source: TypeAlias = str | os.PathLike[str] | bytes | bytearray | memoryview | BinaryIO


_SMALL = 1 << 20
"""Files of fewer bytes are read, not mapped."""

_MANY = 100
"""How many maps may hold their file descriptors at once."""

_MAPS: WeakSet[mmap.mmap] = WeakSet()


def open_source(source: Source) -> tuple[memoryview, str]:
    """The bytes of the source and its name for messages. Raises ConversionError where it cannot be read."""
    if isinstance(source, (bytes, bytearray, memoryview)):
        return memoryview(source).cast("B"), "<bytes>"
    if isinstance(source, (str, os.PathLike)):
        return _map(os.fspath(source))
    if hasattr(source, "read"):
        name = str(getattr(source, "name", "<file object>"))
        data = source.read()
        if not isinstance(data, bytes):
            raise ConversionError(f"{name}: the file object gives text; open it in binary mode ('rb')")
        return memoryview(data), name
    told = object_told(source)
    also = f": {told}" if told else ""
    raise ConversionError(f"a TFLite model is a path, bytes or a binary file object, not {type(source).__name__}{also}")


def _map(path: str) -> tuple[memoryview, str]:
    try:
        kind = Path(path).stat().st_mode
        if stat.S_ISDIR(kind):
            raise ConversionError(f"{path}: {folder_told(path)}" if path else "the model's path is empty")
        if not stat.S_ISREG(kind):
            raise ConversionError(
                f"{path}: is a pipe or a device; a model is read from a file, or from an open file object"
            )
        with open(path, "rb") as file:
            size = os.fstat(file.fileno()).st_size
            if size == 0:
                raise ConversionError(f"{path}: the file is empty")
            return memoryview(file.read() if size < _SMALL else _mapped(file.fileno())), path
    except OSError as error:
        told = missing_told(path) if isinstance(error, FileNotFoundError) else ""
        raise ConversionError(f"{path}: {told or error.strerror or error}") from error
    except ValueError as error:
        raise ConversionError(f"{path!r}: no file has such a name ({error})") from error


def _mapped(number: int) -> mmap.mmap:
    """The file, mapped. Before Python 3.13 a map holds a file descriptor as long as it lives, and a conversion lives
    until a
    collection: where many do, there is one now."""
    if sys.version_info >= (3, 13):
        return mmap.mmap(number, 0, access=mmap.ACCESS_READ, trackfd=False)
    if len(_MAPS) >= _MANY:
        gc.collect()
    made = mmap.mmap(number, 0, access=mmap.ACCESS_READ)
    _MAPS.add(made)
    return made
