"""What NNAPI would run of a model, what falls back to the CPU, and whether a session is created at all."""

from __future__ import annotations

from dataclasses import replace

import onnx

from tfonnx_lab.mobile.answer import CREATED, NodeVerdict, Partition, Pass, ProviderAnswer
from tfonnx_lab.mobile.basic import cpu_error, seen_by_provider
from tfonnx_lab.mobile.graph import Node, View
from tfonnx_lab.mobile.layout.transform import OPSETS, transformed
from tfonnx_lab.mobile.nnapi.builders import DIED
from tfonnx_lab.mobile.nnapi.capability import Capability, Verdict, capability
from tfonnx_lab.mobile.nnapi.case import Setting
from tfonnx_lab.mobile.nnapi.checks_weights import ENDS_PROCESS
from tfonnx_lab.mobile.nnapi.quantized import NO_PARAMETERS
from tfonnx_lab.mobile.nnapi.session import as_on_android, compiled, cpu_refuses, lost_layout
from tfonnx_lab.mobile.partition import Unit, partition_of

LEVELS = range(27, 32)


def nnapi(model: onnx.ModelProto, level: int = 31, nchw: bool = False, optimize: bool = True) -> ProviderAnswer:
    """What ONNX Runtime's NNAPI provider answers about a model.

    level: the device's NNAPI feature level, 27 (Android 8.1) to 31 (Android 12); a device's driver may refuse more.
    nchw: the provider's flag USE_NCHW; without it the provider asks for channels last and looks a second time.
    optimize: whether ONNX Runtime's basic optimizations run first, as they do by default.
    Raises: ValueError for another level.
    Source: ONNX Runtime 1.27 to 1.29, core/providers/nnapi; compared with the provider of 1.29.0.
    """
    if level not in LEVELS:
        raise ValueError(f"NNAPI's feature level {level} is none of 27 to 31 (Android 8.1 to 12)")
    setting = Setting(level, nchw)
    view = seen_by_provider(model, optimize)
    shown = {"level": level, "nchw": nchw}
    opset = view.opsets.get("", 0)
    if not nchw and opset not in OPSETS:
        return _without_layout(model, view, shown, opset)
    looked = capability(view, setting)
    first = _seen(view, looked)
    stopped = _ends(looked)
    if stopped is not None:
        nodes = tuple(replace(n, partition=None) for n in first.nodes)
        return ProviderAnswer("NNAPI", shown, nodes, (), stopped, None, _notes(stopped))
    if nchw or not first.partitions:
        session = _session(model, view, looked, setting, 0)
        return ProviderAnswer("NNAPI", shown, first.nodes, first.partitions, session, None, _notes(session))
    taken = [i for p in first.partitions for i in p.nodes]
    graph = transformed(view, taken)
    start = max((n.index for n in view.nodes), default=-1) + 1
    after = graph.view()
    found = capability(after, setting)
    session = _ends(found) or _session(model, after, found, setting, start)
    return ProviderAnswer("NNAPI", shown, first.nodes, first.partitions, session, _seen(after, found), _notes(session))


def _without_layout(model: onnx.ModelProto, view: View, shown: dict[str, int | bool], opset: int) -> ProviderAnswer:
    why = (
        f"NNAPI cannot be used with this model: its opset {opset} is not supported by the layout transformer "
        f"({OPSETS.start} to {OPSETS.stop - 1})"
    )
    verdict = Verdict(False, why, "opset of the model (graph_partitioner.cc)", "convert the model to another opset")
    units = {n.index: Unit(n) for n in view.nodes}
    nodes = tuple(_verdict(n, units[n.index], verdict, None) for n in view.nodes)
    error = cpu_error(model)
    return ProviderAnswer("NNAPI", shown, nodes, (), CREATED if error is None else as_on_android(error))


def _seen(view: View, found: Capability) -> Pass:
    """One look of the provider, node by node in the graph's order."""
    partitions: list[Partition] = [partition_of(view, i, g) for i, g in enumerate(found.groups)]
    where = {n: p.index for p in partitions for n in p.nodes}
    nodes = [
        _verdict(n, found.units[n.index], found.verdicts[found.units[n.index].node.index], where.get(n.index))
        for n in view.nodes
    ]
    return Pass(tuple(nodes), tuple(partitions))


def _verdict(node: Node, unit: Unit, verdict: Verdict, partition: int | None) -> NodeVerdict:
    return NodeVerdict(
        index=node.index,
        name=node.name,
        op=node.op,
        supported=verdict.supported,
        reason=verdict.reason,
        rule=verdict.rule,
        partition=partition,
        advice=verdict.advice,
        domain=node.domain,
        unit=unit.node.index,
        origin=node.origin,
    )


def _ends(found: Capability) -> str | None:
    """What becomes of the session where the provider's check itself does not come back; None where it does."""
    for verdict in found.verdicts.values():
        if verdict.reason.startswith(ENDS_PROCESS):
            return DIED
        if verdict.reason.startswith(NO_PARAMETERS):
            return verdict.reason
    return None


def _session(model: onnx.ModelProto, view: View, found: Capability, setting: Setting, start: int) -> str:
    error = cpu_error(model)
    if error is not None and "invalid model" in error:
        return as_on_android(error)
    lost = lost_layout(view.nodes, start, found.groups)
    if lost is not None:
        return lost
    session = compiled(view, found.units, found.groups, setting)
    if session != CREATED or error is None:
        return session
    taken = {n.index for g in found.groups for n in g}
    return cpu_refuses(view, [n for n in view.nodes if n.index not in taken]) or CREATED


def _notes(session: str) -> tuple[str, ...]:
    if session == CREATED:
        return ()
    if session == DIED:
        return (
            "Creating the session ends the process. Split with a `split` input from opset 18 on: the builder divides "
            "by the absent attribute num_outputs (split_op_builder.cc, on x86; write equal parts with num_outputs). "
            "Resize with an empty tensor for scales: the check reads behind its end (resize_op_builder.cc; leave the "
            "input out).",
        )
    return (
        "The support check passes, and creating the session fails: nothing of the model runs, not even on the CPU.",
    )
