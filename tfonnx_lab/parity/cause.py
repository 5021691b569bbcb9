"""What made an op wrong: its handler, a rewriter before it, or an optimizer after it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

from tfonnx_lab.conversion.pipeline import at_step, convert_with
from tfonnx_lab.conversion.result import Conversion
from tfonnx_lab.errors import ConversionError
from tfonnx_lab.graph.meta import ORIGIN
from tfonnx_lab.parity.finer import changed, first_step
from tfonnx_lab.parity.forcing import places
from tfonnx_lab.parity.judge import judge
from tfonnx_lab.parity.judged import Judged
from tfonnx_lab.parity.reference import Reference
from tfonnx_lab.rules import HANDLERS, OPTIMIZERS, REWRITERS, Rule
from tfonnx_lab.texts.progress import Said, Tell
from tfonnx_lab.trace import Step


@dataclass(frozen=True)
class Cause:
    """The op that is wrong, and the step of the trace that made it so, where that can be told.

    sure: whether it was tried, or follows from there being nothing else.
    searched: after how many steps it was looked at, and whether the op was off then.
    fails: why a node of the op does not run, where that was seen in an ordinary run only.
    """

    position: int
    step: Step | None
    sure: bool = True
    searched: tuple[tuple[int, bool], ...] = ()
    fails: str = ""


def cause_of(
    result: Conversion, reference: Reference, judged: Sequence[Judged], tell: Tell = lambda said: None
) -> Cause:
    """The first op that is wrong by itself, and which rule made it so.

    Where several ops share what was compared, the graph as the handlers left it tells them apart. What is right there
    an optimizer made wrong: its steps are searched by halving.
    judged: what `judge` found, in which something is off.
    """
    first = min((one for one in judged if one.off), key=lambda one: one.position)
    handled = first_step(result, OPTIMIZERS.name)
    fused = _fails_fused_only(result, reference, first)
    before = _judged_at(result, reference, handled, first.positions, fused)
    off = [one for one in before if one.off]
    if off or handled == len(result.trace):
        one = min(off, key=lambda o: o.position) if off else first
        tell(f"op {one.position} as its handler left it: off")
        return _by_handlers(result, reference, one, fused)
    tell(f"op {first.position} as its handler left it: right")
    search = _Halving(result, reference, first, handled, tell, fused)
    step = search.step()
    return Cause(_root_op(result, step, first), step, searched=tuple(search.searched))


def _fails_fused_only(result: Conversion, reference: Reference, first: Judged) -> bool:
    """Whether ONNX Runtime does not run the tensor's nodes as it fuses them, and does where it fuses nothing: then the
    graphs on the way are to be run like this, too."""
    return bool(first.fails) and not any(one.fails for one in _one(result, reference, first, fused=False))


def _one(result: Conversion, reference: Reference, first: Judged, *, fused: bool) -> list[Judged]:
    """The same tensor in another graph."""
    return judge(result, reference, lambda place: place.tensor == first.place.tensor, fused=fused)


def _judged_at(
    result: Conversion, reference: Reference, count: int, positions: Sequence[int], fused: bool
) -> list[Judged]:
    """The tensors of these ops after so many steps; a graph that cannot run has none of them."""
    try:
        there = at_step(result, count)
        return judge(there, reference, lambda place: reference.order[place.tensor] in positions, fused=fused)
    except ConversionError:
        return []


def _is_off_after(result: Conversion, reference: Reference, count: int, search: _Halving) -> bool:
    """Whether the tensor that is off in the end is off after so many steps; a graph that cannot run is not right.

    What several ops make together may be farther from LiteRT's codes than a rounding: there it has to be another than
    the handlers made.
    """
    try:
        there = at_step(result, count)
        off = [one for one in _one(there, reference, search.first, fused=search.fused) if one.off]
        if off and all(len(one.positions) > 1 and not one.fails for one in off):
            cuts = places(there.ir_model, reference.known[0], reference.order)
            return bool(changed(there, at_step(result, search.handled), reference, cuts, off))
    except ConversionError:
        return True
    return bool(off)


class _Halving:
    """The search for the optimizer's step that brings an error in: after `low` steps the tensor is right, after `high`
    it is off."""

    def __init__(
        self, result: Conversion, reference: Reference, first: Judged, low: int, tell: Tell, fused: bool
    ) -> None:
        self.result, self.reference, self.first, self.tell = result, reference, first, tell
        self.low, self.high, self.fused = low, len(result.trace), fused
        self.handled = low
        self.searched: list[tuple[int, bool]] = [(low, False)]
        self.depth = math.log2(max(self.high - low, 2))

    def look(self, count: int) -> bool:
        """Whether the tensor is off after so many steps."""
        off = _is_off_after(self.result, self.reference, count, self)
        self.low, self.high = (self.low, count) if off else (count, self.high)
        self.searched.append((count, off))
        left = f"step {self.high}" if self.high - self.low == 1 else f"steps {self.low + 1} to {self.high}"
        what = f"after {count} steps: {'off' if off else 'right'}, in question: {left}"
        self.tell(Said(what, 1 - math.log2(max(self.high - self.low, 1)) / self.depth))
        return off

    def step(self) -> Step:
        """The step. A user's own rules are the first to be asked."""
        for step in [s for s in self.result.trace if s.i >= self.low and self._is_suspect(s)]:
            if self.look(step.i + 1):
                if self.high - self.low > 1:
                    self.look(step.i)
                break
        while self.high - self.low > 1:
            self.look((self.low + self.high) // 2)
        return self.result.trace[self.high - 1]

    def _is_suspect(self, step: Step) -> bool:
        rule = rule_of(self.result, step)
        near = bool(set(step.origin) & set(self.first.positions)) or not step.origin
        return rule is not None and not rule.of_the_package and near


def rule_of(result: Conversion, step: Step) -> Rule | None:
    """The rule of a step."""
    if not step.rule or result.resumable is None:
        return None
    return result.resumable.recorder.rule(step.rule["id"])


def _root_op(result: Conversion, step: Step, first: Judged) -> int:
    """Which of the ops that share a tensor an optimizer's step made wrong: that of the outermost matched node."""
    own: set[int] = set()
    if step.root is not None and result.resumable is not None:
        own = set(result.resumable.recorder.find(step.root).meta.get(ORIGIN, ()))
    for origins in (own, set(step.origin)):
        if shared := origins & set(first.positions):
            return first.position if first.position in shared else max(shared)
    return first.position


def _by_handlers(result: Conversion, reference: Reference, one: Judged, fused: bool) -> Cause:
    """A handler's or a rewriter's step: a user's own where there is one, told apart by leaving rewriters out."""
    near = [s for s in result.trace if s.stage != OPTIMIZERS.name and s.rule and set(s.origin) & set(one.positions)]
    own = [s for s in near if (rule := rule_of(result, s)) is not None and not rule.of_the_package]
    rewriters = [s for s in own if s.stage == REWRITERS.name]
    handlers = [s for s in own if s.stage == HANDLERS.name]
    for step in rewriters if len(own) > 1 else []:
        if not _is_off_without(result, reference, step, one, fused):
            return Cause(_touched(step, one), step)
    if handlers:
        return Cause(_touched(handlers[-1], one), handlers[-1])
    if rewriters:
        return Cause(_touched(rewriters[-1], one), rewriters[-1])
    at = [s for s in near if s.stage == HANDLERS.name and one.position in s.origin]
    plain = [s for s in at if s.rule["name"] not in ("quantize", "dequantize")]
    return Cause(one.position, next(iter(plain or at), None), sure=False)


def _touched(step: Step, one: Judged) -> int:
    """The op of those that share a tensor that a step is about: the one that makes it, where it is among them."""
    return one.position if one.position in step.origin else max(set(step.origin) & set(one.positions))


def _is_off_without(result: Conversion, reference: Reference, step: Step, one: Judged, fused: bool) -> bool:
    """Whether the tensor is off where a user's rewriter is left out; what does not convert then is."""
    rule = rule_of(result, step)
    if rule is None or rule not in list(REWRITERS):
        return True
    try:
        with REWRITERS.without(rule):
            again = convert_with(result.source, replace(result.options))
        found = _one(again, reference, one, fused=fused)
    except ConversionError:
        return True
    return any(o.off for o in found)
