"""Pages of documentation that are written from tables: `python -m MODULE [--check]`, as all of them are called."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence
from pathlib import Path


def write_or_check(page: str, name: str, module: str, argv: Sequence[str]) -> int:
    """Write a page to docs/NAME, or with --check compare it with the one there is; 1 where they differ.

    argv: `--check`, and another place for the page.
    """
    target = Path(next((a for a in argv if a != "--check"), f"docs/{name}"))
    if "--check" not in argv:
        target.write_text(page, encoding="utf-8")
        return 0
    if target.exists() and target.read_text("utf-8") == page:
        return 0
    print(f"{target} is not what the tables say; write it again: python -m {module}", file=sys.stderr)
    return 1


def markdown(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table in Markdown."""
    lines = [list(head), ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines)
