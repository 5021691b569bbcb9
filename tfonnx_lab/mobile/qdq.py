"""Which DequantizeLinear and QuantizeLinear nodes ONNX Runtime takes together with the node between them.

Source: onnxruntime/core/optimizer/qdq_transformer/selectors_actions/qdq_selectors.cc (what each selector asks) and
shared/utils.cc (which op has which selector); core/framework/node_unit.cc (what makes a group invalid). Providers build
groups with the defaults: 16-bit codes, int8 and MatMul without QuantizeLinear are allowed.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from onnx import TensorProto

from tfonnx_lab.mobile.graph import NHWC_DOMAIN, Node, View
from tfonnx_lab.mobile.partition import Unit

DQ, Q = "DequantizeLinear", "QuantizeLinear"
DOMAINS = ("", NHWC_DOMAIN, "com.microsoft")


@dataclass(frozen=True)
class Candidate:
    """A node with the DequantizeLinear before it and the QuantizeLinear behind it."""

    view: View
    node: Node
    dq: tuple[Node, ...]
    q: tuple[Node, ...]

    def code_in(self, i: int) -> int:
        """The element type that the i-th DequantizeLinear reads."""
        return self.view.dtype(self.dq[i].inputs[0])

    def code_out(self, i: int = 0) -> int:
        """The element type that the i-th QuantizeLinear makes."""
        return self.view.dtype(self.q[i].outputs[0])


def units(view: View) -> dict[int, Unit]:
    """The unit of every node, by the node's index: QDQ groups, the rest alone."""
    found: dict[int, Unit] = {}
    for node in view.nodes:
        unit = _group(view, node)
        if unit is not None:
            for member in unit.nodes:
                found.setdefault(member.index, unit)
    for node in view.nodes:
        found.setdefault(node.index, Unit(node))
    return found


def _group(view: View, node: Node) -> Unit | None:
    selector = SELECTORS.get(node.op)
    if node.domain not in DOMAINS or selector is None or (node.op == "MaxPool" and node.version != 12):
        return None
    dq = tuple(e.node for e in sorted(view.input_edges[node.index], key=lambda e: e.target) if e.node.op == DQ)
    by_output = {e.source: e.node for e in view.output_edges[node.index] if e.node.op == Q}
    q = tuple(by_output[i] for i in sorted(by_output))
    case = Candidate(view, node, dq, q)
    return Unit(node, dq, q) if selector(case) else None


def valid(case: Candidate) -> bool:
    """Each DequantizeLinear feeds this node only; no result goes both to QuantizeLinear and elsewhere."""
    view, node = case.view, case.node
    for dq in case.dq:
        edges = view.output_edges[dq.index]
        if view.makes_output(dq) or len(edges) != 1 or edges[0].node is not node:
            return False
    if not case.q:
        return True
    kinds: dict[int, set[bool]] = {}
    for edge in view.output_edges[node.index]:
        kinds.setdefault(edge.source, set()).add(edge.node.op == Q)
    return all(len(k) == 1 for k in kinds.values()) and not any(
        True in k and node.outputs[i] in view.outputs for i, k in kinds.items()
    )


def complete(case: Candidate, inputs: int | None = None, without_q: bool = False) -> bool:
    """All inputs (or that many) are dequantized, all results quantized once and used by nothing else (CheckQDQNodes)."""
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
    values = [view.constant(n) if _is_scalar(view, n) else None for n in names]
    if any(v is None for v in values):
        return False
    q_scale, q_zero, dq_scale, dq_zero = values
    assert q_scale is not None and q_zero is not None and dq_scale is not None and dq_zero is not None
    if q_zero.dtype != dq_zero.dtype or q_zero.tobytes() != dq_zero.tobytes():
        return False
    return bool(np.ravel(q_scale)[0] == np.ravel(dq_scale)[0])


def _matched(node: Node) -> bool:
    return (node.domain == "" and node.version in (10, 13, 19, 21, 23, 24, 25)) or node.domain == "com.microsoft"


def _is_scalar(view: View, name: str) -> bool:
    """Rank 0, or one element of rank 1 (optimizer_utils::IsScalar)."""
    shape = view.shape(name)
    return shape is not None and (not shape or shape == (1,))


def drop_qdq(case: Candidate) -> bool:
    """One DequantizeLinear, one QuantizeLinear, the same type and parameters (data is only moved)."""
    if not complete(case, 1) or not case.q or case.code_in(0) != case.code_out():
        return False
    return same_parameters(case.view, case.q[0], case.dq[0])


def drop_dq(case: Candidate) -> bool:
    """One DequantizeLinear with a constant scalar scale and zero point (ArgMax, ArgMin)."""
    if len(case.dq) != 1 or not valid(case):
        return False
    inputs = case.dq[0].inputs
    return len(inputs) > 2 and all(_is_scalar(case.view, n) and case.view.constant(n) is not None for n in inputs[1:3])


def unary(case: Candidate) -> bool:
    """One DequantizeLinear, codes of one type."""
    return complete(case, 1) and case.code_in(0) == case.code_out()


def binary(case: Candidate) -> bool:
    """Two DequantizeLinear, codes of one type."""
    return complete(case) and len(case.dq) >= 2 and case.code_in(0) == case.code_in(1) == case.code_out()


def variadic(case: Candidate) -> bool:
    """Every input dequantized, codes of one type."""
    if not complete(case):
        return False
    types = {case.code_in(i) for i in range(len(case.dq))}
    return len(types) == 1 and types == {case.code_out(i) for i in range(len(case.q))}


def split(case: Candidate) -> bool:
    """One DequantizeLinear, every result quantized, codes of one type."""
    return complete(case, 1) and all(case.code_in(0) == case.code_out(i) for i in range(len(case.q)))


def conv(case: Candidate) -> bool:
    """Input and result of one type; int8 input needs int8 weights; an int32 bias."""
    if not complete(case) or case.code_in(0) != case.code_out():
        return False
    if case.code_in(0) == TensorProto.INT8 and case.code_in(1) != TensorProto.INT8:
        return False
    return len(case.dq) < 3 or case.code_in(2) == TensorProto.INT32


def matmul(case: Candidate) -> bool:
    """Two DequantizeLinear; with QuantizeLinear the result has the input's type."""
    if len(case.dq) != 2:
        return False
    if case.code_in(0) == TensorProto.INT8 and case.code_in(1) != TensorProto.INT8:
        return False
    return complete(case) and case.code_in(0) == case.code_out() if case.q else True


def gemm(case: Candidate) -> bool:
    """As Conv, without QuantizeLinear too; a bias is int32 and beta 1."""
    if not complete(case, None, without_q=True):
        return False
    if case.code_in(0) == TensorProto.INT8 and case.code_in(1) != TensorProto.INT8:
        return False
    if case.q and case.code_in(0) != case.code_out():
        return False
    if len(case.dq) < 3:
        return True
    return case.node.attribute("beta", 1.0) == 1.0 and case.code_in(2) == TensorProto.INT32


def where(case: Candidate) -> bool:
    """Both branches dequantized, codes of one type."""
    return complete(case, 2) and case.code_in(0) == case.code_in(1) == case.code_out()


def pad(case: Candidate) -> bool:
    """The data dequantized, the value too or not, codes of one type."""
    count = len(case.dq)
    if not 1 <= count <= 2 or not complete(case, count) or not case.q:
        return False
    return all(case.code_in(i) == case.code_out() for i in range(count))


def norm(case: Candidate) -> bool:
    """Input and result of one type, an int32 bias."""
    if not complete(case) or case.code_in(0) != case.code_out():
        return False
    return len(case.dq) < 3 or case.code_in(2) == TensorProto.INT32


def batch_norm(case: Candidate) -> bool:
    """Input and result of one type; int8 input needs an int8 scale."""
    if not complete(case) or case.code_in(0) != case.code_out():
        return False
    return case.code_in(0) != TensorProto.INT8 or case.code_in(1) == TensorProto.INT8


def comparison(case: Candidate) -> bool:
    """Two DequantizeLinear of one type; the result is not quantized."""
    return complete(case, None, without_q=True) and case.code_in(0) == case.code_in(1)


def top_k(case: Candidate) -> bool:
    """One DequantizeLinear, one QuantizeLinear, the same type and parameters."""
    if len(case.dq) != 1 or not valid(case) or len(case.q) != 1 or case.code_in(0) != case.code_out():
        return False
    return same_parameters(case.view, case.q[0], case.dq[0])


def _table() -> dict[str, Callable[[Candidate], bool]]:
    rows: Sequence[tuple[Callable[[Candidate], bool], str]] = (
        (drop_qdq, "Gather Reshape Expand Flatten Transpose MaxPool Resize Squeeze Unsqueeze Tile"),
        (drop_dq, "ArgMax ArgMin"),
        (
            unary,
            "AveragePool GlobalAveragePool GlobalMaxPool LeakyRelu ReduceMean ReduceMin ReduceMax ReduceProd ReduceSum "
            "Relu Gelu Elu HardSwish Sigmoid Slice LogSoftmax Softmax Sqrt Atan Asin Sin Cos Sign Tanh Exp Log LRN Ceil "
            "Floor Round Abs Neg DepthToSpace SpaceToDepth Clip",
        ),
        (binary, "Add Div Mul Pow Sub PRelu GridSample"),
        (variadic, "Concat Max Min"),
        (split, "Split"),
        (conv, "Conv ConvTranspose"),
        (matmul, "MatMul"),
        (gemm, "Gemm"),
        (norm, "InstanceNormalization LayerNormalization"),
        (batch_norm, "BatchNormalization"),
        (comparison, "Equal Greater GreaterOrEqual Less LessOrEqual"),
        (where, "Where"),
        (pad, "Pad"),
        (top_k, "TopK"),
    )
    return {op: selector for selector, ops in rows for op in ops.split()}


SELECTORS = _table()
"""Op => its selector."""
