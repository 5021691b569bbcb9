"""Every op by itself: the converted model on LiteRT's own tensors, held against LiteRT's other answers on the same
ones."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from typing import Any

import numpy as np
import onnx_ir as ir

from tfonnx_lab.conversion.result import Conversion
from tfonnx_lab.graph import quantization
from tfonnx_lab.parity.arrays import as_codes
from tfonnx_lab.parity.astray import are_codes, is_astray
from tfonnx_lab.parity.forcing import Place, places
from tfonnx_lab.parity.gap import Gap, gap, no_run
from tfonnx_lab.parity.input_codes import ROUNDS_OTHERWISE, one_code
from tfonnx_lab.parity.judged import Judged
from tfonnx_lab.parity.leeway import draws, precision
from tfonnx_lab.parity.limits import is_off
from tfonnx_lab.parity.measuring import forced_runs, laid, largest_between, widest
from tfonnx_lab.parity.real_numbers import alone_in_real_numbers, are_nearest
from tfonnx_lab.parity.reference import Answer, Arrays, Reference
from tfonnx_lab.parity.running import DoesNotRun
from tfonnx_lab.runtime import saturation
from tfonnx_lab.texts.progress import Tell, Tick

_TICKS = 20
"""How often it is told how many tensors were looked at."""


def judge(
    result: Conversion,
    reference: Reference,
    only: Callable[[Place], bool] = lambda place: True,
    tell: Tell = lambda said: None,
    *,
    fused: bool = True,
) -> list[Judged]:
    """Every tensor that the result and LiteRT both have, each made of LiteRT's own.

    only: which tensors are to be compared; all of them are given.
    tell: is told how many of them were looked at.
    fused: judge what ONNX Runtime's fusing makes of it, too, as of what a user runs. A graph on the way to that is
    judged for what it says: fusing is made for whole ones, and refuses some of the others (an int8 one of opset 21).
    Codes that differ and what is more than rounding are held against LiteRT's
    other kernels, then against its answers to moved inputs, then run once more without ONNX Runtime's fusing: each only
    where the one before did not settle it. A tensor whose node ONNX Runtime does not run is off.
    """
    return _Judging(result, reference, only, tell).judged(fused)


class _Judging:
    """One run of the judgement: `suspects` are the tensors that nothing has explained yet."""

    def __init__(
        self, result: Conversion, reference: Reference, only: Callable[[Place], bool], tell: Tell = lambda said: None
    ) -> None:
        self.result, self.reference, self.tell = result, reference, tell
        self.there = places(result.ir_model, reference.known[0], reference.order)
        self.cuts = {place.tensor: place.fed for place in self.there}
        self.wanted = self.suspects = [place for place in self.there if only(place)]
        given = {tensor for tensor, is_fed in self.cuts.items() if is_fed}
        self.positions = {id(place): _positions(reference, place, given) for place in self.wanted}
        self.gaps: dict[int, Gap] = {}
        self.fails: dict[int, str] = {}
        self.answers: list[Answer] = []
        self.beside: list[Arrays] | None = None
        self.alone: dict[int, list[np.ndarray]] = {}
        self.runs: list[dict[str, Any]] = []
        self.doubted: list[Place] = []
        self.astray: set[int] = set()
        self.saturating: set[int] = set()

    def judged(self, fused: bool = True) -> list[Judged]:
        """Every tensor that was asked for."""
        self.run(optimised=fused)
        if self.fails and not fused:
            self.retry()
        self.doubted = [p for p in self.wanted if self.gaps[id(p)].worst and are_codes(p, self.reference)]
        if self.suspects or self.doubted:
            self.answers += self.reference.kernels_band(self.cuts)
            self.sift()
            self.follow()
        if self.suspects:
            self.answers += self.reference.moved_band(self.cuts)
            self.sift()
        if self.suspects:
            self.in_real_numbers()
        before = {id(place) for place in self.suspects}
        if self.suspects and not saturation.has_vnni():
            self.with_unsigned_weights(fused)
        if self.suspects and fused:
            self.run(optimised=False)
        elif self.suspects:
            self.as_fused()
        before -= self.saturating
        off = {id(place) for place in self.suspects} | self.fails.keys()
        return [self.told(place, id(place) in off, id(place) in before - off) for place in self.wanted]

    def told(self, place: Place, off: bool, kernel: bool) -> Judged:
        """The judgement of a tensor."""
        number = id(place)
        fails, saturates = self.fails.get(number, ""), number in self.saturating
        return Judged(place, self.positions[number], self.gaps[number], off, kernel, saturates, fails)

    def run(self, *, optimised: bool, unsigned: bool = False) -> None:
        """Run the suspects and measure them."""
        self.runs = forced_runs(
            self.result, self.reference, self.there, self.suspects, optimised=optimised, unsigned=unsigned
        )
        self.set_aside()
        self.measure()

    def with_unsigned_weights(self, fused: bool) -> None:
        """Set the suspects aside that are right with unsigned weights: no rule made them wrong, but this CPU's kernels.

        Their gap stays what a user of this CPU gets.
        """
        asked, kept = self.suspects, (self.wanted, dict(self.fails), dict(self.gaps), self.runs)
        self.run(optimised=fused, unsigned=True)
        ran = {id(place) for place in self.wanted} - self.fails.keys()
        off = {id(place) for place in self.suspects}
        self.saturating = {id(place) for place in asked} & ran - off
        self.wanted, self.fails, self.gaps, self.runs = kept
        self.suspects = [place for place in asked if id(place) not in self.saturating]

    def retry(self) -> None:
        """Run what does not run by itself as ONNX Runtime fuses it."""
        rest, self.suspects = self.suspects, [place for place in self.wanted if id(place) in self.fails]
        self.fails, before = {}, self.runs
        self.run(optimised=True)
        self.suspects += rest
        self.runs = [was | now for was, now in zip(before, self.runs, strict=True)]

    def as_fused(self) -> None:
        """Leave the suspects that are off as ONNX Runtime fuses them, too; what does not run then stays one."""
        asked, wanted, fails, gaps = self.suspects, self.wanted, dict(self.fails), dict(self.gaps)
        self.run(optimised=True)
        ran = {id(place) for place in self.wanted} - (self.fails.keys() - fails.keys())
        unable = [place for place in asked if id(place) not in ran]
        self.wanted, self.fails, self.suspects = wanted, fails, self.suspects + unable
        self.gaps |= {id(place): gaps[id(place)] for place in unable}

    def set_aside(self) -> None:
        """Judge the suspects whose nodes do not run, and leave out those that were not tried."""
        unseen: set[int] = set()
        for place in self.suspects:
            made = [run.get(place.name) for run in self.runs]
            why = next((one.reason for one in made if isinstance(one, DoesNotRun)), None)
            if why is not None:
                self.fails[id(place)] = why
                self.gaps[id(place)] = no_run(why)
            elif any(one is None for one in made):
                unseen.add(id(place))
        self.wanted = [place for place in self.wanted if id(place) not in unseen]
        self.suspects = [place for place in self.suspects if id(place) not in unseen | self.fails.keys()]

    def measure(self) -> None:
        """Measure the suspects, each beside the reference; what computes in float on purpose beside LiteRT in float."""
        for number, place in enumerate(self.suspects, 1):
            if number % max(len(self.suspects) // _TICKS, 1) == 0:
                self.tell(Tick(f"tensor {number} of {len(self.suspects)}", number / len(self.suspects)))
            self.gaps[id(place)] = self.gap_of(place)
            if (alone := self.alone.get(id(place))) is not None:
                gaps = [self.beside_real(place, *pair) for pair in zip(alone, self.runs, strict=True)]
                self.gaps[id(place)] = max(gaps, key=lambda g: (bool(g.mismatch), g.worst, g.share))
        self.sift()

    def gap_of(self, place: Place) -> Gap:
        """How far a tensor is from the reference; or from LiteRT in float, of an op with integer weights whose inputs
        the conversion does not round."""
        found = widest(self.reference, place, self.runs)
        if not self.beside or not self.reference.hybrid & set(self.positions[id(place)]):
            return found
        in_float = widest(self.reference, place, self.runs, self.beside)
        rounds = self.result.options.rounds_inputs and self.is_beyond(place, in_float)
        return found if rounds else in_float

    def beside_real(self, place: Place, want: np.ndarray, made: dict[str, Any]) -> Gap:
        """How far a tensor is from real numbers, or from the codes that they are rounded to."""
        got, kind = laid(place, made[place.name]), self.reference.computed_by(place.tensor)
        if place.value.dtype == ir.DataType.FLOAT:
            return gap(want, None, got.astype(want.dtype), None, kind)
        codes, quant = self.reference.compared(place.tensor, self.reference.known[0])
        return gap(as_codes(want, codes.dtype, quant), quant, got, quantization(place.value), kind)

    def in_real_numbers(self) -> None:
        """Judge the suspects beside LiteRT's float kernels, where the conversion leaves out a rounding of LiteRT's on
        purpose: of the inputs of ops with integer weights, and in a dequantized model of everything."""
        self.beside = self.in_float if self.reference.hybrid else None
        for place in self.suspects if self.result.options.dequantize else ():
            alone = alone_in_real_numbers(self.reference, place.tensor, self.positions[id(place)])
            self.alone |= {id(place): alone} if alone is not None else {}
        self.measure()
        self.suspects = [p for p in self.suspects if id(p) in self.astray or not self.is_nearest(p)]

    def is_nearest(self, place: Place) -> bool:
        """Whether each code of a tensor is one nearest to the real number: the reference, a step beside it, rounds
        halves in another way, or rounds more than once."""
        known, quant = self.gaps[id(place)], quantization(place.value)
        if known.unit != "steps" or known.worst > 1 or quant is None or place.value.dtype == ir.DataType.FLOAT:
            return False
        alone = alone_in_real_numbers(self.reference, place.tensor, self.positions[id(place)])
        pairs = zip(alone or (), self.runs, strict=False)
        return bool(alone) and all(are_nearest(laid(place, run[place.name]), quant, want) for want, run in pairs)

    @cached_property
    def in_float(self) -> list[Arrays]:
        """What LiteRT makes of the same where ops with integer weights compute in float; empty where it cannot."""
        return self.reference.unrounded(self.cuts)

    def follow(self) -> None:
        """Suspect what has codes that no kernel of LiteRT's and no real number explains, too."""
        self.astray = {id(place) for place in self.doubted if id(place) not in self.fails and self.is_astray(place)}
        suspects = self.astray | {id(place) for place in self.suspects}
        self.suspects = [place for place in self.wanted if id(place) in suspects]

    def is_astray(self, place: Place) -> bool:
        """Whether codes of a tensor are neither LiteRT's nor those of the real numbers."""
        ops = self.positions[id(place)]
        return is_astray(
            place,
            self.reference,
            self.runs,
            self.answers,
            lambda: alone_in_real_numbers(self.reference, place.tensor, ops),
        )

    def sift(self) -> None:
        """Leave those that are off by more than the answers that are known explain."""
        self.suspects = [place for place in self.suspects if self.is_off(place)]

    def is_off(self, place: Place) -> bool:
        """Whether a tensor is off by more than two right answers can be."""
        return self.is_beyond(place, self.gaps[id(place)]) or (id(place) in self.astray and self.is_astray(place))

    def is_beyond(self, place: Place, found: Gap) -> bool:
        """Whether a tensor's gap is more than two right answers can differ by."""
        if any(draws(self.reference.type_of(position)) for position in self.positions[id(place)]):
            return bool(found.mismatch) or not np.isfinite(found.worst)
        code = one_code(self.reference, place.tensor, self.positions[id(place)])
        answers, rounds = self.answers, self.result.options.rounds_inputs
        if code is not None and (rounds or self.in_float):
            answers = [one for one in answers if one.kernels not in ROUNDS_OTHERWISE]
        band = [largest_between(self.reference, place, one.made, one.beside) for one in answers]
        dtype = precision(self.reference, place.tensor)
        turns = self.reference.turns(place.tensor) if found.unit == "scale" else 1
        least = code if code is not None and rounds else 0.0
        return is_off(found, band, dtype, len(self.positions[id(place)]) - 1 + turns, least)


def _positions(reference: Reference, place: Place, cuts: set[int]) -> tuple[int, ...]:
    """The ops between a tensor and those that are given, the one that makes it last."""
    position = reference.order[place.tensor]
    return (*(p for p in reference.before(place.tensor, cuts - {place.tensor}) if p != position), position)
