"""The ops of a model, each with the kernel that ONNX Runtime made of it."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import onnx

from tfonnx_lab.conversion.options import Target
from tfonnx_lab.graph.origins import origins_of
from tfonnx_lab.runtime.optimize import optimized
from tfonnx_lab.runtime.selectors import ACTIVATIONS, KERNELS, MOVING, QUANTIZERS, Graph, parameters, why_float
from tfonnx_lab.texts import shortened, styled, table

INTEGER = re.compile(r"QLinear|Integer|QGemm|QAttention|QMoE|QEmbed|DynamicQuantize|MatMulNBits")
INTEGER_IN_FILE = re.compile(r"^QLinear|^QGemm$|^(MatMul|Conv)Integer|^DynamicQuantize(MatMul|LSTM)|^QAttention$")
"""Op types that compute on codes themselves, without Q/DQ around them: what tools write that quantize by operator."""

_SUFFIX = re.compile(r"(_token_\d+|_nhwc|_Nhwc.*|_transposed)+$")


@dataclass(frozen=True)
class Group:
    """One op of the model and its kernel.

    op, name: of the converted model.
    kernel: the op type that runs, empty where the op was folded or merged away.
    inputs and outputs: names of the values at its edge (the codes' where it is integer).
    quantization: the formulas of its quantized inputs and outputs.
    integer: whether it runs on integers.
    quantized: whether Q/DQ stand around it.
    reason: why it stayed float, empty where it did not.
    origin: positions of the TFLite ops.
    """

    op: str
    name: str
    kernel: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    quantization: str
    integer: bool
    quantized: bool
    reason: str
    origin: tuple[int, ...] = ()
    layer: str = ""

    @property
    def on(self) -> str:
        """What it computes on; empty for what no codes are near."""
        if self.integer or INTEGER_IN_FILE.search(self.op):
            return "integers"
        return "float island" if self.quantized else ""


class RuntimeReport:
    """All groups in graph order; prints as a table. `model`: what ONNX Runtime runs, `target`: for which machine."""

    def __init__(self, groups: Sequence[Group], model: onnx.ModelProto, target: str) -> None:
        self.groups = list(groups)
        self.model = model
        self.target = target

    @property
    def kernels(self) -> Counter[str]:
        """How often each op type is in the graph that runs."""
        return Counter(n.op_type for n in self.model.graph.node)

    @property
    def islands(self) -> list[Group]:
        """Ops that compute in float between DequantizeLinear and QuantizeLinear."""
        return [g for g in self.groups if g.quantized and not g.integer]

    @property
    def fused_share(self) -> float | None:
        """Integer groups among all that Q/DQ stand around; None where the model has none."""
        quantized = [g for g in self.groups if g.quantized]
        return sum(g.integer for g in quantized) / len(quantized) if quantized else None

    @property
    def share(self) -> str:
        """How much runs on integers, in words: of the ops between Q and DQ, or those that are integer ops in the
        file."""
        if self.fused_share is not None:
            return f"{self.fused_share:.1%} of the ops between Q and DQ on integers"
        itself = sum(bool(INTEGER_IN_FILE.search(g.op)) for g in self.groups)
        if itself:
            return f"{itself} of {len(self.groups)} ops are integer ops in the file"
        return "no op stands between Q and DQ"

    def rows(self) -> list[dict[str, Any]]:
        """The groups as plain dictionaries."""
        return [asdict(g) for g in self.groups]

    def __str__(self) -> str:
        share = self.fused_share
        counts = ", ".join(f"{n} {k}" for k, n in self.kernels.most_common())
        head = "no quantized group" if share is None else f"{share:.1%} of the quantized groups run on integers"
        lines = [f"ONNX Runtime, {self.target}: {head}", f"kernels: {counts}"]
        lines.append(f"{'op':18} {'kernel':24} {'quantization or reason':70} name")
        lines += [
            f"{g.op:18} {g.kernel or '(merged)':24} {(g.reason or g.quantization)[:70]:70} {g.name[-40:]}"
            for g in self.groups
        ]
        return "\n".join(lines)

    def __repr__(self) -> str:
        share = self.fused_share
        fused = "none quantized" if share is None else f"{share:.1%} fused"
        return f"RuntimeReport({len(self.groups)} groups, {fused}, {self.target})"

    def _repr_html_(self) -> str:
        rows = [
            (
                g.op,
                g.kernel or "(merged)",
                g.on,
                g.reason or g.quantization,
                shortened(g.name, 44),
            )
            for g in self.groups
        ]
        title = f"What ONNX Runtime makes of it ({self.target}): {self.share}"
        return styled(table(title, ("op", "kernel", "computes on", "why float, or quantization", "node"), rows))


def runtime_report(model: onnx.ModelProto, target: Target = "x86_64") -> RuntimeReport:
    """Run ONNX Runtime's optimizer on the model and tell what became of each op.

    target: see `optimized`; all but "arm64" are read as x86-64. Raises what ONNX Runtime raises where it cannot load
        the model.
    """
    after = optimized(model, target)
    graph = Graph.of(model)
    names = {plain(n.name): n for n in after.graph.node}
    made = {o: n for n in after.graph.node for o in n.output}
    groups = [_group(graph, node, names, made, target) for node in _computing(graph)]
    return RuntimeReport(groups, after, target)


def _computing(graph: Graph) -> Iterable[onnx.NodeProto]:
    """The ops apart from Q and DQ and from what only shapes are computed with."""
    for node in graph.proto.node:
        if node.op_type not in QUANTIZERS and node.op_type not in ("Constant", "Shape"):
            yield node


def _group(
    graph: Graph, node: onnx.NodeProto, names: dict[str, onnx.NodeProto], made: dict[str, onnx.NodeProto], target: str
) -> Group:
    inputs = [i for i in node.input if i and i not in graph.constants]
    dequantized = [i for i in inputs if graph.maker(i) == "DequantizeLinear"]
    results = [u for o in node.output for u in graph.users.get(o, []) if u.op_type == "QuantizeLinear"]
    codes = tuple(u.output[0] for u in results)
    kernel = names.get(plain(node.name)) or next((made[c] for c in codes if c in made), None)
    if kernel is None:
        kernel = next((made[o] for o in node.output if o in made), None)
    while kernel is not None and kernel.op_type == "ReorderOutput":
        kernel = made.get(kernel.input[0])
    kind = "" if kernel is None else kernel.op_type
    if kind in QUANTIZERS:
        kind = ""
    quantized = bool(dequantized) and bool(results) and (node.op_type in KERNELS or node.op_type not in ACTIVATIONS)
    merged = not kind and (node.op_type in ACTIVATIONS or node.op_type in MOVING)
    integer = quantized and (bool(INTEGER.search(kind)) or merged or _on_codes(kernel, made))
    reason = why_float(graph, node, target == "arm64") if quantized and not integer else ""
    return Group(
        op=node.op_type,
        name=node.name,
        kernel=kind,
        inputs=tuple(graph.makers[i].input[0] if i in dequantized else i for i in inputs),
        outputs=codes or tuple(node.output),
        quantization=parameters(graph, [*node.input, *codes]),
        integer=integer,
        quantized=quantized,
        reason=reason,
        origin=origins_of(node),
    )


def _on_codes(kernel: onnx.NodeProto | None, made: dict[str, onnx.NodeProto]) -> bool:
    """Whether an op that moves elements reads codes in the graph that runs: its DQ and Q were dropped."""
    if kernel is None or kernel.op_type.removeprefix("Nhwc") not in MOVING | {"Concat"}:
        return False
    source = made.get(kernel.input[0])
    return source is None or source.op_type != "DequantizeLinear"


def plain(name: str) -> str:
    """The name of a node without what ONNX Runtime appends when it moves it into another layout."""
    return _SUFFIX.sub("", name)
