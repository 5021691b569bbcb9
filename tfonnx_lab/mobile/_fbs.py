"""The FlatBuffers classes of the ORT format, from the onnxruntime package, and vectors read within bounds."""

from __future__ import annotations

import importlib
import importlib.util
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

_PACKAGE = "ort_flatbuffers_py"


def fbs(name: str) -> Any:
    """A class of the schema, such as "Graph".

    The package that holds them lies in a folder of onnxruntime's tools, which puts that folder on sys.path and imports
    all of its tools. Here the package alone is made known to Python, where it lies.
    Raises ModuleNotFoundError where the installed onnxruntime has no such package.
    """
    if _PACKAGE not in sys.modules:
        _make_known()
    return getattr(importlib.import_module(f"{_PACKAGE}.fbs.{name}"), name)


def _make_known() -> None:
    folder = _folder()
    spec = importlib.util.spec_from_file_location(
        _PACKAGE, folder / "__init__.py", submodule_search_locations=[str(folder)]
    )
    assert spec is not None and spec.loader is not None
    module = sys.modules[_PACKAGE] = importlib.util.module_from_spec(spec)
    try:
        spec.loader.exec_module(module)
    except BaseException:
        del sys.modules[_PACKAGE]
        raise


def _folder() -> Path:
    spec = importlib.util.find_spec("onnxruntime")
    for root in (spec.submodule_search_locations or []) if spec else []:
        folder = Path(root) / "tools" / "ort_format_model" / _PACKAGE
        if (folder / "fbs" / "Graph.py").is_file():
            return folder
    raise ModuleNotFoundError("the installed onnxruntime has no Python classes of the ORT format", name=_PACKAGE)


class Bounds:
    """Walks vectors of a buffer, and stops where they claim more items than the buffer has room for.

    FlatBuffers checks nothing when it reads: in a damaged file a length can be any number and an offset can lead back.
    Every item of a vector of tables or strings takes at least 4 bytes that no other one has.
    """

    def __init__(self, size: int) -> None:
        self._left = size // 4

    def items(self, table: Any, field: str) -> Iterator[Any]:
        """The items of a vector."""
        count: int = getattr(table, f"{field}Length")()
        self._left -= count
        if self._left < 0:
            raise ValueError(f"{field} has more items than the file has room for")
        get: Callable[[int], Any] = getattr(table, field)
        return (get(index) for index in range(count))

    def strings(self, table: Any, field: str) -> tuple[str, ...]:
        """The items of a vector of strings."""
        return tuple(text(item) for item in self.items(table, field))


def text(found: bytes | None) -> str:
    """A string of the file; an absent one is empty."""
    return "" if found is None else found.decode()
