"""Modules that a command imports only when it uses them, though a library imports them at its top.

onnx_ir imports sympy, for dimensions that are sums and products of others: half of what a command's imports take.
"""

from __future__ import annotations

import gc
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib.machinery import ModuleSpec, PathFinder
from importlib.util import LazyLoader
from types import ModuleType

LATER = ("sympy", "onnx_ir._symbolic_shapes")
"""The second one reads the first one as it is imported."""


class _Later:
    """Finds the modules, to be run at the first use of something in them."""

    @staticmethod
    def find_spec(name: str, path: Sequence[str] | None = None, target: ModuleType | None = None) -> ModuleSpec | None:
        """The module's specification; None for any other module, which the next finder finds."""
        spec = PathFinder.find_spec(name, path, target) if name in LATER else None
        if spec is not None and spec.loader is not None:
            spec.loader = LazyLoader(spec.loader)
        return spec


def import_later() -> None:
    """From now on in this process; nothing where onnx_ir is imported already.

    For a process of one thread: in older Pythons, threads that are the first to use such a module get in each other's
    way.
    """
    if "onnx_ir" not in sys.modules:
        sys.meta_path.insert(0, _Later)


@contextmanager
def without_collection() -> Iterator[None]:
    """Imports inside make many objects that stay: no collection looks at them, now or later."""
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.enable()
