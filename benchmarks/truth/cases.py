"""The lines of the table of truth: what was found, its figures, and a file that keeps it."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any

_NEEDED = 4 << 30
"""Bytes that one process may take."""


@dataclass(frozen=True)
class Case:
    """One line of the table."""

    told: str
    wanted: int | None
    named: int | None
    ok: bool
    sentence: str
    seconds: float

    @property
    def right(self) -> bool:
        """Whether the verdict is the truth."""
        return self.named == self.wanted and self.ok == (self.wanted is None)

    def __str__(self) -> str:
        mark = "" if self.right else "  <-- wrong"
        return f"{self.told:100} {self.seconds:5.1f} s  {self.sentence}{mark}"


def summary(found: dict[str, list[Case]]) -> str:
    """The figures."""
    right, faulty = found["right"], found["faulty"]
    accused = sum(not case.ok for case in right)
    named = sum(case.right for case in faulty)
    innocent = sum(case.named not in (case.wanted, None) for case in faulty)
    missed = sum(case.named is None for case in faulty)
    return (
        f"{len(right)} right conversions: an innocent op is accused in {accused}\n"
        f"{len(faulty)} faulty conversions: the op with the fault is named first in {named}, "
        f"an innocent one in {innocent}, none in {missed}"
    )


class Kept:
    """What was found before, and a file for it; without a file nothing is kept.

    of: what was asked for; what a file holds of something else is not taken.
    """

    def __init__(self, path: Path | None = None, of: str = "") -> None:
        self.path, self.of = path, of
        self.known: dict[str, Case | None] = {}
        lines = path.read_text("utf-8").splitlines() if path is not None and path.exists() else []
        for line in lines:
            one = json.loads(line)
            if one["of"] == of:
                self.known[one["key"]] = None if one["case"] is None else Case(**one["case"])

    def each(
        self,
        title: str,
        function: Callable[[Any], Case | None],
        items: Iterable[Any],
        made: Callable[[Callable[[Any], Any], Iterable[Any]], Iterable[Any]],
    ) -> Iterator[Case]:
        """The case of each item that has one, made by `made` where it is not known."""
        jobs = ((f"{title} {number}", item) for number, item in enumerate(items))
        asked = ((key, None if key in self.known else item) for key, item in jobs)
        for key, case in made(partial(_once, function), asked):
            if key in self.known:
                case = self.known[key]
            else:
                self.keep(key, case)
            if case is not None:
                yield case

    def keep(self, key: str, case: Case | None) -> None:
        """Write a case down."""
        self.known[key] = case
        if self.path is not None:
            with self.path.open("a", encoding="utf-8") as file:
                one = {"of": self.of, "key": key, "case": None if case is None else asdict(case)}
                file.write(json.dumps(one) + "\n")


def _once(function: Callable[[Any], Case | None], job: tuple[str, Any]) -> tuple[str, Case | None]:
    """The case of an item; of what is known already nothing is made."""
    key, item = job
    return key, None if item is None else function(item)


def jobs_at_most() -> int:
    """How many processes run beside each other: two, where the memory that is free is enough for both."""
    try:
        lines = Path("/proc/meminfo").read_text("ascii").splitlines()
        free = next(int(line.split()[1]) * 1024 for line in lines if line.startswith("MemAvailable"))
    except (OSError, StopIteration):  # another system than Linux
        return 1
    return max(1, min(2, os.cpu_count() or 1, free // _NEEDED))
