"""Which TFLite ops the steps of a conversion are about, those of rules for the whole graph as well."""

from __future__ import annotations

from collections.abc import Iterator

from tfonnx_lab.trace.edits import Edit, Erase, Insert, Retype, SetAttribute, SetInput
from tfonnx_lab.trace.records import Record
from tfonnx_lab.trace.trace import Trace

Ops = tuple[int, ...]


def touched(trace: Trace) -> Iterator[Ops]:
    """For each step the ops behind it: those that led to what its pattern matched, and where it has no pattern, those
    that led to the nodes that it added, took out, rewired or renamed the results of."""
    behind: dict[int, Ops] = {}
    made: dict[int, Ops] = {}

    def know(node: Record) -> None:
        behind[node["id"]] = tuple(node["origin"])
        made.update((value, behind[node["id"]]) for value in node["out"])
        for value in node["in"]:  # a constant is of the first that reads it
            made.setdefault(value, behind[node["id"]])

    for node in trace.recorded_start["nodes"]:
        know(node)
    for index, record in enumerate(trace.records):
        edits = trace.recorded(index)
        for edit in edits:
            if isinstance(edit, Insert):
                know(edit.node)
            elif isinstance(edit, SetInput) and edit.value is not None:
                made.setdefault(edit.value, behind.get(edit.node, ()))
        found = record["origin"] or sorted({op for edit in edits for op in _ops(edit, behind, made)})
        yield tuple(found)


def _ops(edit: Edit, behind: dict[int, Ops], made: dict[int, Ops]) -> Ops:
    if isinstance(edit, Insert):
        return tuple(edit.node["origin"])
    if isinstance(edit, (Erase, SetInput, SetAttribute)):
        return behind.get(edit.node, ())
    return made.get(edit.value, ()) if isinstance(edit, Retype) else ()
