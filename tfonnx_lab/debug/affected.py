"""What a change of the rules affects: how much of an old trace a new conversion can take over."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import onnx_ir as ir

from tfonnx_lab.conversion.options import Options
from tfonnx_lab.conversion.result import Resumable
from tfonnx_lab.graph.intermediate import ON_CODES
from tfonnx_lab.rules import HANDLERS, OPTIMIZERS, REWRITERS, Rule, Stage


@dataclass(frozen=True)
class Affected:
    """The first line of the trace that can be another now, and why.

    events: how many lines are as they were.
    stage: the one in which they end.
    why: the rule that changed.
    """

    events: int
    stage: Stage
    why: str


def affected(run: Resumable, options: Options) -> Affected | None:
    """Where the rules that are registered now would go another way than those of the run; None where nowhere.

    A rule of the package is taken as unchanged as long as it is the same object. A user's own one is always taken as
    changed: it may use something that was redefined.
    """
    if why := _changed(run.rules[0], REWRITERS):
        return Affected(0, REWRITERS, why)
    events = run.recorder.trace.events
    now: dict[tuple[str, str, bool], Rule | None] = {}
    for index, (key, record) in enumerate(events):
        if key == "step" and record["root"] is not None and _stage(run, record) == HANDLERS.name:
            node: ir.Node = run.recorder.find(record["root"])
            op = node.domain, node.op_type, ON_CODES in node.attributes.data
            if op not in now:
                now[op] = HANDLERS.choose(node, options)
            if now[op] is not _rule(run, record) or not _known(now[op]):
                return Affected(_before(events, index), HANDLERS, _told(now[op], node.op_type))
    if why := _changed(run.rules[1], OPTIMIZERS):
        return Affected(_first_of_optimizers(run), OPTIMIZERS, why)
    return None


def _changed(then: tuple[Rule, ...], stage: Stage) -> str:
    """The first rule of the stage that is new, gone or a user's own."""
    for rule in stage:
        if rule not in then or not rule.of_the_package:
            return _told(rule, "")
    return next((f"{rule.name}, which was taken out," for rule in then if rule not in list(stage)), "")


def _known(rule: Rule | None) -> bool:
    return rule is None or rule.of_the_package


def _told(rule: Rule | None, op_type: str) -> str:
    if rule is None:
        return f"the handler of {op_type}, which was taken out,"
    return f"{rule.name} ({rule.place()})"


def _rule(run: Resumable, record: dict[str, Any]) -> Rule | None:
    return None if record["rule"] is None else run.recorder.rule(record["rule"])


def _stage(run: Resumable, record: dict[str, Any]) -> str:
    rule = _rule(run, record)
    return HANDLERS.name if rule is None else rule.stage


def _before(events: list[tuple[str, Any]], index: int) -> int:
    """The index of the step, or of the line before it that introduces its rule."""
    if index == 0:
        return 0
    key, record = events[index - 1]
    return index - 1 if key == "rule" and record[0] == events[index][1]["rule"] else index


def _first_of_optimizers(run: Resumable) -> int:
    for index, (key, record) in enumerate(run.recorder.trace.events):
        if key == "end" or (key == "rule" and record[1].stage == OPTIMIZERS.name):
            return index
    return len(run.recorder.trace.events)
