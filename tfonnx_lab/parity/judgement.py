"""How a verdict is reached: each op by itself, then along the graph, then which rule made the first wrong one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from tfonnx_lab.arithmetic.pairs import SAID
from tfonnx_lab.conversion.result import Conversion
from tfonnx_lab.errors import ConversionError
from tfonnx_lab.parity.cause import Cause, cause_of
from tfonnx_lab.parity.finer import finer
from tfonnx_lab.parity.gap import Gap, not_reached
from tfonnx_lab.parity.judge import judge
from tfonnx_lab.parity.judged import Judged
from tfonnx_lab.parity.leeway import draws
from tfonnx_lab.parity.limits import is_far
from tfonnx_lab.parity.measuring import between, inputs_of, widest
from tfonnx_lab.parity.outputs_alone import by_outputs
from tfonnx_lab.parity.reference import Reference
from tfonnx_lab.parity.running import stop_of, up_to_failure
from tfonnx_lab.parity.verdict import OpVerdict, Status, Verdict
from tfonnx_lab.texts.progress import Said, Tell, within
from tfonnx_lab.trace import touched

_JUDGING = (0.3, 0.6)
"""The part of the work after which the ops are judged by themselves, roughly; comparing the tensors comes first."""

_SEARCHING = 0.75
"""The part of the work after which the culprit is searched."""


def verdict_of(result: Conversion, runs: Sequence[Sequence[np.ndarray]], tell: Tell = lambda said: None) -> Verdict:
    """The verdict on a conversion.

    runs: what it runs on, for each run one array an input in the TFLite model's order and dtypes; a model that keeps
    something from run to run runs twice at least.
    tell: is told what is being done.
    A model that ONNX Runtime does not run is wrong: the verdict names the op whose node that is.
    Raises ConversionError where LiteRT cannot run the model.
    """
    tell(Said("running LiteRT's reference", 0.2))
    reference = Reference(result, [*runs, *runs] if result.states and len(runs) == 1 else runs)
    tell(Said("judging each op on LiteRT's inputs", _JUDGING[0]))
    judged = finer(result, reference, judge(result, reference, tell=within(tell, *_JUDGING)))
    tell(Said("comparing along the graph", _JUDGING[1]))
    along = _along(result, reference, judged)
    cause = None
    if any(one.off for one in judged):
        _trusted(result, reference)
        cause = cause_of(result, reference, judged, within(tell, _SEARCHING, 1.0))
    elif along.why:
        tell(Said("looking for the node that does not run", _SEARCHING))
        cause = _stopped(result, reference)
    ops = [_op(reference, one, along.gaps[one.place.tensor]) for one in judged]
    seen = {p for one in judged for p in one.positions}
    unseen = sorted(set(_computing(reference)) - seen)
    if not judged and cause is None:
        return by_outputs(result, reference, unseen)
    return _verdict(result, reference, judged, _worst_of_each(ops), cause, unseen)


def _trusted(result: Conversion, reference: Reference) -> None:
    """Before an op is accused: LiteRT gives the same answer again, where no op of the model draws numbers.

    Raises ConversionError where it does not.
    """
    kinds = [reference.type_of(position) for position in reference.order.values()]
    if not any(draws(kind) for kind in kinds) and not reference.is_steady():
        raise ConversionError(
            f"{result.name}: LiteRT gives other numbers each time it runs the model on the same inputs (it reads "
            "memory that it has not written), so nothing can be compared with it; convert from the TensorFlow model "
            "that the file was made of, or make the file again with another version of TensorFlow"
        )


@dataclass(frozen=True)
class _Along:
    """An ordinary run.

    gaps: tensor => how far it is from LiteRT's, and how far LiteRT's other kernels are in theirs.
    why: what ONNX Runtime says where the run does not come to its end.
    """

    gaps: dict[int, tuple[Gap, list[Gap]]]
    why: str


def _along(result: Conversion, reference: Reference, judged: Sequence[Judged]) -> _Along:
    """Every tensor in an ordinary run; those behind a node that does not run were not reached."""
    states = {state.input: state.output for state in result.states}
    outputs = [output.name for output in result.model.graph.output]
    names = list(dict.fromkeys([*(one.place.name for one in judged), *states.values(), *outputs]))
    runs: list[dict[str, Any]] = []
    why = ""
    for turn in range(len(reference.known)):
        before = runs[-1] if runs else {}
        kept = {name: before[output] for name, output in states.items() if output in before}
        made, stop = up_to_failure(result.model, names, inputs_of(result, reference, turn) | kept, optimised=True)
        why = why or (stop.reason if stop is not None else "")
        runs.append(made)
    found = {}
    for one in judged:
        i = one.place.tensor
        band = [between(reference, i, flow, reference.known[-1]) for flow in reference.flows]
        reached = all(one.place.name in made for made in runs)
        found[i] = (widest(reference, one.place, runs) if reached else not_reached()), band
    return _Along(found, why)


def _stopped(result: Conversion, reference: Reference) -> Cause:
    """Which op and rule made a node that does not run, where every op runs on LiteRT's tensors.

    Raises ConversionError where that node came from no op.
    """
    stop = stop_of(result, inputs_of(result, reference, 0))
    if stop is None or stop.position is None:
        said = stop.reason if stop is not None else "none of its nodes is to blame alone"
        raise ConversionError(f"{result.name}: ONNX Runtime cannot run the converted model: {said}")
    near = [step for step in result.trace if step.rule and stop.position in step.origin]
    return Cause(stop.position, near[-1] if near else None, sure=False, fails=stop.reason)


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
            by = f"{cause.step.stage.removesuffix('s')} {cause.step.rule['name']}"
        kind = reference.type_of(cause.position)
        fails = cause.fails or next((o.fails for o in judged if o.fails and cause.position in o.positions), "")
        told = [f"its node does not run: {fails}" if fails else "", f"({by})" if by and fails else by]
        why = " ".join(filter(None, told))
        sentence = f"op {cause.position} {kind} is wrong" + (f": {why}" if why else "")
        if any(one.saturates for one in judged):
            sentence += f"; besides, {_saturating(reference, judged)}: exact=True avoids that"
        for note in _notes(result, cause.position):
            sentence += f"; the conversion noted there: {note}"
        return Verdict(False, cause.position, sentence, ops, cause.step, unseen, cause.sure, cause.searched)
    return Verdict(True, None, _right(result, reference, judged, ops), ops, None, unseen)


def _notes(result: Conversion, position: int) -> list[str]:
    """What steps say of an op that is computed in another way than LiteRT's unless `exact` is asked for; of kernels
    that saturate `_saturating` tells, where they do."""
    steps = zip(result.trace, touched(result.trace), strict=True)
    notes = [step.note or "" for step, ops in steps if ops == (position,)]
    return list(dict.fromkeys(note for note in notes if "exact" in note and SAID not in note))


def _right(result: Conversion, reference: Reference, judged: Sequence[Judged], ops: Sequence[OpVerdict]) -> str:
    """The sentence of a conversion in which no op is wrong by itself: how far its outputs are, and why."""
    returned = {reference.name_of(i) for i in reference.returned}
    far = [one for one in ops if one.status == "amplified" and one.tensor in returned]
    kernels = [one for one in judged if one.kernel]
    if any(one.saturates for one in judged):
        return _saturates(reference, judged, far)
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


def _saturates(reference: Reference, judged: Sequence[Judged], far: Sequence[OpVerdict]) -> str:
    """The sentence where this CPU's kernels are what is off, and the remedy."""
    said = f"no op is wrong by itself; {_saturating(reference, judged)}"
    if far:
        worst = max(far, key=lambda one: one.along.rms)
        said += f", to {worst.along.said} at op {worst.position}"
    return f"{said}: exact=True avoids it"


def _saturating(reference: Reference, judged: Sequence[Judged]) -> str:
    """Which kernels this CPU saturates."""
    there = sorted({one.position for one in judged if one.saturates})
    first = f"op {there[0]} {reference.type_of(there[0])}"
    which = (
        f"the 8-bit kernel of {first} saturates"
        if len(there) == 1
        else (f"the 8-bit kernels of {len(there)} ops saturate, the first of {first}")
    )
    return f"on this CPU (x86 without VNNI) ONNX Runtime adds in 16 bits, and {which}"
