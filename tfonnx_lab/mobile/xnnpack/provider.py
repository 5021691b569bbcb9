"""What ONNX Runtime's XNNPACK provider would run of a model. Inferred: its rules are read in the sources and nowhere tried."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import onnx

from tfonnx_lab.mobile import qdq
from tfonnx_lab.mobile.answer import CREATED, Crossing, NodeVerdict, Partition, ProviderAnswer
from tfonnx_lab.mobile.basic import seen_by_provider
from tfonnx_lab.mobile.coreml.rules import CheckDies
from tfonnx_lab.mobile.graph import Node, View
from tfonnx_lab.mobile.partition import Unit, partition_of
from tfonnx_lab.mobile.xnnpack.ask import Ask
from tfonnx_lab.mobile.xnnpack.table import BY_OP, FOLDER, FUSED, FUSES, FUSION, Refusal, citation, refusal, text

INFERRED = (
    "Inferred: read in the sources of ONNX Runtime 1.27. The provider is in no Linux wheel, so no answer was recorded; "
    "verdicts are those of its second look, after the change of layout."
)
COST = (
    "XNNPACK computes in the CPU's memory, kernel by kernel: nothing is copied. The bytes are those that a Transpose writes "
    "where a channels-last kernel borders on another node, at most: ONNX Runtime's optimizer removes some of these."
)
HALF = "float16 needs a CPU that computes it (ARMv8.2); elsewhere creating the kernel fails."
NEW_QDQ = (
    "QDQ groups of opset 19 and later: ONNX Runtime's own tests of them are disabled, as sessions failed with "
    "'Could not find an implementation for QuantizeLinear(19)'."
)
ROWS = "A Gemm whose number of rows is not known computes one row only in 1.27 (repaired in 1.28): fix the batch dimension."


def xnnpack(model: onnx.ModelProto | View) -> ProviderAnswer:
    """What the XNNPACK provider takes of a model, node by node; each of its kernels is a partition of its own.

    model: the ONNX model, or the graph that the provider sees of it (`seen_by_provider`).
    """
    return _Judge(model if isinstance(model, View) else seen_by_provider(model)).answer()


class _Judge:
    """Asks the table about every unit, joins activations to the kernels before them, then lists what is taken."""

    def __init__(self, view: View) -> None:
        self.view = view
        self.units = qdq.units(view)
        self.refusals: dict[int, Refusal | None] = {}
        self.fused: dict[int, Node] = {}
        self.death = ""

    def answer(self) -> ProviderAnswer:
        """The verdicts, the kernels and the session."""
        for unit in self._units():
            self.refusals[unit.node.index] = self._refusal(unit)
        for unit in self._units():
            self._fuse(unit)
        partitions = () if self.death else tuple(self._partitions())
        return ProviderAnswer(
            provider="XNNPACK",
            setting={"inferred": True},
            nodes=tuple(self._verdict(node, partitions) for node in self.view.nodes),
            partitions=partitions,
            session=self.death or self._session(),
            notes=tuple(self._notes()),
        )

    def _units(self) -> list[Unit]:
        return [self.units[n.index] for n in self.view.nodes if self.units[n.index].node is n]

    def _refusal(self, unit: Unit) -> Refusal | None:
        try:
            return refusal(Ask(self.view, unit))
        except CheckDies as death:
            self.death = self.death or f"not created: {unit.node.name or unit.node.op}: {death}"
            return Refusal(str(death), citation(BY_OP[unit.node.op], "the check itself does not return"))

    def _taken(self, node: Node) -> bool:
        return self.refusals.get(self.units[node.index].node.index, None) is None

    def _fuse(self, unit: Unit) -> None:
        """An activation joins the channels-last kernel that makes its input (ClipReluChecker)."""
        node = unit.node
        if unit.is_group or node.domain != "" or node.op not in FUSED:
            return
        maker = self.view.producers.get(node.inputs[0])
        if maker is None or maker.op not in FUSES or self.units[maker.index].is_group or not self._taken(maker):
            return
        limits = list(node.inputs[1:3]) if node.op == "Clip" else []
        if all(n in self.view.initializers and n not in self.view.overridable for n in limits):
            self.fused[node.index] = maker
            self.refusals[node.index] = None

    def _partitions(self) -> list[Partition]:
        made: list[Partition] = []
        for unit in self._units():
            if self.refusals[unit.node.index] is None and unit.node.index not in self.fused:
                joined = [n for n in self.view.nodes if self.fused.get(n.index) is unit.node]
                made.append(self._costed(unit, partition_of(self.view, len(made), [*unit.nodes, *joined])))
        return made

    def _costed(self, unit: Unit, part: Partition) -> Partition:
        """Crossings with what a Transpose writes at most: 0 where there is no change of layout."""
        layout = BY_OP[unit.node.op].layout
        data = Ask(self.view, unit).inputs[0].name
        return replace(
            part,
            inputs=tuple(
                self._cost(c, layout and c.value == data, [self.view.producers.get(c.value)]) for c in part.inputs
            ),
            outputs=tuple(self._cost(c, layout, self.view.consumers(c.value)) for c in part.outputs),
        )

    def _cost(self, crossing: Crossing, layout: bool, others: Sequence[Node | None]) -> Crossing:
        """Nothing, where all nodes on the other side are channels-last kernels, too; a graph input or output is not."""
        outside = not others or crossing.value in self.view.outputs or not all(map(self._channels_last, others))
        return crossing if layout and outside else replace(crossing, nbytes=0)

    def _channels_last(self, node: Node | None) -> bool:
        if node is None:
            return False
        center = self.fused.get(node.index, self.units[node.index].node)
        row = BY_OP.get(center.op)
        return row is not None and row.layout and self._taken(center)

    def _session(self) -> str:
        """What the first kernel or fusion that cannot be made says."""
        for node in self.view.nodes:
            maker = self.fused.get(node.index)
            if maker is not None and (len(self.view.output_edges[maker.index]) > 1 or self.view.makes_output(maker)):
                value = maker.outputs[0]
                return (
                    f"not created: Invalid model. Node input '{value}' is not a graph input, initializer, or output of a "
                    f"previous node ({node.op} joins {maker.op}, whose result has other readers; repaired in 1.28)"
                )
        for unit in self._units():
            if unit.node.op == "Resize" and self._taken(unit.node) and self._no_resize(unit):
                return f"not created: Could not find an implementation for Resize({unit.node.version}) node with name '{unit.node.name}'"
        return CREATED

    def _no_resize(self, unit: Unit) -> bool:
        """A quantized Resize leaves the channels-last domain that its kernel is registered in (FuseQDQGroup)."""
        half = self.view.dtype(unit.node.inputs[0]) == onnx.TensorProto.FLOAT16
        return unit.is_group or unit.node.version < 11 or (half and unit.node.version >= 19)

    def _verdict(self, node: Node, partitions: Sequence[Partition]) -> NodeVerdict:
        center = self.units[node.index].node
        found = self.refusals[center.index]
        maker = self.fused.get(node.index)
        row = BY_OP.get(center.op)
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
            partition=next((p.index for p in partitions if node.index in p.nodes), None),
            advice=found.advice if found else "",
            domain=node.domain,
            unit=center.index,
        )

    def _notes(self) -> list[str]:
        taken = [u for u in self._units() if self.refusals[u.node.index] is None]
        found = [INFERRED, COST]
        if any(self.view.dtype(u.node.inputs[0]) == onnx.TensorProto.FLOAT16 for u in taken):
            found.append(HALF)
        if any(n.version >= 19 for u in taken for n in u.q):
            found.append(NEW_QDQ)
        if any(
            u.node.op == "Gemm" and not isinstance((self.view.shape(u.node.inputs[0]) or (0,))[0], int) for u in taken
        ):
            found.append(ROWS)
        return found
