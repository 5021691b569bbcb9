"""How far a conversion is: ops done out of all, phases done out of all."""

from __future__ import annotations

import time
from collections.abc import Sequence

import onnx_ir as ir

from tfonnx_lab.graph import all_nodes
from tfonnx_lab.graph.dialects import is_tflite
from tfonnx_lab.patterns.pattern import Bindings
from tfonnx_lab.rules import HANDLERS, STAGES, Rule, RuleListener, Stage
from tfonnx_lab.texts.progress import Said, Tell

_SHARES = {"rewriters": (0.0, 0.2), "handlers": (0.2, 0.6), "optimizers": (0.6, 1.0)}
"""Which part of a conversion's time each stage takes, roughly."""

_OFTEN = 0.05
"""Least seconds between two reports."""


class Counting(RuleListener):
    """Tells how far the stages are.

    tell: is told the name of each stage as it begins, and then its ops or phases.
    """

    def __init__(self, tell: Tell) -> None:
        self.tell = tell
        self.stage: Stage = STAGES[0]
        self.done = self.total = 0
        self.phase = ""
        self.told = 0.0

    def begins(self, stage: Stage, graph: ir.Graph) -> None:
        """A stage begins."""
        self.stage, self.done, self.phase, self.told = stage, 0, "", time.monotonic()
        self.total = sum(map(is_tflite, all_nodes(graph))) if stage is HANDLERS else len(stage.phases)
        self.tell(Said(stage.name, _SHARES[stage.name][0]))

    def begin(self, rule: Rule, root: ir.Node | None, bound: Bindings) -> None:
        """A rule is about to be called."""
        if self.stage is not HANDLERS and self.phase != (phase := self.stage.phase_of(rule)):
            phases: Sequence[str] = self.stage.phases
            self.phase, self.done = phase, max(self.done, phases.index(phase))
            self.say(f"{self.stage.name}: {phase}")

    def end(self, applied: bool, note: str) -> None:
        """The rule came back."""
        if self.stage is HANDLERS and applied:
            self.done += 1
            self.say(f"handlers: op {min(self.done, self.total)} of {self.total}")

    def say(self, text: str) -> None:
        """Tell it, unless something was told just now."""
        now = time.monotonic()
        if now - self.told >= _OFTEN:
            self.told = now
            low, high = _SHARES[self.stage.name]
            self.tell(Said(text, low + (high - low) * min(self.done / max(self.total, 1), 1.0)))
