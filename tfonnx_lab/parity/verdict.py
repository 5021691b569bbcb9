"""The verdict of a comparison with LiteRT: is the conversion right, and if not, which op is wrong and who made it so?

An op is judged by itself first, on LiteRT's own inputs, then along the graph. What LiteRT's three sets of kernels (its
reference, its optimised ones, XNNPACK) differ by among themselves is the band within which an answer is right.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np

from tfonnx_lab.conversion.result import Conversion
from tfonnx_lab.errors import ConversionError
from tfonnx_lab.parity.cause import Cause, Tell, cause_of
from tfonnx_lab.parity.finer import finer
from tfonnx_lab.parity.forcing import reduced
from tfonnx_lab.parity.gap import Gap, is_far
from tfonnx_lab.parity.judge import Judged, between, inputs_of, judge, widest
from tfonnx_lab.parity.reference import Reference
from tfonnx_lab.parity.rounding import rounding
from tfonnx_lab.runtime.sessions import run, session
from tfonnx_lab.trace import Step

Status = Literal["wrong", "amplified", "within", "exact"]


@dataclass(frozen=True)
class OpVerdict:
    """One op's share in the result.

    position, op: its number in the TFLite file and its type.
    status: "wrong": its own result, on LiteRT's own inputs, is off by more than two right answers can be; "amplified":
    it is right by itself and what came in was off; "within": inside of LiteRT's band; "exact": no difference.
    tensor: the tensor that it was judged by.
    ops: the ops that share that tensor, where a rule made one of several.
    own: how far it is off by itself, along: with what came along the graph, band: how far LiteRT's own kernels are from
    each other there.
    """

    position: int
    op: str
    status: Status
    tensor: str
    ops: tuple[int, ...]
    own: Gap
    along: Gap
    band: Gap | None

    @property
    def said(self) -> str:
        """In a line."""
        near = f", LiteRT's own kernels by {self.band.said}" if self.band is not None and self.band.worst else ""
        along = f"along the graph {self.along.said}{near}"
        return f"op {self.position} {self.op}: {self.status}; by itself {self.own.said}; {along}"


@dataclass(frozen=True)
class Verdict:
    """Whether a conversion is right.

    ok: no op is wrong by itself.
    op: the number of the first TFLite op that is, else None.
    step: the step of the trace that made it wrong.
    sentence: the verdict in a sentence.
    ops: every op that could be compared, in order.
    unseen: the numbers of the ops that stand in no comparison.
    sure: whether it was tried that the step is to blame.
    searched: after how many steps it was looked at, and whether the op was off then.
    """

    ok: bool
    op: int | None
    sentence: str
    ops: list[OpVerdict] = field(default_factory=list)
    step: Step | None = None
    unseen: list[int] = field(default_factory=list)
    sure: bool = True
    searched: tuple[tuple[int, bool], ...] = ()

    @property
    def wrong(self) -> list[OpVerdict]:
        """The ops that are wrong by themselves."""
        return [one for one in self.ops if one.status == "wrong"]

    @property
    def rounding(self) -> str:
        """Of a quantized model: which ops round differently, and in how many codes, each on LiteRT's own inputs."""
        return rounding(self.ops)

    def of(self, position: int) -> OpVerdict | None:
        """What is said of an op, by its number; None where nothing is."""
        return next((one for one in self.ops if one.position == position), None)

    def __str__(self) -> str:
        told = [one for one in self.ops if one.status != "exact"]
        return "\n".join(
            [self.sentence, *([self.rounding] if self.rounding else []), *(f"  {one.said}" for one in told)]
        )

    def __repr__(self) -> str:
        return f"Verdict({self.sentence})"


def verdict_of(result: Conversion, runs: Sequence[Sequence[np.ndarray]], tell: Tell = lambda said: None) -> Verdict:
    """The verdict on a conversion.

    runs: what it runs on, for each run one array an input in the TFLite model's order and dtypes; a model that keeps
    something from run to run runs twice at least.
    tell: is told what is done meanwhile.
    Raises ConversionError where LiteRT or ONNX Runtime cannot run the model.
    """
    tell("running LiteRT's reference")
    reference = Reference(result, [*runs, *runs] if result.states and len(runs) == 1 else runs)
    tell("judging each op on LiteRT's inputs")
    judged = finer(result, reference, judge(result, reference))
    tell("comparing along the graph")
    along = _along(result, reference, judged)
    cause = cause_of(result, reference, judged, tell) if any(one.off for one in judged) else None
    ops = [_op(reference, one, along[one.place.tensor]) for one in judged]
    seen = {p for one in judged for p in one.positions}
    unseen = sorted(set(_computing(reference)) - seen)
    return _verdict(result, reference, judged, _worst_of_each(ops), cause, unseen)


def _along(result: Conversion, reference: Reference, judged: Sequence[Judged]) -> dict[int, tuple[Gap, list[Gap]]]:
    """Tensor => how far it is from LiteRT's in an ordinary run, and how far LiteRT's other kernels are in theirs."""
    states = {state.input: state.output for state in result.states}
    names = list(dict.fromkeys([*(one.place.name for one in judged), *states.values()]))
    loaded = session(reduced(result.model, names))
    taken = {value.name for value in (*loaded.get_inputs(), *loaded.get_overridable_initializers())}
    runs: list[dict[str, Any]] = []
    for turn in range(len(reference.known)):
        kept = {name: runs[-1][output] for name, output in states.items()} if runs else {}
        given = {name: x for name, x in (inputs_of(result, reference, turn) | kept).items() if name in taken}
        runs.append(dict(zip(names, run(loaded, names, given), strict=True)))
    found = {}
    for one in judged:
        i = one.place.tensor
        band = [between(reference, i, flow, reference.known[-1]) for flow in reference.flows]
        found[i] = widest(reference, one.place, runs), band
    return found


def _op(reference: Reference, one: Judged, along: tuple[Gap, list[Gap]]) -> OpVerdict:
    gone, band = along
    far = is_far(gone, band)
    status: Status = (
        "wrong" if one.off else "amplified" if far else "within" if gone.worst or gone.mismatch else "exact"
    )
    widest_of_band = max(band, key=lambda g: (bool(g.mismatch), g.rms), default=None)
    kind, name = reference.type_of(one.position), reference.name_of(one.place.tensor)
    return OpVerdict(one.position, kind, status, name, one.positions, one.gap, gone, widest_of_band)


_ORDER: tuple[Status, ...] = ("exact", "within", "amplified", "wrong")


def _worst_of_each(ops: Sequence[OpVerdict]) -> list[OpVerdict]:
    """One verdict an op, the worst of its outputs."""
    found: dict[int, OpVerdict] = {}
    for one in ops:
        old = found.get(one.position)
        if old is None or _ORDER.index(one.status) > _ORDER.index(old.status):
            found[one.position] = one
    return [found[position] for position in sorted(found)]


def _computing(reference: Reference) -> list[int]:
    """The ops that make something of what flows in."""
    return [position for tensor, position in reference.order.items() if tensor in reference.known[0]]


def _verdict(
    result: Conversion,
    reference: Reference,
    judged: Sequence[Judged],
    ops: list[OpVerdict],
    cause: Cause | None,
    unseen: list[int],
) -> Verdict:
    if cause is not None:
        by = ""
        if cause.step is not None and cause.step.rule:
            by = f": {cause.step.stage.removesuffix('s')} {cause.step.rule['name']}"
        kind = reference.type_of(cause.position)
        sentence = f"op {cause.position} {kind} is wrong{by}"
        return Verdict(False, cause.position, sentence, ops, cause.step, unseen, cause.sure, cause.searched)
    if not judged:
        raise ConversionError(f"{result.name}: no tensor of the converted model can be compared with one of LiteRT's")
    return Verdict(True, None, _right(result, reference, judged, ops), ops, None, unseen)


def _right(result: Conversion, reference: Reference, judged: Sequence[Judged], ops: Sequence[OpVerdict]) -> str:
    """The sentence of a conversion in which no op is wrong by itself: how far its outputs are, and why."""
    returned = {reference.name_of(i) for i in reference.returned}
    far = [one for one in ops if one.status == "amplified" and one.tensor in returned]
    kernels = [one for one in judged if one.kernel]
    if not far:
        said = "as close to LiteRT's reference as LiteRT's own fast kernels; no op is wrong by itself"
    else:
        worst = max(far, key=lambda one: one.along.rms)
        band = f"; LiteRT's own fast kernels by {worst.band.said}" if worst.band is not None else ""
        rounds = result.options.rounds_inputs
        why = "rounding adds up along the graph" if rounds else "what LiteRT rounds and this model does not adds up"
        said = f"no op is wrong by itself; {why} "
        said += f"to {worst.along.said} at op {worst.position}{band}"
    if kernels:
        first = min(kernels, key=lambda one: one.position)
        kind = reference.type_of(first.position)
        said += f"; ONNX Runtime's fused kernel of op {first.position} {kind} rounds another way"
    return said
