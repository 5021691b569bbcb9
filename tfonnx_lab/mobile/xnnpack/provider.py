"""What ONNX Runtime's XNNPACK provider would run of a model."""

from __future__ import annotations

import onnx

from tfonnx_lab.mobile.answer import CREATED, NodeVerdict, Pass, ProviderAnswer
from tfonnx_lab.mobile.basic import seen_by_provider
from tfonnx_lab.mobile.graph import View
from tfonnx_lab.mobile.layout.transform import OPSETS, transformed
from tfonnx_lab.mobile.partition import crossing
from tfonnx_lab.mobile.xnnpack.look import Look

READ = (
    "Rules read in the sources of ONNX Runtime 1.29; kernels equal to those that its Android library for x86-64 "
    "placed. Inferred: float16, which only ARM builds take, and whatever an ARM device's XNNPACK refuses."
)
COST = (
    "XNNPACK computes in the CPU's memory, kernel by kernel: nothing is copied. Its convolutions, pools and resizes "
    "want channels last: {before} Transposes before, {after} after the change of layout, which then write {bytes} at "
    "each run."
)
HALF = "float16 needs a CPU that computes it (ARMv8.2); elsewhere creating the kernel fails."
ROWS = (
    "Older releases compute one row only of a Gemm whose number of rows is not known (repaired in July 2026): fix "
    "the batch."
)
SHARED = "ONNX Runtime 1.27 creates no session for this model ({}, whose result others read, too); 1.28 repaired that."
SUBGRAPHS = "The provider takes nodes of subgraphs (If, Loop) as well; only the main graph is shown."
OPSET = "the provider is not used: the change of layout does not know opset {}"


def xnnpack(model: onnx.ModelProto | View) -> ProviderAnswer:
    """What the XNNPACK provider takes of a model, node by node; each of its kernels is a partition of its own.

    model: the ONNX model, or the graph that the provider sees of it (`seen_by_provider`).
    `second` is its look after the change of layout, where activations join the kernels before them: that runs.
    """
    view = model if isinstance(model, View) else seen_by_provider(model)
    if view.opsets.get("", 1) not in OPSETS:
        return _unused(view)
    first = Look(view)
    partitions = () if first.death else first.partitions()
    second = None if first.death or not partitions else _second(view, first)
    failure = first.death or (second.failure() if second else "")
    after = second.partitions() if second else ()
    return ProviderAnswer(
        provider="XNNPACK",
        setting={"release": "1.29"},
        nodes=first.verdicts(partitions),
        partitions=partitions,
        session=f"not created: {failure}" if failure else CREATED,
        second=Pass(second.verdicts(after), after) if second else None,
        notes=(READ, *_notes(first, second)),
    )


def _second(view: View, first: Look) -> Look:
    graph = transformed(view, {n.index for unit in first.taken for n in unit.nodes})
    return Look(graph.view(), frozenset(graph.assigned), first.origins)


def _unused(view: View) -> ProviderAnswer:
    reason = OPSET.format(view.opsets.get("", 1))
    rule = "every node: an opset that the layout transformer takes (onnxruntime/core/framework/graph_partitioner.cc)"
    nodes = (NodeVerdict(n.index, n.name, n.op, False, reason, rule, domain=n.domain, unit=n.index) for n in view.nodes)
    return ProviderAnswer("XNNPACK", {"release": "1.29"}, tuple(nodes), (), notes=(READ,))


def _notes(first: Look, second: Look | None) -> list[str]:
    found = []
    if second is not None:
        before, after = (_transposes(look.view) for look in (first, second))
        written = "an unknown number of bytes" if None in after else f"{sum(n or 0 for n in after):,} bytes"
        found = [COST.format(before=len(before), after=len(after), bytes=written), *second.doubts]
    inputs = [(u.node.op, u.node.inputs[0]) for u in first.taken]
    if any(first.view.dtype(name) == onnx.TensorProto.FLOAT16 for _, name in inputs):
        found.append(HALF)
    if second is not None and second.shared:
        found.append(SHARED.format(second.shared[0]))
    if any(a.type == onnx.AttributeProto.GRAPH for n in first.view.nodes if n.proto for a in n.proto.attribute):
        found.append(SUBGRAPHS)
    if any(op == "Gemm" and not isinstance((first.view.shape(name) or (0,))[0], int) for op, name in inputs):
        found.append(ROWS)
    return found


def _transposes(view: View) -> list[int | None]:
    """Bytes that each Transpose writes."""
    return [crossing(view, n.outputs[0]).nbytes for n in view.nodes if n.op == "Transpose"]
