"""Who hears what the driver does, and how a rule that raised is told."""

from __future__ import annotations

import traceback
from dataclasses import dataclass

import onnx_ir as ir

from tfonnx_lab.graph import Listener
from tfonnx_lab.patterns.pattern import Bindings
from tfonnx_lab.rules.rule import Rule


@dataclass(frozen=True)
class StepFailure:
    """A rule that raised.

    node: what it was applied to, which is unchanged; None for a rule of the whole graph, which may have made some of
        its edits.
    rule: None where no handler is registered.
    """

    node: ir.Node | None
    rule: Rule | None
    error: Exception

    @property
    def where(self) -> str:
        """`fold_constants, optimizers/constants.py:31`: the rule, and the line of its file that raised."""
        if self.rule is None:
            return ""
        file = self.rule.function.__code__.co_filename
        inside = [frame.lineno for frame in traceback.extract_tb(self.error.__traceback__) if frame.filename == file]
        return f"{self.rule.name}, {self.rule.place(inside[-1] if inside else None)}"


class StageFailed(Exception):
    """A rule of the whole graph raised: what it left is no graph to go on with. `failure` tells the rule."""

    def __init__(self, failure: StepFailure) -> None:
        self.failure = failure
        super().__init__(f"{type(failure.error).__name__}: {failure.error} [rule {failure.where}]")


class RuleListener(Listener):
    """Is told of edits and of the rule applications that they belong to."""

    def begin(self, rule: Rule, root: ir.Node | None, bound: Bindings) -> None:
        """A rule is about to be called; `end` or `failed` follows."""

    def end(self, applied: bool, note: str) -> None:
        """The rule came back; where `applied` is false nothing was changed."""

    def missed(self, rule: Rule, root: ir.Node, why: str) -> None:
        """The rule nearly applied."""

    def failed(self, failure: StepFailure) -> None:
        """The rule raised, or an op has no handler (then without `begin`)."""
