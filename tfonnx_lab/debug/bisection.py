"""Where the numbers leave LiteRT's: the first op, and the first step."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np

from tfonnx_lab.conversion.pipeline import at_step, convert_with
from tfonnx_lab.conversion.result import Conversion
from tfonnx_lab.debug import session
from tfonnx_lab.debug.finding import Finding, Probe
from tfonnx_lab.debug.isolation import inputs_of_subgraph, isolate
from tfonnx_lab.debug.variants import VARIANTS
from tfonnx_lab.errors import ConversionError
from tfonnx_lab.litert import LiteRT
from tfonnx_lab.litert.cutting import Model, ints
from tfonnx_lab.parity import Parity, TensorParity, compare
from tfonnx_lab.readers.source import open_source
from tfonnx_lab.rules import HANDLERS, REWRITERS, Rule
from tfonnx_lab.trace import Step

_ITERATIONS = 8


def bisect(
    result: Conversion | None = None, inputs: Sequence[np.ndarray] | None = None, *, tolerance: float | None = None
) -> Finding:
    """Find the first op, and the first step, where numbers leave LiteRT's.

    result: what to search (default: what was converted last).
    inputs: what both run on (default: random ones).
    tolerance: largest error over largest magnitude that counts as right (default: 1e-3, or one and a half quantization
    steps).

    An op whose output is off is judged by itself, on LiteRT's own inputs, so an error that only flows through it is not
    held against it; of an op that runs subgraphs, the ops inside are. Its steps tell whether an optimizer, a rewriter
    or its handler did it. Where every op is right by itself, the optimizers' steps on the whole model are searched by
    halving.
    Raises ConversionError where LiteRT or ONNX Runtime cannot run the model.
    """
    found = result if result is not None else session.last()[0]
    if found is None:
        raise ConversionError("nothing was converted yet: result = lab.convert('model.tflite')")
    if found.failures:
        raise ConversionError(
            f"{found.name}: an op was not converted, so it cannot run; isolate() cuts it out, a handler and retry() "
            "mend it",
            found.failures,
        )
    search = _Search(tolerance)
    return search.model(found, inputs)


class _Search:
    """One search; `probes` is what was tried."""

    def __init__(self, tolerance: float | None) -> None:
        self.tolerance = tolerance
        self.probes: list[Probe] = []

    def off(self, row: TensorParity) -> bool:
        """Whether a tensor's error is more than rounding."""
        if row.steps is not None and self.tolerance is None:
            return row.steps > 1.5
        return not row.relative <= (1e-3 if self.tolerance is None else self.tolerance)

    def compared(self, result: Conversion, inputs: Sequence[np.ndarray] | None) -> Parity:
        """Both run."""
        return compare(result, inputs, band=False)

    def model(self, result: Conversion, inputs: Sequence[np.ndarray] | None) -> Finding:
        parity = self.compared(result, inputs)
        suspects = [row for row in parity.rows if self.off(row)]
        positions = sorted({row.position for row in parity.rows})
        span = (positions[0], positions[-1] + 1) if positions else (0, 0)
        said = f"the whole model: {len(parity.rows)} tensors compared, {len(suspects)} are off"
        end = (suspects[0].position + 1) if suspects else span[0]
        self.probes.append(Probe(said, bool(suspects), (span[0], end if suspects else span[0]), span, "ops"))
        for row in (*_order(result, suspects), *_unseen(result, parity, suspects)):
            if (found := self.alone(result, row, inputs, span)) is not None:
                return found
        if not suspects:
            return Finding(None, None, None, 0.0, self.probes)
        return self.interplay(result, parity, suspects[0])

    def alone(
        self, result: Conversion, row: TensorParity, inputs: Sequence[np.ndarray] | None, span: tuple[int, int]
    ) -> Finding | None:
        """The op judged by itself; a finding where it is off."""
        name = f"op {row.position} {row.op} by itself"
        here = (row.position, row.position + 1)
        try:
            cut = isolate(result, row.position, inputs)
            options = replace(result.options, inputs={}, outputs=(), inputs_as_nchw=(), outputs_as_nchw=(),
                              rename_inputs=(), rename_outputs=(), signature=None)  # fmt: skip
            alone = convert_with(cut.data, options)
            parity = self.compared(alone, cut.inputs)
        except ConversionError as why:
            self.probes.append(Probe(f"{name}: {str(why).splitlines()[0]}", None, here, span, "ops"))
            return None
        bad = [r for r in parity.outputs if self.off(r)]
        self.probes.append(Probe(name, bool(bad), here, span, "ops"))
        if not bad:
            return None
        error = max(r.relative for r in bad)
        if (inside := self.subgraphs(result, row.position, inputs, options.opset)) is not None:
            return inside
        rule = self.rule(alone, parity, bad[0])
        return Finding(row.op, row.position, _step(result, rule, row.position), error, self.probes)

    def subgraphs(
        self, result: Conversion, position: int, inputs: Sequence[np.ndarray] | None, opset: int
    ) -> Finding | None:
        """The first op that is off inside of the subgraphs that an op runs."""
        data, _ = open_source(result.source)
        model = Model(data)
        for option, graph in model.called_by(model.op(0, position)):
            given = inputs_of_subgraph(model, graph, inputs)
            if given is None:
                continue
            flatbuffer, originals = model.subgraph(graph)
            try:
                inner = convert_with(flatbuffer, replace(result.options, inputs={}, outputs=(), signature=None))
                for _ in range(_ITERATIONS if option == "bodySubgraphIndex" else 1):
                    found = self.model(inner, given)
                    if found.op is not None:
                        step = found.step and _step(result, _named(inner, found.step), position)
                        return replace(found, step=step, subgraph=originals[found.subgraph or 0], caller=position)
                    given = LiteRT(flatbuffer, keep=False).run(given)
            except ConversionError:
                continue
        return None

    def rule(self, alone: Conversion, parity: Parity, row: TensorParity) -> Rule | None:
        """Which rule made a one-op model wrong."""
        steps = list(alone.trace)
        handled = next((s.i for s in steps if s.stage == "optimizers"), len(steps))
        if handled < len(steps) and not self.probe(alone, parity, row, handled, (handled, len(steps))):
            return _named(alone, self.halved(alone, parity, row, handled, len(steps)))
        applied = _optional(alone)
        for rule in applied:
            if self.right_without(rule, alone, parity):
                return rule
        for phase in VARIANTS:
            of_phase = [rule for rule in applied if REWRITERS.phase_of(rule) == phase]
            if of_phase and self.right_as(phase, alone, parity):
                return of_phase[0]
        by_handlers = [s for s in steps if s.stage == "handlers" and s.rule]
        own = [s for s in by_handlers if s.rule["name"] not in ("quantize", "dequantize")]
        return _named(alone, next(iter(own or by_handlers), None))

    def right_without(self, rule: Rule, alone: Conversion, parity: Parity) -> bool:
        """Whether the numbers are right when a rewriter is left out."""
        phase = REWRITERS.phase_of(rule)
        try:
            with REWRITERS.without(rule):
                again = self.compared(convert_with(alone.source, alone.options), parity.inputs)
            right = bool(again.outputs) and not any(self.off(r) for r in again.outputs)
        except ConversionError:
            right = False
        self.probes.append(Probe(f"without the rewriter {rule.name} ({phase})", not right, (0, 0), (0, 0), "rules"))
        return right

    def right_as(self, phase: str, alone: Conversion, parity: Parity) -> bool:
        """Whether the numbers are right where a phase of the rewriters has nothing to do.

        Most of them cannot be left out.
        """
        vary, words = VARIANTS[phase]
        data, _ = open_source(alone.source)
        try:
            variant = vary(bytes(data), parity.inputs or [])
            if variant is None:
                return False
            again = self.compared(convert_with(variant[0], alone.options), variant[1])
            right: bool | None = bool(again.outputs) and not any(self.off(r) for r in again.outputs)
        except ConversionError:
            right = None
        off = None if right is None else not right
        self.probes.append(Probe(f"the op {words}, which the rewriters' {phase} are for", off, (0, 0), (0, 0), "rules"))
        return bool(right)

    def interplay(self, result: Conversion, parity: Parity, row: TensorParity) -> Finding:
        """Every op is right by itself: which step on the whole model is not."""
        steps = list(result.trace)
        first = next((s.i for s in steps if s.stage == "optimizers"), len(steps))
        if first < len(steps) and not self.probe(result, parity, row, first, (first, len(steps))):
            step = self.halved(result, parity, row, first, len(steps))
            return Finding(row.op, row.position, step, row.relative, self.probes)
        for rule in (r for r in _optional(result) if not r.of_the_package):
            if self.right_without(rule, result, parity):
                first_of = next((s for s in steps if s.rule.get("name") == rule.name), None)
                return Finding(row.op, row.position, first_of, row.relative, self.probes)
        return Finding(None, None, None, row.relative, self.probes)

    def halved(self, result: Conversion, parity: Parity, row: TensorParity, low: int, high: int) -> Step:
        """The step that brings the error in: after `low` steps the tensor is right, after `high` it is off."""
        span = (low, high)
        while high - low > 1:
            middle = (low + high) // 2
            bad = self.probe(result, parity, row, middle, span, (low, high))
            low, high = (low, middle) if bad else (middle, high)
        return result.trace[high - 1]

    def probe(
        self,
        result: Conversion,
        parity: Parity,
        row: TensorParity,
        count: int,
        span: tuple[int, int],
        between: tuple[int, int] | None = None,
    ) -> bool:
        """Whether the tensor is off after this many steps."""
        low, high = between or span
        try:
            there = self.compared(at_step(result, count), parity.inputs)
            bad = any(self.off(r) for r in there.rows if r.name == row.name)
        except ConversionError:  # a graph that cannot run is not right
            bad = True
        left = (low, count) if bad else (count, high)
        self.probes.append(Probe(f"after {count} steps", bad, left, span, "steps"))
        return bad


def _order(result: Conversion, suspects: Sequence[TensorParity]) -> list[TensorParity]:
    """Those first whose own inputs are right: one of them has to be where it begins."""
    data, _ = open_source(result.source)
    model = Model(data)
    names = {row.name for row in suspects}
    rows = {row.position: row for row in reversed(suspects)}

    def is_given_wrong(row: TensorParity) -> bool:
        op = model.op(0, row.position)
        return any(i >= 0 and model.name_of(0, i) in names for i in ints(op.InputsAsNumpy()))

    return sorted(rows.values(), key=lambda row: (is_given_wrong(row), row.position))


def _unseen(result: Conversion, parity: Parity, suspects: Sequence[TensorParity]) -> list[TensorParity]:
    """The ops before the first suspect whose own tensors could not be compared."""
    if not suspects:
        return []
    data, _ = open_source(result.source)
    model = Model(data)
    seen = {row.position for row in parity.rows}
    first = suspects[0]
    left = [position for position in range(first.position) if position not in seen]
    return [replace(first, position=position, op=model.type_of(model.op(0, position))) for position in left]


def _optional(result: Conversion) -> list[Rule]:
    """The rewriters that were applied, a user's own first."""
    assert result.resumable is not None
    rules = [result.resumable.recorder.rule(number) for number in _numbers(result)]
    found = [rule for rule in dict.fromkeys(rules) if rule.stage == REWRITERS.name and rule in list(REWRITERS)]
    return sorted(found, key=lambda rule: rule.of_the_package)


def _numbers(result: Conversion) -> list[int]:
    return [step["rule"] for step in result.trace.records if step["rule"] is not None]


def _named(result: Conversion, step: Step | None) -> Rule | None:
    """The rule of a step."""
    if step is None or not step.rule or result.resumable is None:
        return None
    return result.resumable.recorder.rule(step.rule["id"])


def _step(result: Conversion, rule: Rule | None, position: int) -> Step | None:
    """The first step of the rule that touches the op."""
    if rule is None:
        return None
    matches: Callable[[Step], bool] = lambda s: (s.rule.get("name"), s.rule.get("file")) == (rule.name, rule.file)  # noqa: E731
    there = [s for s in result.trace if position in s.origin and matches(s)]
    if not there and rule.stage == HANDLERS.name:
        there = [s for s in result.trace if position in s.origin and s.stage == HANDLERS.name]
    return next(iter(there), None)
