"""What NNAPI's provider takes of a graph: the verdict on each unit, then the partitions.

Source: onnxruntime/core/providers/nnapi/nnapi_builtin/nnapi_execution_provider.cc (GetCapability),
builders/impl/base_op_builder.cc (IsOpSupported: the order of the questions), builders/helper.cc
(IsNodeSupportedInGroup, IsValidSupportedNodeGroup) and core/providers/partitioning_utils.cc (CreateExcludedNodeSet).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from onnx import TensorProto

from tfonnx_lab.mobile import qdq
from tfonnx_lab.mobile.graph import Node, View
from tfonnx_lab.mobile.nnapi.case import Case, Setting
from tfonnx_lab.mobile.nnapi.checks import first_line
from tfonnx_lab.mobile.nnapi.table import BY_OP, FOLDER, MAX_OPSET, PLAIN_CODES, STOP_OPS, TRIVIAL, Row
from tfonnx_lab.mobile.partition import Unit, boundary, node_groups

BASE = "base_op_builder.cc"
RELEASE = 29
"""The release of ONNX Runtime (1.29) whose QDQ groups are taken."""


@dataclass(frozen=True)
class Verdict:
    """Whether a unit is taken; why not; which rule decided, as "Op: rule (file)"; what would help."""

    supported: bool
    reason: str = ""
    rule: str = ""
    advice: str = ""


@dataclass(frozen=True)
class Capability:
    """The provider's answer to one look at a graph.

    units: by node index.
    verdicts: by the index of a unit's central node, in the order of the walk.
    groups: nodes of each partition.
    order: indexes of the central nodes in the order they were asked.
    """

    units: dict[int, Unit]
    verdicts: dict[int, Verdict]
    groups: list[list[Node]]
    order: list[int]


def capability(view: View, setting: Setting) -> Capability:
    """Ask NNAPI's rules about a graph."""
    if setting.level < 27:
        return Capability({n.index: Unit(n) for n in view.nodes}, {}, [], [])
    units = qdq.units(view, RELEASE)
    excluded = excluded_nodes(view)
    verdicts: dict[int, Verdict] = {}
    order: list[int] = []
    made: set[str] = set()

    def supported(node: Node) -> bool:
        unit = units[node.index]
        if node.index not in verdicts:
            order.append(node.index)
            verdicts[node.index] = (
                _stopped(node) if node.index in excluded else judge_in_group(Case(view, unit, setting), made)
            )
        if verdicts[node.index].supported:
            made.update(o for o in node.outputs if o)
        return verdicts[node.index].supported

    def keep(group: Sequence[Node]) -> bool:
        made.clear()
        return not (len(group) == 1 and group[0].op in TRIVIAL)

    groups = node_groups(view, supported, keep, units)
    return Capability(units, verdicts, [g for g in groups if not _all_constant(view, g)], order)


def excluded_nodes(view: View) -> set[int]:
    """Stop ops and all that reads their results, directly or not."""
    found: set[int] = set()
    stack = [n for n in view.nodes if n.op in STOP_OPS]
    while stack:
        node = stack.pop()
        if node.index not in found:
            found.add(node.index)
            stack += [e.node for e in view.output_edges[node.index]]
    return found


def _stopped(node: Node) -> Verdict:
    stop = ", ".join(sorted(STOP_OPS))
    why = (
        f"the provider stops at {stop}"
        if node.op in STOP_OPS
        else f"[{node.op}] is behind {stop}: the provider stops there"
    )
    return Verdict(False, why, f"{node.op}: nothing from {stop} on (nnapi_execution_provider.cc)")


def _all_constant(view: View, group: Sequence[Node]) -> bool:
    """A partition that reads constants only is dropped."""
    inputs, _ = boundary(view, group)
    return all(i in view.initializers and i not in view.overridable for i in inputs)


def judge_in_group(case: Case, made: set[str]) -> Verdict:
    """The verdict on a unit, where `made` are the values made so far in the partition."""
    verdict = judge(case)
    node = case.unit.node
    plain = not case.unit.is_group and node.op in PLAIN_CODES
    if not verdict.supported or not plain or case.view.dtype(node.inputs[0]) != TensorProto.UINT8:
        return verdict
    for name in node.inputs if node.op == "Concat" else node.inputs[:1]:
        if name not in made:
            reason = (
                f"Node [{node.name}] type: [{node.op}] has input [{name}] does not support using graph "
                "input(quantized) as node input"
            )
            rule = f"{node.op}: uint8 only inside of a partition (helper.cc)"
            return Verdict(False, reason, rule, "put it between DequantizeLinear and QuantizeLinear")
    return verdict


def judge(case: Case) -> Verdict:
    """The verdict of the op's row: level, group, shapes, types, constants outside, opset, the op's own rules."""
    row = BY_OP.get(case.op)
    if row is None:
        why = f"[{case.op}] has no builder in the provider"
        return Verdict(False, why, f"{case.op}: not in the table (op_builder_factory.cc)", "")
    for reason, rule in (
        (_level(case, row), "feature level"),
        (_group(case, row), "QDQ groups"),
        (_shapes(case), "static shapes"),
    ):
        if reason:
            return _refused(case, reason, rule, BASE if rule != "feature level" else row.source, row)
    reason = row.types(case)
    if reason:
        return _refused(case, reason, first_line(row.types), row.source, row)
    for reason, rule in ((_external(case), "data in the file"), (_opset(case, row), "opset")):
        if reason:
            return _refused(case, reason, rule, BASE, row)
    for check in row.checks:
        reason = check(case)
        if reason:
            return _refused(case, reason, first_line(check), row.source, row)
    return Verdict(True, "", f"{case.op}: all rules hold ({FOLDER}/{row.source})")


def _refused(case: Case, reason: str, rule: str, source: str, row: Row) -> Verdict:
    return Verdict(False, reason, f"{case.op}: {rule} ({FOLDER}/{source})", _advice(case, rule, row))


def _advice(case: Case, rule: str, row: Row) -> str:
    if rule == "static shapes":
        return "give every input a fixed shape (fix the batch)"
    if rule == "feature level":
        return f"a device of feature level {_needed(case, row)}"
    if rule == "QDQ groups":
        return "leave this op in float: no DequantizeLinear and QuantizeLinear around it"
    return row.advice


def _needed(case: Case, row: Row) -> int:
    if row.nchw_level is not None and case.setting.nchw:
        return row.nchw_level
    if row.uint8_level is not None and case.dtype(0) == TensorProto.UINT8:
        return row.uint8_level
    return row.lowest(case.op)


def _level(case: Case, row: Row) -> str | None:
    needed = _needed(case, row)
    if needed <= case.setting.level:
        return None
    return f"Current Android API level [{case.setting.level}], Operator [{case.op}] is only supported on API >{needed}"


def _group(case: Case, row: Row) -> str | None:
    if case.unit.is_group and case.op not in row.qdq:
        return f"QDQ NodeUnit [{case.op}] is not supported for now"
    return None


def _shapes(case: Case) -> str | None:
    """Every input that is given, every scale and zero point, has a known static shape."""
    for slot in case.inputs:
        names = [slot.name] if slot.name else []
        if slot.quant is not None:
            names += [slot.quant.scale] + ([] if slot.quant.zero is None else [slot.quant.zero])
        for name in names:
            shape = case.view.shape(name)
            if shape is None:
                return f"Node [{case.unit.node.name}] type [{case.op}] Input [{name}] has no shape"
            if not all(isinstance(d, int) for d in shape):
                return f"Dynamic shape is not supported for now, for input:{name}"
    return None


def _external(case: Case) -> str | None:
    for slot in case.inputs:
        names = [slot.name] + ([slot.quant.scale, slot.quant.zero or ""] if slot.quant else [])
        for name in names:
            tensor = case.view.initializers.get(name)
            if tensor is not None and tensor.data_location == TensorProto.EXTERNAL:
                return f"Initializer [{name}] with external data location are not currently supported"
    return None


def _opset(case: Case, row: Row) -> str | None:
    oldest = row.oldest(case.op)
    if oldest <= case.version <= MAX_OPSET:
        return None
    return f"{case.op} opset [{case.version}] is only supported for opset [{oldest}, {MAX_OPSET}]"
