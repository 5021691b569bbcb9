"""The trace of one conversion: its steps, near misses and failures; saved to and loaded from `.tfltrace` files."""

from __future__ import annotations

import html
import json
import os
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from tfonnx_lab.files import paths_of, writing
from tfonnx_lab.graph.collector import collector_paused
from tfonnx_lab.later import complete
from tfonnx_lab.rules.rule import Rule
from tfonnx_lab.texts import styled, table
from tfonnx_lab.trace.edits import Edit, edit_of
from tfonnx_lab.trace.records import Record, to_json


@dataclass(frozen=True)
class Step:
    """One rule application. `rule` is its record (name, doc, file, line, source, pattern)."""

    i: int
    stage: str
    rule: Record
    root: int | None
    bind: Record
    origin: tuple[int, ...]
    note: str
    ms: float
    error: Record | None
    trace: Trace = field(repr=False, compare=False)

    @property
    def edits(self) -> list[Any]:
        """What the step did, as JSON (docs/trace.md)."""
        return self.trace.edits(self.i)

    def __str__(self) -> str:
        name = self.rule.get("name", "no handler")
        what = self.error["message"] if self.error else self.note or self.rule.get("doc", "")
        return f"{self.i:5}  {self.stage:10}  {name:32} {what}"

    def _repr_html_(self) -> str:
        """Which rule, where it stands, what it did, to which ops."""
        rule = self.rule
        place = f"{rule.get('file', '')}:{rule.get('line', '')}".strip(":")
        rows = [
            ["rule", f"{rule.get('name', 'no handler')}  {place}"],
            ["what it does", rule.get("doc", "")],
            ["here", self.note],
            ["TFLite ops", ", ".join(map(str, self.origin))],
            ["failed", self.error["message"] if self.error else ""],
            ["took", f"{self.ms:.2f} ms, {len(self.edits)} edits"],
        ]
        title = f"step {self.i + 1} of {self.trace.count}, {self.stage}; lab.Stepper(trace, index={self.i}) shows it"
        return styled(table(title, ["", ""], [row for row in rows if row[1]]))


class Trace:
    """A conversion, step by step.

    header: name of the model, opset, options, stages.
    start: the graph before the first step.
    originals: the files that were converted, as far as they are known and there; they are never written over.
    Iterating gives the steps.
    recorded_start, records, recorded: start, steps and edits as they were recorded, which may hold onnx_ir's attributes
    and tensors.
    events: what the lines after the second hold, in order, by their key.
    The lines of the file format (docs/trace.md) come from `lines()`.
    """

    to_html: Callable[..., str]
    """One page that steps through the trace; the public face adds it (`face_traces.py`), as widgets make the page."""

    def __init__(self, header: Record, start: Record) -> None:
        complete("trace")
        self.header = header
        self.originals: tuple[Path, ...] = tuple(filter(os.path.isfile, paths_of(header.get("name"))))
        self.recorded_start = start
        self.events: list[tuple[str, Any]] = []
        self.records: list[Record] = []
        self._rules: dict[int, Record | Rule] = {}
        self._plain: dict[int, Sequence[Edit]] = {}
        self.count = 0

    # writing

    def add(self, key: str, record: Record) -> None:
        """Append a line."""
        self.events.append((key, record))

    def add_step(self, record: Record) -> None:
        """Append a step."""
        self.records.append(record)
        self.count += 1
        self.add("step", record)

    def add_rule(self, number: int, rule: Rule | Record) -> None:
        """Append a rule that the next steps name."""
        self._rules[number] = rule
        self.events.append(("rule", (number, rule)))

    # reading

    @cached_property
    def start(self) -> Record:
        """The start graph as JSON; not to be changed."""
        with collector_paused():
            return to_json(self.recorded_start)

    @property
    def rules(self) -> dict[int, Record]:
        """The rules that were applied or nearly so, by their number."""
        return {number: rule_record(number, rule) for number, rule in self._rules.items()}

    @property
    def misses(self) -> list[Record]:
        """The near misses."""
        return [record for key, record in self.events if key == "miss"]

    @property
    def end(self) -> Record | None:
        """How the conversion ended; None for a trace that was cut off."""
        return next((record for key, record in reversed(self.events) if key == "end"), None)

    def __len__(self) -> int:
        return self.count

    def __iter__(self) -> Iterator[Step]:
        rules = self.rules
        return (self._step(record, rules) for record in self.records)

    def __getitem__(self, index: int) -> Step:
        return self._step(self.records[index], self.rules)

    def recorded(self, index: int) -> Sequence[Edit]:
        """The edits of a step as they were recorded. Raises KeyError or TypeError for an invalid record."""
        edits: Sequence[Any] = self.records[index]["edits"]
        return edits if not edits or isinstance(edits[0], Edit) else self.plain(index)

    def plain(self, index: int) -> Sequence[Edit]:
        """The edits of a step with JSON in them, made when first asked for."""
        found = self._plain.get(index)
        if found is None:
            found = self._plain[index] = tuple(map(edit_of, self.edits(index)))
        return found

    def edits(self, index: int) -> list[Any]:
        """The edits of a step as JSON (docs/trace.md)."""
        if index in self._plain:
            return [edit.record for edit in self._plain[index]]
        found: list[Any] = to_json(_written(self.records[index]["edits"]))
        return found

    def counts(self) -> dict[str, Counter[str]]:
        """How often each rule was applied, by stage."""
        found: dict[str, Counter[str]] = {stage: Counter() for stage in self.header["stages"]}
        for step in self:
            if step.error is None:
                found.setdefault(step.stage, Counter())[step.rule["name"]] += 1
        return found

    def lines(self) -> Iterator[str]:
        """The lines of the `.tfltrace` file."""
        yield _line("header", self.header)
        yield _line("start", self.start)
        for key, record in self.events:
            if key == "step":
                record = {**record, "edits": _written(record["edits"])}
            yield _line(key, rule_record(*record) if key == "rule" else to_json(record))

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the trace as a `.tfltrace` file. Raises ConversionError where that cannot be done (`files.writing`)."""
        with writing(path, self.originals) as file:
            file.writelines(f"{line}\n".encode() for line in self.lines())

    def __str__(self) -> str:
        rows = [f"{self.header['name']}: {self.count} steps"]
        for stage, counts in self.counts().items():
            rows.append(f"  {stage:10} {sum(counts.values()):5} steps")
            rows += [f"    {number:5}  {name}" for name, number in counts.most_common()]
        failed = [step for step in self if step.error]
        rows += [f"  failed: {step}" for step in failed]
        return "\n".join(rows)

    def __repr__(self) -> str:
        return f"Trace({self.header['name']}: {self.count} steps)"

    def _repr_html_(self) -> str:
        """The rules that were applied, by stage, and the steps that failed."""
        docs = {(rule["stage"], rule["name"]): rule["doc"] for rule in self.rules.values()}
        rows = [
            [stage, name, docs.get((stage, name), ""), str(number)]
            for stage, counts in self.counts().items()
            for name, number in counts.most_common()
        ]
        failed = [step for step in self if step.error]
        told = "".join(f'<p class="tfr-warn">failed: {html.escape(str(step))}</p>' for step in failed)
        title = (
            f"{self.header['name']}: {self.count} steps, {len(failed)} failed; lab.Stepper(trace) walks through them"
        )
        return styled(told + table(title, ["stage", "rule", "what it does", "steps"], rows, numbers=1))

    def _step(self, record: Record, rules: dict[int, Record]) -> Step:
        rule = {} if record["rule"] is None else rules[record["rule"]]
        stage = rule.get("stage", "handlers")
        fields = {k: record[k] for k in ("i", "root", "bind", "note", "ms", "error")}
        return Step(stage=stage, rule=rule, origin=tuple(record["origin"]), trace=self, **fields)


def rule_record(number: int, rule: Rule | Record) -> Record:
    """A rule as the file holds it."""
    if not isinstance(rule, Rule):
        return rule
    return {
        "id": number,
        "stage": rule.stage,
        "name": rule.name,
        "doc": rule.doc,
        "file": rule.file,
        "line": rule.line,
        "source": rule.source,
        "pattern": None if rule.pattern is None else rule.pattern.tree(),
    }


def _written(edits: Sequence[Any]) -> list[Any]:
    """Edits as lists; those of a trace that was loaded are."""
    return [edit.record if isinstance(edit, Edit) else edit for edit in edits]


def _line(key: str, record: Any) -> str:
    return json.dumps({key: record}, separators=(",", ":"), allow_nan=False)
