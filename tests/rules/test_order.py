"""The order in which rules are tried is stated, and the order in which files are imported does not count."""

from __future__ import annotations

import random

import pytest

from tfonnx_lab.conversion.pipeline import STAGES
from tfonnx_lab.rules import HANDLERS, REWRITERS, Rule, Stage
from tfonnx_lab.rules.order import in_order

PHASES = [(stage, phase) for stage in STAGES if stage is not HANDLERS for phase in stage.phases]


@pytest.mark.parametrize(("stage", "phase"), PHASES, ids=lambda x: x if isinstance(x, str) else x.name)
def test_any_order_of_files_gives_the_same_order_of_rules(stage: Stage, phase: str) -> None:
    rules = [rule for rule in stage if stage.phase_of(rule) == phase]
    for seed in range(5):
        shuffled = random.Random(seed).sample(rules, len(rules))
        assert in_order(shuffled, stage.after) == rules


@pytest.mark.parametrize(("stage", "phase"), PHASES, ids=lambda x: x if isinstance(x, str) else x.name)
def test_what_a_rule_comes_after_is_a_rule_of_its_phase(stage: Stage, phase: str) -> None:
    names = [rule.name for rule in stage if stage.phase_of(rule) == phase]
    for rule in names:
        for before in stage.after.get(rule, ()):
            assert names.index(before) < names.index(rule)


def test_some_phases_have_rules_and_some_rules_say_what_they_come_after() -> None:
    filled = [(stage, phase) for stage, phase in PHASES if any(stage.phase_of(rule) == phase for rule in stage)]
    assert len(filled) >= 8
    assert (
        sum(
            len(before)
            for stage in {stage.name: stage for stage, _ in PHASES}.values()
            for before in stage.after.values()
        )
        > 20
    )


def _rule(name: str) -> Rule:
    def function() -> None: ...

    function.__name__, function.__module__ = name, "tfonnx_lab.tests"
    return Rule("optimizers", None, function)


def test_stated_order_wins_over_names_and_a_circle_is_refused() -> None:
    a, b, c = _rule("a"), _rule("b"), _rule("c")
    assert in_order([c, b, a], {"a": frozenset({"c"})}) == [b, c, a]
    with pytest.raises(ValueError, match="a, c"):
        in_order([a, b, c], {"a": frozenset({"c"}), "c": frozenset({"a"})})


def test_a_stage_has_its_rules_again_behind_what_was_added_and_taken_out() -> None:
    def running() -> set[Rule]:
        return {rule for rules in REWRITERS.running("prepare").values() for rule in rules}

    before = running()
    gone, *_ = before
    with REWRITERS.kept():
        REWRITERS.remove(gone)
        assert running() == before - {gone}
    assert running() == before
