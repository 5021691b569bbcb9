"""A node with the DequantizeLinear and QuantizeLinear around it, and what makes them a group that can stand.

Source: onnxruntime/core/framework/node_unit.cc (CanCreateNodeGroup), core/optimizer/qdq_transformer/qdq_util.cc
(IsQDQPairSupported) and selectors_actions/qdq_selectors.cc (CheckQDQNodes).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tfonnx_lab.mobile.graph import Node, View

STRICT = 28
"""The release (1.28) from which a group has to be one that the CPU computes without an error."""
DQ, Q = "DequantizeLinear", "QuantizeLinear"


@dataclass(frozen=True)
class Candidate:
    """A node with the DequantizeLinear before it and the QuantizeLinear behind it, behind a Relu or Clip (`clip`)
    maybe."""

    view: View
    node: Node
    dq: tuple[Node, ...]
    q: tuple[Node, ...]
    clip: Node | None = None
    release: int = STRICT

    def code_in(self, i: int) -> int:
        """The element type that the i-th DequantizeLinear reads."""
        return self.view.dtype(self.dq[i].inputs[0])

    def code_out(self, i: int = 0) -> int:
        """The element type that the i-th QuantizeLinear makes."""
        return self.view.dtype(self.q[i].outputs[0])


def valid(case: Candidate) -> bool:
    """Each DequantizeLinear feeds this node only; no result goes both to QuantizeLinear and elsewhere."""
    view, node = case.view, case.node
    for dq in case.dq:
        edges = view.output_edges[dq.index]
        if view.makes_output(dq) or len(edges) != 1 or edges[0].node is not node:
            return False
    if not case.q:
        return True
    if case.clip is not None:
        return not view.makes_output(node)
    kinds: dict[int, set[bool]] = {}
    for edge in view.output_edges[node.index]:
        kinds.setdefault(edge.source, set()).add(edge.node.op == Q)
    return all(len(k) == 1 for k in kinds.values()) and not any(
        True in k and node.outputs[i] in view.outputs for i, k in kinds.items()
    )


def complete(case: Candidate, inputs: int | None = None, without_q: bool = False) -> bool:
    """All inputs (or that many) are dequantized, all results quantized once and used by nothing else
    (CheckQDQNodes)."""
    wanted = sum(1 for i in case.node.inputs if i) if inputs is None else inputs
    if wanted != len(case.dq) or not valid(case):
        return False
    if not case.q:
        return without_q
    outputs = sum(1 for o in case.node.outputs if o)
    edges = len(case.view.output_edges[case.node.index])
    return outputs == len(case.q) == edges and not case.view.makes_output(case.node)


def same_parameters(view: View, q: Node, dq: Node) -> bool:
    """Constant scalar scales and zero points, equal on both sides (IsQDQPairSupported)."""
    if len(q.inputs) != 3 or len(dq.inputs) != 3 or not _matched(q) or not _matched(dq):
        return False
    names = (q.inputs[1], q.inputs[2], dq.inputs[1], dq.inputs[2])
    values = [view.constant(n) if is_scalar(view, n) else None for n in names]
    if any(v is None for v in values):
        return False
    q_scale, q_zero, dq_scale, dq_zero = values
    assert q_scale is not None and q_zero is not None and dq_scale is not None and dq_zero is not None
    if q_zero.dtype != dq_zero.dtype or q_zero.tobytes() != dq_zero.tobytes():
        return False
    return bool(np.ravel(q_scale)[0] == np.ravel(dq_scale)[0])


def _matched(node: Node) -> bool:
    return (node.domain == "" and node.version in (10, 13, 19, 21, 23, 24, 25)) or node.domain == "com.microsoft"


def is_scalar(view: View, name: str) -> bool:
    """Rank 0, or one element of rank 1 (optimizer_utils::IsScalar)."""
    shape = view.shape(name)
    return shape is not None and (not shape or shape == (1,))
