"""Ops that share one comparable tensor: judged one by one in the graph as the handlers left it, and what the optimizers
made of them beside that.

Where rules leave out the rounding between ops (a dequantized model has none), what several ops make together can be
farther from LiteRT's codes than one rounding, and still be right.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from tfonnx_lab.conversion.pipeline import at_step
from tfonnx_lab.conversion.result import Conversion
from tfonnx_lab.errors import ConversionError
from tfonnx_lab.graph import quantization
from tfonnx_lab.parity.arrays import real
from tfonnx_lab.parity.forcing import Place, places
from tfonnx_lab.parity.gap import gap
from tfonnx_lab.parity.judge import judge
from tfonnx_lab.parity.judged import Judged
from tfonnx_lab.parity.limits import is_off
from tfonnx_lab.parity.measuring import forced_runs, is_there, laid
from tfonnx_lab.parity.reference import Reference
from tfonnx_lab.rules import OPTIMIZERS


def finer(result: Conversion, reference: Reference, judged: Sequence[Judged]) -> list[Judged]:
    """The same, where an op that shares its tensor with others is off only if one of them is by itself, or the
    optimizers changed what they make together."""
    shared = [one for one in judged if one.off and not one.fails and len(one.positions) > 1]
    handled = first_step(result, OPTIMIZERS.name)
    if not shared or handled == len(result.trace):
        return list(judged)
    wanted = {position for one in shared for position in one.positions}
    try:
        before = at_step(result, handled)
        alone = judge(before, reference, lambda place: reference.order[place.tensor] in wanted, fused=False)
        others = changed(result, before, reference, [one.place for one in judged], shared)
    except ConversionError:
        return list(judged)
    wrong = {one.position for one in alone if one.off}
    seen = {position for one in alone if not one.off for position in one.positions}
    right = [
        one.place.tensor
        for one in shared
        if not wrong & set(one.positions) and set(one.positions) <= seen and one.place.tensor not in others
    ]
    return [replace(one, off=False) if one.place.tensor in right else one for one in judged]


def first_step(result: Conversion, stage: str) -> int:
    """The first step of a stage; the number of steps where it has none."""
    return next((step.i for step in result.trace if step.stage == stage), len(result.trace))


def changed(
    result: Conversion, before: Conversion, reference: Reference, cuts: Sequence[Place], shared: Sequence[Judged]
) -> set[int]:
    """The tensors that are others than before the optimizers, both graphs given the same ones."""
    known = {i: array for i, array in reference.known[0].items() if i in {place.tensor for place in cuts}}
    there = {place.tensor: place for place in places(before.ir_model, known, reference.order)}
    pairs = [(one, there[one.place.tensor]) for one in shared if one.place.tensor in there]
    mine = forced_runs(result, reference, cuts, [one.place for one, _ in pairs], optimised=False)
    theirs = forced_runs(before, reference, list(there.values()), [place for _, place in pairs], optimised=False)
    found = {one.place.tensor for one in shared} - {one.place.tensor for one, _ in pairs}
    for one, place in pairs:
        for a, b in zip(mine, theirs, strict=True):
            if not (is_there(a.get(one.place.name)) and is_there(b.get(place.name))):
                found.add(one.place.tensor)
                continue
            now, was = laid(one.place, a[one.place.name]), laid(place, b[place.name])
            quant = quantization(place.value)
            if place.value.dtype is not None and place.value.dtype.is_floating_point():
                now, quant = real(now, quantization(one.place.value)).astype(was.dtype), None
            apart = gap(was, quant, now, quantization(one.place.value) if quant is not None else None)
            if is_off(apart, [], was.dtype, len(one.positions)):
                found.add(one.place.tensor)
    return found
