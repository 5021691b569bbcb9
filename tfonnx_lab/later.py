"""What the public face adds to results and traces, which is there as soon as there is one, whoever made it.

The face stands above all rooms, so no room imports it: the package's `__init__` names its modules here, and the first
result or trace imports them.
"""

from __future__ import annotations

import importlib

_ADDED: dict[str, str] = {}


def add(kind: str, module: str) -> None:
    """Let the first thing of a kind import a module.

    kind: "conversion" or "trace".
    module: its name; it puts methods into the class when it is imported.
    """
    _ADDED[kind] = module


def complete(kind: str) -> None:
    """Import what was added to a kind; called wherever one is made, and done once (a second thread waits for it)."""
    if kind in _ADDED:
        importlib.import_module(_ADDED[kind])
