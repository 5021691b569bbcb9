"""Sizes and lists of names as people write them."""

from __future__ import annotations

from collections.abc import Sequence


def human(count: int) -> str:
    """A number of bytes as people write it."""
    return f"{count / 1e6:.2f} MB" if count >= 100_000 else f"{count / 1e3:.1f} kB" if count >= 1000 else f"{count} B"


def short_name(name: str) -> str:
    """A file's name without its folder."""
    return name.replace("\\", "/").rsplit("/", 1)[-1]


def some(names: Sequence[str], most: int = 2) -> str:
    """The first names, shortened, and how many more there are."""
    shown = ", ".join(name if len(name) <= 40 else f"...{name[-38:]}" for name in names[:most])
    return shown + (f" and {len(names) - most} more" if len(names) > most else "")
