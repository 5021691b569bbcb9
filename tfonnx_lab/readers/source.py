"""What a model is read from: a path (mapped into memory, not copied), bytes or a file object."""

from __future__ import annotations

import mmap
import os
from typing import BinaryIO, TypeAlias

from tfonnx_lab.errors import ConversionError

Source: TypeAlias = str | os.PathLike[str] | bytes | bytearray | memoryview | BinaryIO


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
    raise ConversionError(f"a TFLite model is a path, bytes or a binary file object, not {type(source).__name__}")


def _map(path: str) -> tuple[memoryview, str]:
    try:
        if os.path.isdir(path):
            raise ConversionError(f"{path}: is a folder, not a .tflite file")
        with open(path, "rb") as file:
            if os.fstat(file.fileno()).st_size == 0:
                raise ConversionError(f"{path}: the file is empty")
            return memoryview(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)), path
    except OSError as error:
        raise ConversionError(f"{path}: {error.strerror or error}") from error
