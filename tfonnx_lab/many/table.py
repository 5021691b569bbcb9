"""Sweep: the rows of many conversions, as text, as a page, and beside those of another sweep."""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from tfonnx_lab.errors import ConversionError
from tfonnx_lab.many import places
from tfonnx_lab.many.job import GOOD, STATUSES, Row
from tfonnx_lab.many.page import fragment, page

COMPARED = ("status", "verdict", "error", "nodes", "bytes")
"""What two sweeps are compared by. Seconds and latency differ from run to run."""


@dataclass(frozen=True)
class Change:
    """What is different for one model: field => (before, now); `only`: "before" or "now" where one sweep lacks it."""

    name: str
    fields: dict[str, tuple[Any, Any]]
    only: str = ""

    def __str__(self) -> str:
        if self.only:
            return f"{self.name}: only {self.only}"
        return f"{self.name}: " + ", ".join(f"{k} {a} => {b}" for k, (a, b) in self.fields.items())


class Sweep:
    """The answer of `convert_many`.

    rows: a dict a model, in the order of the models.
    before: the sweep that it is compared with.
    problems: what of the report could not be written, on a full disk for example; the rows are whole.
    """

    def __init__(self, rows: Sequence[Row], before: Sweep | None = None, problems: list[str] | None = None) -> None:
        self.rows = list(rows)
        self.before = before
        self.problems = [] if problems is None else problems

    @classmethod
    def load(cls, place: str | os.PathLike[str]) -> Sweep:
        """A sweep out of its folder, or its `report.jsonl`; of a run that was cut short, what it had.

        Raises ConversionError where there is none, or a line is no row.
        """
        name = os.fspath(place)
        target = name if name.endswith(".jsonl") else places.joined(name, "report.jsonl")
        try:
            with places.readable(target) as path:
                lines = Path(path).read_text("utf-8").splitlines()
        except OSError as error:
            raise ConversionError(f"{target}: {error.strerror or error}") from error
        rows: dict[str, Row] = {}
        for number, line in enumerate(lines, 1):
            try:
                row = json.loads(line)
                rows[row["name"]] = row
            except (ValueError, KeyError, TypeError) as error:
                if number < len(lines):  # the last line of a run that was killed may be half a line
                    raise ConversionError(f"{target}: line {number} is no row of a sweep ({error})") from error
        return cls(list(rows.values()))

    @property
    def counts(self) -> dict[str, int]:
        """Status => how many models, in the order of `STATUSES`."""
        counted = Counter(row["status"] for row in self.rows)
        return {status: counted[status] for status in STATUSES if counted[status]}

    @property
    def ok(self) -> bool:
        """Whether every model was converted, none is wrong, and the report is whole."""
        return not self.problems and all(row["status"] in GOOD for row in self.rows)

    @cached_property
    def changes(self) -> list[Change]:
        """What is different from the sweep before; empty where there is none."""
        if self.before is None:
            return []
        old, new = ({row["name"]: row for row in one.rows} for one in (self.before, self))
        found = [Change(name, {}, "before") for name in old if name not in new]
        for name, row in new.items():
            if name not in old:
                found.append(Change(name, {}, "now"))
                continue
            fields = {k: (old[name].get(k), row.get(k)) for k in COMPARED if old[name].get(k) != row.get(k)}
            if fields:
                found.append(Change(name, fields))
        return found

    def to_html(self, folder: str = "") -> str:
        """The page: a table that sorts and filters, each row a link to the model's own page."""
        return page(self, folder)

    def _repr_html_(self) -> str:
        return fragment(self, "")

    def __str__(self) -> str:
        counts = ", ".join(f"{n} {status}" for status, n in self.counts.items())
        head = f"{len(self.rows)} {'model' if len(self.rows) == 1 else 'models'}: {counts}"
        bad = [f"  {row['name']}: {row['status']}: {_why(row)}" for row in self.rows if row["status"] not in GOOD]
        changed = [f"  {change}" for change in self.changes]
        if self.before is not None:
            changed = [f"{len(changed) or 'nothing'} different from the sweep before", *changed]
        return "\n".join([head, *bad, *self.problems, *changed])

    def __repr__(self) -> str:
        return f"Sweep({len(self.rows)} models, {self.counts})"


def _why(row: Row) -> str:
    return str(row.get("error") or row.get("verdict") or "").strip().split("\n")[0]
