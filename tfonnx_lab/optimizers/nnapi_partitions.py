"""For NNAPI: what depends on how ONNX Runtime parts the graph between its provider and the CPU."""

from __future__ import annotations

from collections.abc import Iterable

import onnx_ir as ir

from tfonnx_lab.graph import OpBuilder, is_onnx, static_shape
from tfonnx_lab.optimizers.nnapi_codes import ALONE, GROUPED, UINT8, apart, parameters
from tfonnx_lab.optimizers.nnapi_ops import FLOAT, IN_FLOAT, OPERANDS
from tfonnx_lab.rules import optimizer

TAKEN = frozenset((
    *ALONE, *GROUPED, *IN_FLOAT, *OPERANDS, "Cast", "Conv", "DequantizeLinear", "Flatten", "Gemm", "Identity", "MatMul",
    "MaxPool", "QuantizeLinear", "Squeeze", "Unsqueeze",
))  # fmt: skip
"""Ops that NNAPI takes, of float32 or uint8."""


@optimizer(phase="partition")
def concat_across_partitions(op: OpBuilder) -> bool | None:
    """QuantizeLinear(Concat(DequantizeLinear ...)), its inputs made before a part on the CPU and behind it => in float.

    Into a partition NNAPI's provider takes codes only as the first input of a group: it has no scale for others.
    """
    if op.options.target != "nnapi":
        return None
    waves = _waves(op.editor.graph)
    found = 0
    for node in list(op.editor.graph):
        first = None if not is_onnx(node, "Concat") or node.inputs[0] is None else node.inputs[0].producer()
        if first is None or not is_onnx(first, "DequantizeLinear") or not _enters(node, waves):
            continue
        codes = parameters(first)
        if codes is not None:
            made = apart(op, first.outputs[0], codes)
            for added in op.tape:
                op.editor.insert(added, before=node)
            op.tape.clear()
            op.editor.set_input(node, 0, made)
            found += 1
    op.note(f"{found} Concat")
    return True if found else None


def _enters(node: ir.Node, waves: dict[ir.Node, int]) -> bool:
    """Whether an input but the first is made in another partition, or given by the caller."""
    for real in node.inputs[1:]:
        dequantize = None if real is None else real.producer()
        codes = None if dequantize is None else dequantize.inputs[0]
        if codes is None or codes.const_value is not None:
            continue
        maker = codes.producer()
        if maker is None or not _taken(maker) or waves[maker] != waves[node]:
            return True
    return False


def _waves(nodes: Iterable[ir.Node]) -> dict[ir.Node, int]:
    """In which partition each node is, or before which, as ONNX Runtime walks the graph
    (core/providers/partitioning_utils.cc).

    A node that is taken is in the latest partition of its inputs; what is not taken, and reads from a partition, begins
    the next.
    """
    waves: dict[ir.Node, int] = {}
    for node in nodes:
        before = 0
        for maker in (x.producer() for x in node.inputs if x is not None):
            if maker in waves:
                before = max(before, waves[maker] + (_taken(maker) and not _taken(node)))
        waves[node] = before
    return waves


def _taken(node: ir.Node) -> bool:
    values = [node.inputs[0] if node.inputs else None, *node.outputs]
    kinds = (FLOAT, UINT8)
    return is_onnx(node, *TAKEN) and all(
        v is not None and v.dtype in kinds and static_shape(v) is not None for v in values
    )
