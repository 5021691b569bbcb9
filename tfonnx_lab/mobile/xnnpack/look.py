"""One look of the XNNPACK provider at a graph: what it takes, which activations join a kernel, what fails.

Source: onnxruntime/core/providers/xnnpack/xnnpack_execution_provider.cc (GetCapability) and
    detail/node_support_checker.cc.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set
from dataclasses import replace

from onnx import TensorProto

from tfonnx_lab.mobile import qdq
from tfonnx_lab.mobile.answer import NodeVerdict, Partition
from tfonnx_lab.mobile.coreml.rules import CheckDies
from tfonnx_lab.mobile.graph import NHWC_DOMAIN, Node, View
from tfonnx_lab.mobile.partition import Unit, partition_of
from tfonnx_lab.mobile.xnnpack.ask import Ask
from tfonnx_lab.mobile.xnnpack.table import BY_OP, FOLDER, FUSED, FUSES, FUSION, Refusal, citation, refusal, text

RELEASE = 29
"""Of ONNX Runtime, 1.29 as 29."""


class Look:
    """What the provider takes of a graph.

    assigned: indexes of the nodes that it took at its first look and that are its own, None at the first look itself.
    origins: a node's name => its TFLite ops, at the second look of the first one's nodes (a copy is named
        NAME_token_N).
    taken: units in the order of the graph.
    fused: activation => the kernel that it joins, by index.
    shared: activations that join none, as others read its result.
    death: set where its check does not return.
    """

    def __init__(
        self, view: View, assigned: Set[int] | None = None, origins: Mapping[str, tuple[int, ...]] | None = None
    ) -> None:
        self.view, self.assigned = view, assigned
        self.origins = origins or {n.name: n.origin for n in view.nodes if n.name}
        self.units = qdq.units(view, RELEASE)
        self.refusals: dict[int, Refusal | None] = {}
        self.fused: dict[int, Node] = {}
        self.doubts: list[str] = []
        self.shared: list[str] = []
        self.death = ""
        for unit in self._centers():
            self.refusals[unit.node.index] = self._refusal(unit)
        for unit in self._centers():
            self._fuse(unit)

    @property
    def taken(self) -> list[Unit]:
        """The units that it takes, without the activations that join one."""
        return [u for u in self._centers() if self._takes(u.node) and u.node.index not in self.fused]

    def partitions(self) -> tuple[Partition, ...]:
        """One a kernel; it computes in the CPU's memory, so nothing is copied."""
        made = []
        for i, unit in enumerate(self.taken):
            joined = [n for n in self.view.nodes if self.fused.get(n.index) is unit.node]
            part = partition_of(self.view, i, [*unit.nodes, *joined])
            free = [tuple(replace(c, nbytes=0) for c in crossings) for crossings in (part.inputs, part.outputs)]
            made.append(replace(part, inputs=free[0], outputs=free[1]))
        return tuple(made)

    def verdicts(self, partitions: Sequence[Partition]) -> tuple[NodeVerdict, ...]:
        """One a node."""
        places = {index: p.index for p in partitions for index in p.nodes}
        return tuple(self._verdict(node, places.get(node.index)) for node in self.view.nodes)

    def failure(self) -> str:
        """What creating the session would say of the first node that has no kernel; "" for nothing."""
        for unit in self.taken:
            if unit.is_group and unit.node.op == "ConvTranspose" and self._per_channel(unit):
                return (
                    f"{unit.node.name}: Op (QLinearConvTranspose) [TypeInferenceError] Scale and Zero-point must be "
                    "of rank 1 and the number of elements should be equal to the number of rows of the corresponding "
                    "input."
                )
        for unit in self.taken:
            if unit.node.op not in BY_OP or (unit.node.op == "Resize" and self._no_resize(unit)):
                node = unit.node
                return f"Could not find an implementation for {node.op}({node.version}) node with name '{node.name}'"
        return ""

    def _centers(self) -> list[Unit]:
        return [self.units[n.index] for n in self.view.nodes if self.units[n.index].node is n]

    def _refusal(self, unit: Unit) -> Refusal | None:
        if self.assigned is not None and unit.node.index in self.assigned:
            self._doubt(unit)
            return None
        try:
            return refusal(Ask(self.view, unit))
        except CheckDies as death:
            self.death = self.death or f"{unit.node.name or unit.node.op}: {death}"
            return Refusal(str(death), citation(BY_OP[unit.node.op], "the check itself does not return"))

    def _doubt(self, unit: Unit) -> None:
        """What it took at first it keeps without asking again, even where the change of layout moved an axis."""
        if unit.node.domain == "" and unit.node.op in BY_OP and (found := refusal(Ask(self.view, unit))):
            self.doubts.append(
                f"{unit.node.name or unit.node.op}: after the change of layout, {found.reason}; the provider keeps "
                "the node without asking again, so compare its numbers."
            )

    def _takes(self, node: Node) -> bool:
        return self.refusals[self.units[node.index].node.index] is None

    def _fuse(self, unit: Unit) -> None:
        """An activation joins the channels-last kernel that makes its input, and reads it alone (ClipReluChecker).

        Up to 1.27 others might read it, too; then no session was created.
        """
        node = unit.node
        if self._takes(node) or unit.is_group or node.domain != "" or node.op not in FUSED:
            return
        maker = self.view.producers.get(node.inputs[0])
        if maker is None or maker.domain != NHWC_DOMAIN or maker.op not in FUSES:
            return
        if len(self.view.output_edges[maker.index]) != 1 or self.view.makes_output(maker):
            self.shared.append(f"{node.op} {node.name!r} behind {maker.op} {maker.name!r}")
            return
        limits = list(node.inputs[1:3]) if node.op == "Clip" else []
        constant = all(n in self.view.initializers and n not in self.view.overridable for n in limits)
        if constant and self._takes(maker) and not self.units[maker.index].is_group:
            self.fused[node.index] = maker
            self.refusals[node.index] = None

    def _no_resize(self, unit: Unit) -> bool:
        """Versions and types that no Resize kernel is registered for (tensor/resize.cc)."""
        half = self.view.dtype(unit.node.inputs[0]) == TensorProto.FLOAT16
        return unit.node.version < 11 or (half and unit.node.version >= 19)

    def _per_channel(self, unit: Unit) -> bool:
        return Ask(self.view, unit).codes(Ask(self.view, unit).inputs[1]) == "int8 per channel"

    def _verdict(self, node: Node, place: int | None) -> NodeVerdict:
        center = self.units[node.index].node
        found, maker, row = self.refusals[center.index], self.fused.get(node.index), BY_OP.get(center.op)
        if found is not None:
            rule = found.rule
        elif maker is not None:
            rule = f"{node.op}: joins {maker.op} in front of it ({FOLDER}/{FUSION})"
        else:
            rule = citation(row, "; ".join(map(text, row.rules))) if row else ""
        return NodeVerdict(
            index=node.index,
            name=node.name,
            op=node.op,
            supported=found is None,
            reason=found.reason if found else "",
            rule=rule,
            partition=place,
            advice=found.advice if found else "",
            domain=node.domain,
            unit=center.index,
            origin=node.origin or self.origins.get(node.name.partition("_token_")[0], ()),
        )
