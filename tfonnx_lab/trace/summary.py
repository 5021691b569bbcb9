"""A trace in one pass: what each step added and removed, without writing its edits out as JSON."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from tfonnx_lab.graph.collector import collector_paused
from tfonnx_lab.trace.records import Record, to_json
from tfonnx_lab.trace.replay import Replay
from tfonnx_lab.trace.trace import Trace


@dataclass(frozen=True)
class StepSummary:
    """One step: its rule's record, the nodes that it added and deleted as (id, op, name), and how many the graph holds
    after it, those of subgraphs included."""

    i: int
    stage: str
    rule: Record
    origin: tuple[int, ...]
    note: str
    ms: float
    error: Record | None
    added: tuple[tuple[int, str, str], ...]
    deleted: tuple[tuple[int, str, str], ...]
    left: int

    @property
    def change(self) -> str:
        """`CONV_2D => CONV_2D, RELU6`."""
        return f"{_types(self.deleted)} => {_types(self.added)}"


class Summary:
    """The steps of a trace in brief.

    nodes, values: every one that ever stood in its graphs, by id (docs/trace.md), as it was last.
    start: the nodes that it began with.
    live: the nodes that are left.
    """

    def __init__(self, trace: Trace) -> None:
        self.trace = trace
        self.rules = trace.rules
        self.start = trace.recorded_start["nodes"]
        self._replay = Replay(trace, plain=False)
        with collector_paused():
            self.steps = list(self._walk())
        self.nodes: dict[int, Record] = self._replay.nodes
        self.values: dict[int, Record] = self._replay.values
        self.live = set(self._replay.state.standing())
        self._origins: dict[int, list[int]] = {}

    def _walk(self) -> Iterator[StepSummary]:
        for record in self.trace.records:
            self._replay.goto(record["i"] + 1)
            edits = self.trace.recorded(record["i"])
            rule = {} if record["rule"] is None else self.rules[record["rule"]]
            yield StepSummary(
                record["i"],
                rule.get("stage", "handlers"),
                rule,
                tuple(record["origin"]),
                record["note"],
                float(record["ms"]),
                record["error"],
                tuple(self.named(node) for edit in edits for node in edit.added()),
                tuple(self.named(node) for edit in edits for node in edit.erased()),
                self._replay.size,
            )

    def named(self, number: int) -> tuple[int, str, str]:
        """(id, op, name) of a node."""
        node = self._replay.nodes[number]
        return number, str(node["op"]), str(node["name"])

    def origins(self) -> dict[int, list[int]]:
        """TFLite op => ids of the nodes that are left of it."""
        if not self._origins:
            for number in sorted(self.live):
                for origin in self.nodes[number]["origin"]:
                    self._origins.setdefault(int(origin), []).append(number)
        return self._origins

    def json(self, item: Any) -> Any:
        """A record's field as JSON."""
        return to_json(item)


def summary_of(trace: Trace) -> Summary:
    """The summary of a finished trace, made once: several views of one conversion share it."""
    kept = vars(trace)
    if "_summary" not in kept or len(kept["_summary"].steps) != len(trace):
        kept["_summary"] = Summary(trace)
    found: Summary = kept["_summary"]
    return found


def _types(nodes: tuple[tuple[int, str, str], ...]) -> str:
    return ", ".join(op for _, op, _ in nodes) or "nothing"
