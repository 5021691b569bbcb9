"""What a step of the ORT format's stage is called: the rule that it is a case of."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from tfonnx_lab.mobile.ort_nodes import OrtNode
from tfonnx_lab.runtime.groups import INTEGER
from tfonnx_lab.trace.records import Record

LAYOUT = ("Transpose", "ReorderInput", "ReorderOutput")
"""Ops that only change the layout of a tensor."""


def origin_of(nodes: Sequence[Record]) -> list[int]:
    """The places of the TFLite ops that the nodes come from."""
    return [p for n in nodes for p in n["origin"]]


def counted(nodes: Sequence[Record], most: int = 6) -> str:
    """ "2 DequantizeLinear + Conv"."""
    counts = Counter(n["op"] for n in nodes)
    parts = [op if n == 1 else f"{n} {op}" for op, n in counts.items()]
    return " + ".join(parts[:most]) + (" ..." if len(parts) > most else "") or "nothing"


def rule_of_new(node: OrtNode, gone: Sequence[Record], layout: Sequence[OrtNode]) -> tuple[str, str]:
    """Name and doc of the rule that a replacement is a case of."""
    ops = list(dict.fromkeys(n["op"] for n in gone))
    moved = list(dict.fromkeys(n.op for n in layout if n is not node))
    doc = f"{' + '.join(ops) or 'nothing'} => {', '.join([*moved, node.op])}."
    if moved or node.domain == "com.microsoft.nchwc" or (node.op in LAYOUT and node.op not in ops):
        return "change_layout", doc
    if ops == [node.op]:
        return "rearrange", f"{node.op} => {node.op}, with other inputs or attributes."
    if node.op in ops:
        return "rearrange", doc
    return (f"fuse_{node.op}" if len(gone) > 1 or INTEGER.search(node.op) else f"replace_by_{node.op}"), doc


def rule_of_kept(node: OrtNode, gone: Sequence[Record], new: Sequence[str]) -> tuple[str, str]:
    """Name and doc of the rule for a node that stays and reads something else."""
    if any(op in LAYOUT for op in new):
        return "change_layout", f"{node.op}(x) => {node.op}({', '.join(dict.fromkeys(new))}(x))."
    if gone:
        return "take_away", f"{node.op}({counted(gone)}(x)) => {node.op}(x)."
    return "rearrange", f"{node.op}(x) => {node.op}({', '.join(dict.fromkeys(new)) or 'another value'})."
