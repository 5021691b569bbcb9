"""Which steps of a second try are not those of the first."""

from __future__ import annotations

from collections import Counter
from typing import Any

from tfonnx_lab.trace import Trace
from tfonnx_lab.trace.summary import StepSummary, Summary, summary_of

NEW, CHANGED = "new", "changed"


def fresh_steps(old: Trace, new: Trace, reused: int) -> tuple[dict[int, str], tuple[tuple[str, str, str], ...]]:
    """The steps that are new or changed, by their index, and those that are gone as (stage, rule, what it did).

    reused: how many steps were taken over. A step is the same where its rule, its rule's source and its edits are, by
    the names of the nodes; changed where the same rule (of the handlers: any) was applied to the same node, with
    another outcome.
    """
    was, now = summary_of(old), summary_of(new)
    left = Counter(_all_of(was, step) for step in was.steps[reused:])
    here = {_subject(was, step) for step in was.steps[reused:]}
    marks, taken = {}, set()
    for step in now.steps[reused:]:
        key = _all_of(now, step)
        taken.add(_subject(now, step))
        if left[key] > 0:
            left[key] -= 1
        else:
            marks[step.i] = CHANGED if _subject(now, step) in here else NEW
    gone = [step for step in was.steps[reused:] if left[_all_of(was, step)] > 0 and _subject(was, step) not in taken]
    return marks, tuple((s.stage, s.rule.get("name", "no handler"), s.change) for s in gone)


def _subject(brief: Summary, step: StepSummary) -> tuple[str, ...]:
    """What a step is about: its rule, and the node that the rule was applied to."""
    root = brief.trace.records[step.i]["root"]
    node = brief.named(root)[1:] if root in brief.nodes else ("", "")
    return step.stage, "" if step.stage == "handlers" else step.rule.get("name", ""), *node


def _all_of(brief: Summary, step: StepSummary) -> tuple[Any, ...]:
    edits = tuple(edit.told(lambda number: brief.named(number)[2]) for edit in brief.trace.recorded(step.i))
    error = None if step.error is None else f"{step.error['type']}: {step.error['message']}"
    return *_subject(brief, step), step.rule.get("name"), step.rule.get("source"), step.note, error, edits
