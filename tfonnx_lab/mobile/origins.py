"""From a node of an ORT format file back to the TFLite ops: an ORT file keeps no metadata, but most names of values."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass

import onnx

from tfonnx_lab.graph.origins import origins_of
from tfonnx_lab.mobile.ort_nodes import OrtNode
from tfonnx_lab.runtime.groups import plain


class Origins:
    """The TFLite ops behind each value of a converted ONNX model.

    model: with `tflite_op` in its nodes' metadata, as the converter writes it.
    ops: position => type of the TFLite op ("CONV_2D"); without it ops are named "op".
    """

    def __init__(self, model: onnx.ModelProto, ops: Mapping[int, str] | Sequence[str] = ()) -> None:
        self.ops = ops if isinstance(ops, Mapping) else dict(enumerate(ops))
        self.makers: dict[str, onnx.NodeProto] = {}
        self.by_name: dict[str, onnx.NodeProto] = {}
        self.readers: dict[str, list[onnx.NodeProto]] = {}
        for node in _nodes(model.graph):
            self.makers.update({name: node for name in node.output if name})
            if node.name:
                self.by_name[node.name] = node
            for value in node.input:
                self.readers.setdefault(value, []).append(node)

    def of(self, node: OrtNode, kept: Kept) -> tuple[str, ...]:
        """The TFLite ops behind one node of the ORT file: what computed its outputs, back to what other nodes compute.

        So a fused node names the ops of all nodes that went into it. Where its values have new names (another layout),
        the node's name decides, without what ONNX Runtime appended; where it has none (the body of an op that is a
        function), those that read its first input and are no longer there. Empty where nothing is known.

        kept: what the nodes of the whole ORT file are called.
        """
        roots = [o for o in map(self._known, node.outputs) if o]
        found = self._between(roots, plain(node.name), kept)
        if not found and (named := self.by_name.get(node.name) or self.by_name.get(plain(node.name))):
            found = _positions(named)
        if not found:
            gone = (r for i in node.inputs[:1] for r in self.readers.get(i, []) if r.name not in kept.names)
            found = {p for reader in gone for p in _positions(reader)}
        return tuple(f"{self.ops.get(p, 'op')} {p}" for p in sorted(found))

    def _known(self, name: str) -> str:
        return name if name in self.makers else plain(name) if plain(name) in self.makers else ""

    def _between(self, roots: list[str], own: str, kept: Kept) -> set[int]:
        found: set[int] = set()
        seen: set[str] = set()
        stack = list(roots)
        while stack:
            value = stack.pop()
            node = self.makers.get(value)
            inside = value in roots or not (
                value in kept.values or (node and node.name != own and node.name in kept.names)
            )
            if node is None or value in seen or not inside:
                continue
            seen.update(node.output)
            found |= _positions(node)
            stack += [i for i in node.input if i]
        return found


@dataclass(frozen=True)
class Kept:
    """What the nodes of an ORT file are called, and the values that they compute, also without what ONNX Runtime
    appended."""

    names: Set[str]
    values: Set[str]

    @classmethod
    def of(cls, nodes: Iterable[OrtNode]) -> Kept:
        """Of all nodes of a file."""
        names: set[str] = set()
        values: set[str] = set()
        for node in nodes:
            names.update((node.name, plain(node.name)))
            values.update(v for o in node.outputs if o for v in (o, plain(o)))
        return cls(names - {""}, values)


def _nodes(graph: onnx.GraphProto) -> Iterator[onnx.NodeProto]:
    for node in graph.node:
        yield node
        for attribute in node.attribute:
            for inner in [attribute.g] if attribute.HasField("g") else attribute.graphs:
                yield from _nodes(inner)


def _positions(node: onnx.NodeProto) -> set[int]:
    return set(origins_of(node))
