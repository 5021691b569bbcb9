"""What the converted model makes of LiteRT's tensors, and how far that is from what LiteRT makes of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import onnx

from tfonnx_lab.conversion.result import Conversion
from tfonnx_lab.errors import ConversionError
from tfonnx_lab.graph import quantization
from tfonnx_lab.parity.forcing import Place, feed, forced, origins_of_values, reduced
from tfonnx_lab.parity.gap import Gap, gap, pairs
from tfonnx_lab.parity.given import as_taken
from tfonnx_lab.parity.reference import Arrays, Reference
from tfonnx_lab.parity.running import DoesNotRun, in_parts
from tfonnx_lab.runtime.saturation import with_unsigned_weights
from tfonnx_lab.runtime.sessions import OnnxRuntime, run, session


def widest(
    reference: Reference, place: Place, runs: Sequence[dict[str, Any]], beside: Sequence[Arrays] | None = None
) -> Gap:
    """The largest gap of a tensor in all runs of the converted model, from the reference or from other answers."""
    position = reference.order[place.tensor]
    kind, bounds = reference.computed_by(place.tensor), None
    if place.value.dtype is not None and place.value.dtype.is_floating_point():
        bounds = reference.bounds(position)
    gaps: list[Gap] = []
    for known, made in zip(reference.known if beside is None else beside, runs, strict=True):
        got = laid(place, made[place.name])
        want, quant = reference.compared(place.tensor, known)
        gaps.append(gap(want, quant, got, quantization(place.value), kind, bounds))
    return max(gaps, key=lambda g: (bool(g.mismatch), g.worst, g.share))


def laid(place: Place, array: Any) -> np.ndarray:
    """An array in LiteRT's layout."""
    got = np.asarray(array)
    return got.transpose(place.perm) if place.perm is not None and got.ndim == len(place.perm) else got


def largest_between(reference: Reference, place: Place, made: Sequence[Arrays], beside: Sequence[Arrays]) -> Gap:
    """The largest gap of two of LiteRT's answers."""
    gaps = [between(reference, place.tensor, a, b) for a, b in zip(made, beside, strict=True)]
    return max(gaps, key=lambda g: (bool(g.mismatch), g.worst, g.share))


def between(reference: Reference, tensor: int, made: Arrays, beside: Arrays) -> Gap:
    """The gap of one of LiteRT's answers from another."""
    want, quant = reference.compared(tensor, beside)
    return gap(want, quant, pairs(made[tensor]), reference.quants.get(tensor), reference.computed_by(tensor))


def forced_runs(
    result: Conversion,
    reference: Reference,
    there: Sequence[Place],
    wanted: Sequence[Place],
    *,
    optimised: bool,
    unsigned: bool = False,
) -> list[dict[str, Any]]:
    """What the converted model makes of LiteRT's tensors, in each of the reference's runs; states come from its own
    last run. What does not run is a `DoesNotRun`.

    unsigned: with its weights unsigned, whose products saturate on no CPU.
    """
    model = forced(result.model, there, reference.readers, origins_of_values(result.ir_model))
    model = with_unsigned_weights(model) if unsigned else model
    states = {state.input: state.output for state in result.states}
    names = list(dict.fromkeys([place.name for place in wanted] + list(states.values())))
    made_by = _running(model, names, optimised)
    kept: dict[str, Any] = {}
    found: list[dict[str, Any]] = []
    for turn, known in enumerate(reference.known):
        given = inputs_of(result, reference, turn) | feed(there, known, reference.quants) | kept
        made = made_by(given)
        kept = {name: made[output] for name, output in states.items() if is_there(made.get(output))}
        found.append(made)
    return found


def is_there(made: Any) -> bool:
    """Whether a value was computed: its node runs, and its turn came."""
    return made is not None and not isinstance(made, DoesNotRun)


def _running(model: onnx.ModelProto, names: Sequence[str], optimised: bool) -> Callable[[Any], dict[str, Any]]:
    """A function that runs the model: as a whole, or where ONNX Runtime does not take that in parts."""
    try:
        loaded = session(reduced(model, names), optimised=optimised)
    except ConversionError:
        return lambda given: in_parts(model, names, given, optimised=optimised)
    taken = {value.name for value in (*loaded.get_inputs(), *loaded.get_overridable_initializers())}

    def made(given: Any) -> dict[str, Any]:
        try:
            return dict(zip(names, run(loaded, names, {k: v for k, v in given.items() if k in taken}), strict=True))
        except ConversionError:
            return in_parts(model, names, given, optimised=optimised)

    return made


def inputs_of(result: Conversion, reference: Reference, turn: int) -> dict[str, Any]:
    """The model's own inputs of a run as the converted model takes them: its layout, real numbers where that is what it
    takes of codes."""
    taken = as_taken(result, reference.runs[turn], reference.inputs)
    return dict(OnnxRuntime(result.model).feed(taken))
