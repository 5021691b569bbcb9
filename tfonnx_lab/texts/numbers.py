"""Sizes and lists of names as people write them."""

from __future__ import annotations

from collections.abc import Sequence


def human(count: int) -> str:
    """A number of bytes as people write it."""
    return f"{count / 1e6:.2f} MB" if count >= 100_000 else f"{count / 1e3:.1f} kB" if count >= 1000 else f"{count} B"


def short_name(name: str) -> str:
    """A file's name without its folder."""
    return name.replace("\\", "/").rsplit("/", 1)[-1]


def shortened(name: str, size: int) -> str:
    """A name of so many characters: of the many that TFLite gives to a fused op the first, without its middle."""
    return without_middle(name.split(";")[0], size)


def without_middle(text: str, size: int) -> str:
    """A text of so many characters: most of its end, where names of one model differ, and a quarter of it before."""
    head = size // 4
    return text if len(text) <= size else f"{text[:head]}...{text[len(text) - (size - head - 3) :]}"


def some(names: Sequence[str], most: int = 2) -> str:
    """The first names, shortened, and how many more there are."""
    shown = ", ".join(shortened(name, 40) for name in names[:most])
    return shown + (f" and {len(names) - most} more" if len(names) > most else "")
