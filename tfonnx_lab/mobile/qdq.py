"""Which DequantizeLinear and QuantizeLinear nodes ONNX Runtime takes together with the node between them.

Source: onnxruntime/core/optimizer/qdq_transformer/selectors_actions/shared/utils.cc (GetQDQSelections, GetAllNodeUnits)
and qdq_selectors.cc (GetQDQSelection). Up to 1.27 any bias scale of a convolution, any mode of Resize and any
parameters of a Gemm made a group.
"""

from __future__ import annotations

import numpy as np
from onnx import TensorProto, helper

from tfonnx_lab.mobile.graph import NHWC_DOMAIN, Node, View
from tfonnx_lab.mobile.partition import Unit
from tfonnx_lab.mobile.qdq_candidate import DQ, Candidate, Q
from tfonnx_lab.mobile.qdq_selectors import NO_CLIP, SELECTORS

DOMAINS = ("", NHWC_DOMAIN, "com.microsoft")


def units(view: View, release: int = 27) -> dict[int, Unit]:
    """The unit of every node, by the node's index: QDQ groups, the rest alone.

    release: of ONNX Runtime, 1.27 as 27.
    """
    found: dict[int, Unit] = {}
    for node in view.nodes:
        unit = _group(view, node, release)
        if unit is not None:
            for member in unit.nodes:
                found.setdefault(member.index, unit)
    for node in view.nodes:
        found.setdefault(node.index, Unit(node))
    return found


def _group(view: View, node: Node, release: int) -> Unit | None:
    selector = SELECTORS.get(node.op)
    if node.domain not in DOMAINS or selector is None or (node.op == "MaxPool" and node.version not in (12, 22)):
        return None
    dq = tuple(e.node for e in sorted(view.input_edges[node.index], key=lambda e: e.target) if e.node.op == DQ)
    clip = _clip(view, node)
    edges = sorted(view.output_edges[(clip or node).index], key=lambda e: e.source)
    q = tuple(e.node for e in edges if e.node.op == Q)
    if clip is not None and (len(q) != 1 or node.op in NO_CLIP or not redundant(view, clip, q[0])):
        return None
    return Unit(node, dq, q, clip) if selector(Candidate(view, node, dq, q, clip, release)) else None


def _clip(view: View, node: Node) -> Node | None:
    """The Relu or Clip that is all that reads a node, where one node reads it in turn."""
    edges = view.output_edges[node.index]
    if len(edges) != 1:
        return None
    below = edges[0].node
    single = len(view.output_edges[below.index]) == 1 and not view.makes_output(below)
    return below if below.op in ("Relu", "Clip") and single else None


def redundant(view: View, clip: Node, q: Node) -> bool:
    """Whether the codes cannot leave a Relu's or Clip's range anyway (IsClipMadeRedundantByQ)."""
    scale = view.constant(q.inputs[1])
    zero = view.constant(q.inputs[2]) if len(q.inputs) == 3 and q.inputs[2] else np.zeros((), _default_codes(q))
    if scale is None or zero is None or scale.ndim or zero.ndim or scale.dtype != np.float32:
        return False
    if zero.dtype not in (np.uint8, np.int8, np.uint16, np.int16):
        return False
    limits = np.iinfo(zero.dtype)
    if clip.op == "Relu":
        return int(zero) == limits.min
    bounds = _bounds(view, clip)
    if bounds is None:
        return False
    low, high = (int(np.rint(np.float32(b) / scale)) + int(zero) for b in bounds)
    return low <= limits.min and high >= limits.max


def _default_codes(q: Node) -> np.dtype:
    return helper.tensor_dtype_to_np_dtype(q.attribute("output_dtype", 0) or TensorProto.UINT8)


def _bounds(view: View, clip: Node) -> tuple[float, float] | None:
    """A Clip's constant range (optimizer_utils::GetClipConstantMinMax)."""
    limits = np.finfo(np.float32)
    found = [float(limits.min), float(limits.max)]
    for i, name in enumerate(("min", "max")):
        if clip.version < 11:
            found[i] = float(clip.attribute(name, found[i]))
        elif len(clip.inputs) > i + 1 and clip.inputs[i + 1]:
            value = view.constant(clip.inputs[i + 1])
            if value is None:
                return None
            found[i] = float(np.ravel(value)[0])
    return found[0], found[1]
