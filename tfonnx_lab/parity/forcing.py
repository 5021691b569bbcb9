"""The converted model in which every op is fed with LiteRT's own tensors, so that none inherits another's error."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import onnx
import onnx_ir as ir

from tfonnx_lab.graph import ORIGIN, TENSORS, Quantization
from tfonnx_lab.graph.meta import TENSOR_INDEX
from tfonnx_lab.parity.arrays import in_codes_of

GIVEN = "/from LiteRT"
"""What the name of an input ends in that takes a value's place."""


@dataclass(frozen=True)
class Place:
    """Where the converted model holds a TFLite tensor.

    tensor: its index.
    value: what holds it.
    perm: the permutation that restores its layout, None where it is the same.
    fed: whether it is the last of the tensors that the value holds, so that the others flow into it.
    """

    tensor: int
    value: ir.Value
    perm: tuple[int, ...] | None
    fed: bool = True

    @property
    def name(self) -> str:
        """The value's name."""
        return self.value.name or ""


def places(model: ir.Model, known: Mapping[int, np.ndarray], order: Mapping[int, int]) -> list[Place]:
    """Each tensor that the main graph makes, at the first value that holds it, in graph order.

    known: tensors of which LiteRT's contents are known.
    order: tensor => the position of the op that makes it.
    """
    indices: dict[str, int] = model.meta[TENSOR_INDEX]
    seen: set[int] = set()
    found: list[Place] = []
    for node in model.graph:
        for value in node.outputs:
            held = [(indices[name], perm) for name, perm in value.meta.get(TENSORS, ()) if name in indices]
            fresh = [(i, perm) for i, perm in held if i in known and i not in seen]
            fresh.sort(key=lambda item: order.get(item[0], -1))
            seen.update(i for i, _ in fresh)
            last = len(fresh) - 1
            found += [Place(i, value, perm, n == last) for n, (i, perm) in enumerate(fresh)]
    return found


def forced(
    model: onnx.ModelProto,
    there: Iterable[Place],
    readers: Mapping[int, set[int]],
    origins: Mapping[str, frozenset[int]],
) -> onnx.ModelProto:
    """The model, where whoever reads one of these values reads an input in its place, and all of them are outputs.

    readers: tensor => the positions of the ops that read it.
    origins: value => the positions of the ops that it was made of (`origins_of_values`). Of a value that holds several
    tensors a node is given the one that its own op reads, else the last.
    """
    made = onnx.ModelProto()
    made.CopyFrom(model)
    held: dict[str, list[Place]] = {}
    for place in there:
        held.setdefault(place.name, []).append(place)
    for node in made.graph.node:
        own = frozenset[int]().union(*(origins.get(name, frozenset()) for name in node.output))
        given = {name: given_name(_read_by(own, held[name], readers)) for name in _reads(node) & held.keys()}
        if given:
            _reread(node, given)
    returned = {output.name for output in made.graph.output}
    for name, places_there in held.items():
        kind = (places_there[-1].value.dtype or ir.DataType.FLOAT).value
        for place in places_there:
            made.graph.input.append(onnx.helper.make_tensor_value_info(given_name(place), kind, None))
        if name not in returned:
            made.graph.output.append(onnx.ValueInfoProto(name=name))
    return made


def given_name(place: Place) -> str:
    """The name of the input that takes a value's place; that of a tensor which is not the last one has its number."""
    return f"{place.name}{GIVEN}" if place.fed else f"{place.name}{GIVEN} {place.tensor}"


def origins_of_values(model: ir.Model) -> dict[str, frozenset[int]]:
    """Value of the main graph => the positions of the TFLite ops that led to the node that makes it."""
    return {value.name or "": node.meta.get(ORIGIN, frozenset()) for node in model.graph for value in node.outputs}


def _read_by(origins: frozenset[int], held: Sequence[Place], readers: Mapping[int, set[int]]) -> Place:
    """Which of the tensors that a value holds the node's own op reads."""
    if len(held) == 1:
        return held[0]
    own = [place for place in held if readers.get(place.tensor, set()) & origins]
    return own[-1] if own else held[-1]


def _reads(node: onnx.NodeProto) -> set[str]:
    """What a node reads, its subgraphs included."""
    found = set(node.input)
    for attribute in node.attribute:
        for graph in [attribute.g] if attribute.type == onnx.AttributeProto.GRAPH else attribute.graphs:
            found |= {output.name for output in graph.output}
            for inner in graph.node:
                found |= _reads(inner)
    return found


def _reread(node: onnx.NodeProto, given: Mapping[str, str]) -> None:
    for index, name in enumerate(node.input):
        if name in given:
            node.input[index] = given[name]
    for attribute in node.attribute:
        for graph in [attribute.g] if attribute.type == onnx.AttributeProto.GRAPH else attribute.graphs:
            for inner in graph.node:
                _reread(inner, given)
            for output in graph.output:  # a value of the outer scope that the subgraph hands on
                if output.name in given:
                    output.name = given[output.name]


def reduced(model: onnx.ModelProto, names: Sequence[str]) -> onnx.ModelProto:
    """The model without what these outputs do not need."""
    maker = {output: index for index, node in enumerate(model.graph.node) for output in node.output if output}
    wanted, waiting, kept = set(names), list(names), set()
    while waiting:  # nodes need not stand in order
        index = maker.get(waiting.pop())
        if index is not None and index not in kept:
            kept.add(index)
            fresh = _reads(model.graph.node[index]) - wanted
            wanted |= fresh
            waiting += fresh
    made = onnx.ModelProto()
    made.CopyFrom(model)
    del made.graph.node[:], made.graph.output[:], made.graph.input[:], made.graph.initializer[:]
    made.graph.node.extend(model.graph.node[index] for index in sorted(kept))
    made.graph.output.extend(onnx.ValueInfoProto(name=name) for name in names)
    made.graph.input.extend(i for i in model.graph.input if i.name in wanted)
    made.graph.initializer.extend(i for i in model.graph.initializer if i.name in wanted)
    return made


def as_held(place: Place, array: np.ndarray, quant: Quantization | None) -> np.ndarray:
    """LiteRT's tensor as the value holds it: its layout, its dtype, its codes."""
    if array.dtype.kind == "c":  # the pairs are the last dimension of what holds them
        array = np.stack([array.real, array.imag], axis=-1)
    laid = array if place.perm is None else array.transpose(np.argsort(place.perm))
    return in_codes_of(place.value, laid, quant)


def feed(
    there: Sequence[Place], known: Mapping[int, np.ndarray], quants: Mapping[int, Quantization | None]
) -> dict[str, Any]:
    """What a forced model is given in the place of its values."""
    return {given_name(p): as_held(p, known[p.tensor], quants.get(p.tensor)) for p in there}
