"""Every op by itself: the converted model on LiteRT's own tensors, held against LiteRT's other answers on the same ones."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import onnx

from tfonnx_lab.conversion.result import Conversion
from tfonnx_lab.graph import quantization
from tfonnx_lab.parity.forcing import Place, feed, forced, in_codes_of, places, tensor_quantization
from tfonnx_lab.parity.gap import Gap, gap, is_off
from tfonnx_lab.parity.reference import Answers, Arrays, Reference
from tfonnx_lab.runtime.sessions import OnnxRuntime, run, session


@dataclass(frozen=True)
class Judged:
    """One tensor of the converted model, judged by itself.

    place: where it is. positions: the ops between it and the tensors that were given, its own last. gap: how far it is from
    LiteRT's. off: whether that is more than two right answers can differ by. kernel: it is off as ONNX Runtime fuses it, and
    right where nothing is fused.
    """

    place: Place
    positions: tuple[int, ...]
    gap: Gap
    off: bool
    kernel: bool = False

    @property
    def position(self) -> int:
        """The op that makes the tensor."""
        return self.positions[-1]


def judge(result: Conversion, reference: Reference, only: Callable[[Place], bool] = lambda place: True) -> list[Judged]:
    """Every tensor that the result and LiteRT both have, each made of LiteRT's own.

    only: which tensors are to be compared; all of them are given. What is more than rounding is held against LiteRT's other
    kernels, then against its answers to moved inputs, then run once more without ONNX Runtime's fusing: each only where the one
    before did not settle it. Raises ConversionError where ONNX Runtime cannot run the model.
    """
    there = places(result.ir_model, reference.known[0], reference.order)
    cuts = sorted({place.tensor for place in there}, key=lambda i: reference.order.get(i, -1))
    wanted = [place for place in there if only(place)]
    runs = forced_runs(result, reference, there, wanted, optimised=True)
    gaps = {id(place): widest(reference, place, runs) for place in wanted}
    between = {id(place): _positions(reference, place, set(cuts)) for place in wanted}

    def still_off(suspects: Sequence[Place], answers: Answers) -> list[Place]:
        return [
            p for p in suspects
            if is_off(gaps[id(p)], [_between(reference, p, *pair) for pair in answers],
                      reference.known[0][p.tensor].dtype, len(between[id(p)]))
        ]  # fmt: skip

    suspects, answers = still_off(wanted, []), []
    for more in (reference.kernels_band, reference.moved_band):
        if suspects:
            answers += more(cuts)
            suspects = still_off(suspects, answers)
    fused = {id(p) for p in suspects}
    if suspects:
        runs = forced_runs(result, reference, there, suspects, optimised=False)
        gaps |= {id(place): widest(reference, place, runs) for place in suspects}
        suspects = still_off(suspects, answers)
    off = {id(p) for p in suspects}
    return [Judged(p, between[id(p)], gaps[id(p)], id(p) in off, id(p) in fused - off) for p in wanted]


def _positions(reference: Reference, place: Place, cuts: set[int]) -> tuple[int, ...]:
    """The ops between a tensor and those that are given, the one that makes it last."""
    position = reference.order[place.tensor]
    return (*(p for p in reference.before(place.tensor, cuts - {place.tensor}) if p != position), position)


def widest(reference: Reference, place: Place, runs: Sequence[dict[str, Any]]) -> Gap:
    """The largest gap of a tensor in all runs of the converted model."""
    position = reference.order[place.tensor]
    kind, bounds = reference.computed_by(place.tensor), None
    if place.value.dtype is not None and place.value.dtype.is_floating_point():
        bounds = reference.bounds(position)
    quant = reference.quants.get(place.tensor)
    gaps = []
    for known, made in zip(reference.known, runs, strict=True):
        got = np.asarray(made[place.name])
        if place.perm is not None and got.ndim == len(place.perm):
            got = got.transpose(place.perm)
        gaps.append(gap(known[place.tensor], quant, got, quantization(place.value), kind, bounds))
    return max(gaps, key=lambda g: (bool(g.mismatch), g.worst, g.share))


def _between(reference: Reference, place: Place, made: Sequence[Arrays], beside: Sequence[Arrays]) -> Gap:
    """The largest gap of two of LiteRT's answers."""
    kind, quant = reference.computed_by(place.tensor), reference.quants.get(place.tensor)
    i = place.tensor
    gaps = [gap(b[i], quant, _plain(a[i]), quant, kind) for a, b in zip(made, beside, strict=True)]
    return max(gaps, key=lambda g: (bool(g.mismatch), g.worst, g.share))


def _plain(array: np.ndarray) -> np.ndarray:
    return np.stack([array.real, array.imag], axis=-1) if array.dtype.kind == "c" else array


def forced_runs(
    result: Conversion, reference: Reference, there: Sequence[Place], wanted: Sequence[Place], *, optimised: bool
) -> list[dict[str, Any]]:
    """What the converted model makes of LiteRT's tensors, in each of the reference's runs; states come from its own last run."""
    model = forced(result.model, there)
    states = {state.input: state.output for state in result.states}
    names = list(dict.fromkeys([place.name for place in wanted] + list(states.values())))
    loaded = session(reduced(model, names), optimised=optimised)
    taken = {value.name for value in (*loaded.get_inputs(), *loaded.get_overridable_initializers())}
    kept: dict[str, Any] = {}
    found = []
    for known in reference.known:
        given = inputs_of(result, reference) | feed(there, known, reference.quants) | kept
        made = dict(zip(names, run(loaded, names, {k: v for k, v in given.items() if k in taken}), strict=True))
        kept = {name: made[output] for name, output in states.items()}
        found.append(made)
    return found


def inputs_of(result: Conversion, reference: Reference) -> dict[str, Any]:
    """The model's own inputs as the converted model takes them: real numbers where that is what it takes of codes."""
    runtime = OnnxRuntime(result.model)
    values = {value.name: value for value in result.ir_model.graph.inputs}
    details = zip(runtime.inputs, reference.given, reference.inputs, strict=False)
    return dict(
        runtime.feed([in_codes_of(values[name], array, tensor_quantization(detail)) for name, array, detail in details])
    )


def reduced(model: onnx.ModelProto, names: Sequence[str]) -> onnx.ModelProto:
    """The model without what these outputs do not need."""
    wanted, kept = set(names), []
    for node in reversed(model.graph.node):
        if wanted & set(node.output):
            kept.append(node)
            wanted |= _reads(node)
    made = onnx.ModelProto()
    made.CopyFrom(model)
    del made.graph.node[:], made.graph.output[:], made.graph.input[:], made.graph.initializer[:]
    made.graph.node.extend(reversed(kept))
    made.graph.output.extend(onnx.ValueInfoProto(name=name) for name in names)
    made.graph.input.extend(i for i in model.graph.input if i.name in wanted)
    made.graph.initializer.extend(i for i in model.graph.initializer if i.name in wanted)
    return made


def _reads(node: onnx.NodeProto) -> set[str]:
    """What a node reads, its subgraphs included."""
    found = set(node.input)
    for attribute in node.attribute:
        graphs = [attribute.g] if attribute.type == onnx.AttributeProto.GRAPH else attribute.graphs
        for graph in graphs:
            found |= {output.name for output in graph.output}
            for inner in graph.node:
                found |= _reads(inner)
    return found
