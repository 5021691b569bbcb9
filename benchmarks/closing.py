"""How the benchmarks that judge end: their rows, a line that counts those that fall short, and an exit status."""

from __future__ import annotations

from collections.abc import Iterable


def printed(rows: Iterable[tuple[str, bool]], short: str, good: str) -> int:
    """Print each row as it comes, then `N short` or `good`; 1 where a row is not as it should be, else 0."""
    bad = 0
    for row, is_good in rows:
        print(row, flush=True)
        bad += not is_good
    print(f"{bad} {short}" if bad else good)
    return 1 if bad else 0
