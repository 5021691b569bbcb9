"""What ONNX Runtime's CoreML provider would run of a model, and what creating the session would say."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

import onnx

from tfonnx_lab.mobile.answer import CREATED, NodeVerdict, Partition, ProviderAnswer
from tfonnx_lab.mobile.basic import for_the_cpu, seen_by_provider
from tfonnx_lab.mobile.coreml.rules import (
    FORMATS,
    PROGRAM,
    RELEASES,
    VERSIONS,
    Ask,
    CheckDies,
    Format,
    Release,
    type_name,
)
from tfonnx_lab.mobile.coreml.table import Refusal, citation, refusal, row_of
from tfonnx_lab.mobile.graph import Node, View
from tfonnx_lab.mobile.partition import node_groups, partition_of
from tfonnx_lab.mobile.shown import one_of

NOTES = (
    "Rules read in the sources of ONNX Runtime 1.27 and equal to its recorded answers; Apple's CoreML is not asked: "
    "compiling or running a partition may still fail.",
)
LATER_NOTE = (
    "Rules after 1.27 are read in the sources of 1.30 and the op table of 1.32; no recorded answer confirms them."
)
WRITTEN_NOTE = (
    "Asked of the graph that ONNX Runtime writes to a file, an .ort file for one: ops of float16 that its CPU has no "
    "kernel for stand between casts there. A session that loads the .onnx file itself asks before: written=False."
)
DROPPED = "a partition of only Cast, Identity, Ceil, Reshape, Squeeze, Unsqueeze, Flatten, Transpose, Tile is dropped"
DROPPED_RULE = f"{DROPPED} (onnxruntime/core/providers/coreml/coreml_execution_provider.cc)"


def coreml(
    model: onnx.ModelProto | View,
    format: Format = PROGRAM,  # noqa: A002 - the word of the provider option
    version: int = 7,
    *,
    release: Release = "1.27",
    static: bool = False,
    written: bool = True,
) -> ProviderAnswer:
    """What the CoreML provider takes of a model, node by node, and how it is cut into partitions.

    model: the ONNX model, or the graph that the provider sees of it (`seen_by_provider`).
    format: of the CoreML model that it writes, the provider option ModelFormat. ONNX Runtime's own default is
        NeuralNetwork.
    version: of CoreML on the device: 5 is iOS 15 and macOS 12, 6 iOS 16, 7 iOS 17, 8 iOS 18.
    release: whose rules, those of ONNX Runtime 1.27 or what 1.32 made of them.
    static: the provider option RequireStaticInputShapes.
    written: asked of the graph as a session writes it to a file (what a phone loads, and what was recorded): ops of
        float16 that the CPU lacks stand between casts. False: as a session asks that loads the ONNX model itself.
    Raises ConversionError for a format, version or release that does not exist, and where a rule asks for a constant
    whose data was not loaded with the model.
    """
    one_of("format", format, FORMATS)
    one_of("version", version, VERSIONS)
    one_of("release", release, RELEASES)
    view = model if isinstance(model, View) else seen_by_provider(model, written=written)
    answer = _Judge(view, format, version, release, static).answer()
    if written:  # in the file's order, which is one of running, too
        return replace(answer, nodes=tuple(sorted(answer.nodes, key=lambda n: n.index)))
    return answer


class _Judge:
    """Asks the table about every node once, then cuts what it takes into partitions."""

    def __init__(self, view: View, form: Format, version: int, release: Release, static: bool) -> None:
        self.view, self.format, self.version, self.release, self.static = view, form, version, release, static
        self.refusals: dict[int, Refusal | None] = {}
        self.death = ""

    def answer(self) -> ProviderAnswer:
        """The verdicts, the partitions and the session."""
        for node in self.view.nodes:
            self._refusal(node)
        groups = [] if self.death else node_groups(self.view, self._accepts, self._keeps)
        partitions = tuple(partition_of(self.view, i, group) for i, group in enumerate(groups))
        places = {index: p.index for p in partitions for index in p.nodes}
        setting: dict[str, Any] = {"format": self.format, "version": self.version, "release": self.release}
        return ProviderAnswer(
            provider="CoreML",
            setting={**setting, "static": True} if self.static else setting,
            nodes=tuple(self._verdict(node, places.get(node.index)) for node in self.view.nodes),
            partitions=partitions,
            session=self.death or _session(self.view, partitions, self.release),
            notes=tuple(self._notes()),
        )

    def _notes(self) -> Iterator[str]:
        yield from NOTES
        if self.release != "1.27":
            yield LATER_NOTE
        if for_the_cpu(self.view):
            yield WRITTEN_NOTE

    def _ask(self, node: Node) -> Ask:
        return Ask(self.view, node, self.format, self.version, self.release, self.static, self._accepts)

    def _refusal(self, node: Node) -> Refusal | None:
        if node.index not in self.refusals:
            try:
                self.refusals[node.index] = refusal(self._ask(node))
            except CheckDies as death:
                self.death = self.death or f"not created: {node.name or node.op}: {death}"
                self.refusals[node.index] = Refusal(str(death), death.rule, death.advice)
        return self.refusals[node.index]

    def _accepts(self, node: Node) -> bool:
        return self._refusal(node) is None

    def _keeps(self, group: Sequence[Node]) -> bool:
        rows = [row_of(n.op, self.format, self.release) for n in group]
        return any(row is not None and not row.trivial for row in rows)

    def _verdict(self, node: Node, place: int | None) -> NodeVerdict:
        found = self.refusals[node.index]
        dropped = found is None and place is None and not self.death
        row = row_of(node.op, self.format, self.release)
        taken = "" if row is None else citation(row, "; ".join(r.text for r in row.rules) or "its input's type")
        return NodeVerdict(
            index=node.index,
            name=node.name,
            op=node.op,
            supported=found is None,
            reason=found.reason if found else DROPPED if dropped else "",
            rule=found.rule if found else DROPPED_RULE if dropped else taken,
            partition=place,
            advice=(found.advice if found else "") or self._later(node, found),
            domain=node.domain,
            unit=node.index,
            origin=node.origin,
        )

    def _later(self, node: Node, found: Refusal | None) -> str:
        """What a later release says of a node that this one refuses."""
        if found is None or self.release == "1.32":
            return ""
        try:
            ask = Ask(self.view, node, self.format, self.version, "1.32", self.static, self._accepts)
            return "ONNX Runtime 1.32 takes it" if refusal(ask) is None else ""
        except CheckDies:
            return ""


def _session(view: View, partitions: Sequence[Partition], release: Release) -> str:
    """What the first partition that cannot be written says (builders/model_builder.cc, RegisterModelInputOutput)."""
    written = ("float", "float16", "int32", "int64", *(("bool",) if release != "1.27" else ()))
    for part in partitions:
        for word, crossings in (("input", part.inputs), ("output", part.outputs)):
            for value in (c.value for c in crossings):
                kind = type_name(view.dtype(value))
                if view.shape(value) is None:
                    return f"not created: Unable to get shape for {word}: {value}"
                if kind not in written:
                    number = view.dtype(value)
                    return f"not created: The {word} of graph doesn't have valid type, name: {value} type: {number}"
    return CREATED
