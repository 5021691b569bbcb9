"""Where the numbers leave LiteRT's: the first op that is wrong by itself, and the step that made it so. The verdict of
`compare`, searched on into subgraphs and rules."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from tfonnx_lab.conversion.given import converted
from tfonnx_lab.conversion.pipeline import convert_with
from tfonnx_lab.conversion.result import Conversion
from tfonnx_lab.debug import session
from tfonnx_lab.debug.finding import Finding, Probe
from tfonnx_lab.debug.isolation import inputs_of_subgraph, isolate
from tfonnx_lab.errors import ConversionError
from tfonnx_lab.litert import LiteRT
from tfonnx_lab.litert.cutting import Model
from tfonnx_lab.litert.signature import converted_subgraph, followed_source
from tfonnx_lab.litert.variants import VARIANTS
from tfonnx_lab.parity import Parity, Verdict, compare, last_parity
from tfonnx_lab.parity.cause import rule_of
from tfonnx_lab.parity.given import Inputs
from tfonnx_lab.parity.judgement import verdict_of
from tfonnx_lab.readers.source import open_source
from tfonnx_lab.rules import HANDLERS, REWRITERS, Rule
from tfonnx_lab.texts.progress import Tick, working
from tfonnx_lab.trace import Step

_ITERATIONS = 8
"""How many iterations of a loop are looked at."""


def bisect(
    result: Any = None,
    inputs: Inputs = None,
    *,
    progress: Callable[[str], None] | None = None,
) -> Finding:
    """Find the first op that is wrong by itself, and the step that made it so.

    result: what to search: a Conversion, or what `convert` takes (default: what was converted last).
    inputs: what both run on, as `compare` takes it.
    progress: is told what is tried and what came of it (default: in a notebook a bar, else lines on standard error).

    The verdict is that of `compare(result).verdict`: an error that only flows through an op is not held against it. Of
    an op that runs subgraphs, the ops inside are judged in the same way. Where several rules made the op, those that
    are not to blame are left out one by one.
    Raises ConversionError where LiteRT or ONNX Runtime cannot run the model.
    """
    found = session.the_last() if result is None else converted(result, "keep")
    if found.failures:
        raise ConversionError(
            f"{found.name}: an op was not converted, so it cannot run; isolate() cuts it out, a handler and retry() "
            "mend it",
            found.failures,
        )
    with working(progress) as tell:
        return _Search(tell or _said).of(found, inputs)


def _said(text: str) -> None:
    if isinstance(text, Tick):
        return
    print(f"bisect: {text}", file=sys.stderr, flush=True)


class _Search:
    """One search; `probes` is what was tried."""

    def __init__(self, tell: Callable[[str], None]) -> None:
        self.tell = tell
        self.probes: list[Probe] = []

    def tried(
        self, what: str, off: bool | None, kind: str, left: tuple[int, int] = (0, 0), of: tuple[int, int] = (0, 0)
    ) -> None:
        """Something was tried."""
        self.probes.append(Probe(what, off, left, of, kind))
        self.tell(str(self.probes[-1]))

    def of(self, result: Conversion, inputs: Inputs) -> Finding:
        """What is wrong with a conversion."""
        parity = _compared(result, inputs)
        known = vars(parity).get("verdict")  # made before, of the same inputs
        return self.judged(result, known or parity.judge(self.tell), parity.inputs or [])

    def judged(self, result: Conversion, verdict: Verdict, inputs: Sequence[np.ndarray]) -> Finding:
        """The finding that a verdict leads to."""
        span = (verdict.ops[0].position, verdict.ops[-1].position + 1) if verdict.ops else (0, 0)
        end = (verdict.op, verdict.op + 1) if verdict.op is not None else (0, 0)
        self.tried(f"{len(verdict.ops)} ops, each by itself on LiteRT's inputs", not verdict.ok, "ops", end, span)
        if verdict.op is None:
            return Finding(None, None, None, 0.0, self.probes, sentence=verdict.sentence)
        if (inside := self.inside(result, verdict.op, inputs)) is not None:
            return inside
        self.halved(result, verdict)
        kind, step = _type_of(result, verdict.op), verdict.step
        if not verdict.sure:
            step = self.step(result, verdict.op, inputs) or step
        if step is not None:
            self.tried(f"step {step.i + 1}, {step.stage.removesuffix('s')} {step.rule.get('name')}", True, "rules")
        wrong = next((one for one in verdict.wrong if verdict.op in one.ops), None)
        error = wrong.own.worst if wrong is not None else 0.0
        told = wrong.own.said if wrong is not None else ""
        return Finding(
            kind, verdict.op, step, error, self.probes, sentence=f"op {verdict.op} {kind} is wrong", told=told
        )

    def halved(self, result: Conversion, verdict: Verdict) -> None:
        """What the verdict looked at to find an optimizer's step."""
        if verdict.searched:
            low, high = span = verdict.searched[0][0], len(result.trace)
            for count, off in verdict.searched:
                low, high = (low, count) if off else (count, high)
                self.probes.append(Probe(f"after {count} steps", off, (low, high), span, "steps"))

    def inside(self, result: Conversion, position: int, inputs: Sequence[np.ndarray]) -> Finding | None:
        """The first op that is wrong inside of the subgraphs that an op runs."""
        model = Model(open_source(followed_source(result))[0])
        for option, graph in model.called_by(model.op(converted_subgraph(result), position)):
            given = inputs_of_subgraph(model, graph, inputs)
            if given is None:
                continue
            flatbuffer, originals = model.subgraph(graph)
            self.tell(f"op {position}: the ops of subgraph {graph}, which it runs")
            try:
                runs = _turns(flatbuffer, given, _ITERATIONS if option == "bodySubgraphIndex" else 1)
                inner = convert_with(flatbuffer, replace(result.options, inputs={}, outputs=(), signature=None))
                found = self.judged(inner, verdict_of(inner, runs, self.tell), given)
            except ConversionError as error:
                self.tried(f"subgraph {graph}: {str(error).splitlines()[0]}", None, "ops")
                continue
            if found.op is not None:
                step = found.step and _step(result, rule_of(inner, found.step), position)
                return replace(found, step=step, subgraph=originals[found.subgraph or 0], caller=position)
        return None

    def step(self, result: Conversion, position: int, inputs: Sequence[np.ndarray]) -> Step | None:
        """Which of the package's own rules made an op wrong: the op alone, without one rewriter after another."""
        try:
            cut = isolate(result, position, inputs)
            options = replace(result.options, inputs={}, outputs=(), inputs_as_nchw=(), outputs_as_nchw=(),
                              rename_inputs=(), rename_outputs=(), signature=None)  # fmt: skip
            alone = convert_with(cut.data, options)
            rule = self.rule(alone, list(cut.inputs))
        except ConversionError as why:
            self.tried(f"op {position} alone: {str(why).splitlines()[0]}", None, "rules")
            return None
        return _step(result, rule, position)

    def rule(self, alone: Conversion, inputs: list[np.ndarray]) -> Rule | None:
        """Which rule made a one-op model wrong."""
        applied = _rewriters(alone)
        for rule in applied:
            if self.right_without(rule, alone, inputs):
                return rule
        for phase in VARIANTS:
            of_phase = [rule for rule in applied if REWRITERS.phase_of(rule) == phase]
            if of_phase and self.right_as(phase, alone, inputs):
                return of_phase[0]
        steps = [s for s in alone.trace if s.stage == HANDLERS.name and s.rule]
        own = [s for s in steps if s.rule["name"] not in ("quantize", "dequantize")]
        return next((rule_of(alone, s) for s in own or steps), None)

    def right_without(self, rule: Rule, alone: Conversion, inputs: list[np.ndarray]) -> bool:
        """Whether the op is right when a rewriter is left out."""
        phase = REWRITERS.phase_of(rule)
        try:
            with REWRITERS.without(rule):
                right = verdict_of(convert_with(alone.source, alone.options), [inputs]).ok
        except ConversionError:
            right = False
        self.tried(f"without the rewriter {rule.name} ({phase})", not right, "rules")
        return right

    def right_as(self, phase: str, alone: Conversion, inputs: list[np.ndarray]) -> bool:
        """Whether the op is right where a phase of the rewriters has nothing to do. Most of them cannot be left out."""
        vary, words = VARIANTS[phase]
        right: bool | None
        try:
            variant = vary(bytes(open_source(alone.source)[0]), inputs)
            if variant is None:
                return False
            right = verdict_of(convert_with(variant[0], alone.options), [variant[1]]).ok
        except ConversionError:
            right = None
        off = None if right is None else not right
        self.tried(f"the op {words}, which the rewriters' {phase} are for", off, "rules")
        return bool(right)


def _compared(result: Conversion, inputs: Inputs) -> Parity:
    """The last comparison where it is of the same inputs, else one that is made."""
    last = last_parity(result)
    if last is not None and inputs is not None and last.inputs is not None and _are_same(inputs, last.inputs):
        return last
    return compare(result, inputs, band=False)


def _are_same(inputs: Any, others: Sequence[np.ndarray]) -> bool:
    return inputs is others


def _turns(body: bytes, given: list[np.ndarray], count: int) -> list[list[np.ndarray]]:
    """What a subgraph is given in the first iterations of a loop: what it gives itself is the next iteration's."""
    runs, running = [given], LiteRT(body, keep=False)
    for _ in range(count - 1):
        made = running.run(runs[-1])
        if [x.shape for x in made] != [x.shape for x in given]:
            break
        runs.append(made)
    return runs


def _type_of(result: Conversion, position: int) -> str:
    model = Model(open_source(result.source)[0])
    return model.type_of(model.op(converted_subgraph(result), position))


def _rewriters(result: Conversion) -> list[Rule]:
    """The rewriters that were applied, a user's own first."""
    rules = dict.fromkeys(rule for step in result.trace if (rule := rule_of(result, step)) is not None)
    found = [rule for rule in rules if rule.stage == REWRITERS.name and rule in list(REWRITERS)]
    return sorted(found, key=lambda rule: rule.of_the_package)


def _step(result: Conversion, rule: Rule | None, position: int) -> Step | None:
    """The first step of the rule that touches the op."""
    if rule is None:
        return None
    near = [s for s in result.trace if position in s.origin]
    there = [s for s in near if (s.rule.get("name"), s.rule.get("file")) == (rule.name, rule.file)]
    if not there and rule.stage == HANDLERS.name:
        there = [s for s in near if s.stage == HANDLERS.name]
    return next(iter(there), None)
