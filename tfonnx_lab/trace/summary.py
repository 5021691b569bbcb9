"""A trace on one pass: what each step added and took away, without writing its edits out as JSON."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from tfonnx_lab.graph.collector import collector_paused
from tfonnx_lab.trace.records import Record
from tfonnx_lab.trace.trace import Trace, rule_record


@dataclass(frozen=True)
class StepSummary:
    """One step: its rule's record, the nodes that it added and deleted as (id, op, name), and how many are left after it."""

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
    """The steps of a trace in brief, and every node and value that ever stood in its graphs, by id (docs/trace.md)."""

    def __init__(self, trace: Trace) -> None:
        self.trace = trace
        self.rules = {number: rule_record(number, rule) for number, rule in trace._rules.items()}
        start = trace.start
        self.nodes: dict[int, Record] = {n["id"]: n for n in start["nodes"]}
        self.values: dict[int, Record] = {v["id"]: v for v in start["values"]}
        self.start = start["nodes"]
        self.live = set(self.nodes)
        with collector_paused():
            self.steps = list(self._walk())
        self._origins: dict[int, list[int]] = {}

    def _walk(self) -> Iterator[StepSummary]:
        for record in self.trace.records:
            added, deleted = [], []
            for edit in record["edits"]:
                if edit[0] == "insert":
                    node = edit[3]
                    self.nodes[node["id"]] = node
                    self.values.update({v["id"]: v for v in edit[4]})
                    self.live.add(node["id"])
                    added.append(self.named(node["id"]))
                elif edit[0] == "erase":
                    self.live.discard(edit[1])
                    deleted.append(self.named(edit[1]))
                elif edit[0] == "constant":
                    self.values[edit[1]["id"]] = edit[1]
                else:
                    self._change(edit)
            rule = {} if record["rule"] is None else self.rules[record["rule"]]
            yield StepSummary(
                record["i"],
                rule.get("stage", "handlers"),
                rule,
                tuple(record["origin"]),
                record["note"],
                float(record["ms"]),
                record["error"],
                tuple(added),
                tuple(deleted),
                len(self.live),
            )

    def _change(self, edit: Any) -> None:
        """What a node or a value is now, and the new inputs of a graph; the trace's own records stay as they are."""
        if edit[0] == "input":
            _, number, position, value = edit
            inputs = list(self.nodes[number]["in"])
            inputs += [None] * (position + 1 - len(inputs))
            inputs[position] = value
            self.nodes[number] = {**self.nodes[number], "in": inputs}
        elif edit[0] == "attr":
            _, number, name, value = edit
            attrs = {k: v for k, v in self.nodes[number]["attrs"].items() if k != name}
            self.nodes[number] = {**self.nodes[number], "attrs": attrs | ({} if value is None else {name: value})}
        elif edit[0] in ("inputs", "graph"):
            self.values.update({v["id"]: v for v in edit[-1]})
        elif edit[0] == "retype":
            self.values[edit[1]] = {**self.values[edit[1]], **edit[2]}

    def named(self, number: int) -> tuple[int, str, str]:
        """(id, op, name) of a node."""
        node = self.nodes[number]
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
        from tfonnx_lab.trace.records import to_json

        return to_json(item, self.trace._number)


def summary_of(trace: Trace) -> Summary:
    """The summary of a finished trace, made once: several views of one conversion share it."""
    kept = vars(trace)
    if "_summary" not in kept or len(kept["_summary"].steps) != len(trace):
        kept["_summary"] = Summary(trace)
    found: Summary = kept["_summary"]
    return found


def _types(nodes: tuple[tuple[int, str, str], ...]) -> str:
    return ", ".join(op for _, op, _ in nodes) or "nothing"
