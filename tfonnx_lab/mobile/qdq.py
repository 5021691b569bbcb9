"""Which DequantizeLinear and QuantizeLinear nodes ONNX Runtime takes together with the node between them.

Source: onnxruntime/core/optimizer/qdq_transformer/selectors_actions/qdq_selectors.cc (what each selector asks) and
shared/utils.cc (which op has which selector); core/framework/node_unit.cc (what makes a group invalid). Providers build
groups with the defaults: 16-bit codes and int8 are allowed. As in ONNX Runtime 1.29: older releases take any bias scale of
a convolution and any mode of Resize.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from onnx import TensorProto, helper

from tfonnx_lab.mobile.graph import NHWC_DOMAIN, Node, View
from tfonnx_lab.mobile.partition import Unit

DQ, Q = "DequantizeLinear", "QuantizeLinear"
DOMAINS = ("", NHWC_DOMAIN, "com.microsoft")
NO_CLIP = frozenset("Gather GatherElements Reshape Expand Flatten Transpose MaxPool Resize Squeeze Unsqueeze Tile".split())
NO_CLIP |= {"ArgMax", "ArgMin", "Split", "TopK"}
"""Ops whose groups have no Relu or Clip before their QuantizeLinear."""


@dataclass(frozen=True)
class Candidate:
    """A node with the DequantizeLinear before it and the QuantizeLinear behind it, behind a Relu or Clip (`clip`) maybe."""

    view: View
    node: Node
    dq: tuple[Node, ...]
    q: tuple[Node, ...]
    clip: Node | None = None

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
    if node.domain not in DOMAINS or selector is None or (node.op == "MaxPool" and node.version not in (12, 22)):
        return None
    dq = tuple(e.node for e in sorted(view.input_edges[node.index], key=lambda e: e.target) if e.node.op == DQ)
    clip = _clip(view, node)
    edges = sorted(view.output_edges[(clip or node).index], key=lambda e: e.source)
    q = tuple(e.node for e in edges if e.node.op == Q)
    if clip is not None and (len(q) != 1 or node.op in NO_CLIP or not redundant(view, clip, q[0])):
        return None
    return Unit(node, dq, q, clip) if selector(Candidate(view, node, dq, q, clip)) else None


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
    if case.node.op == "Resize" and not _picks(case.node):
        return False
    return same_parameters(case.view, case.q[0], case.dq[0])


def _picks(resize: Node) -> bool:
    """Nearest values as they are; what is computed between values, or written outside of them, is no code."""
    mode, where = resize.attribute("mode", b"nearest"), resize.attribute("coordinate_transformation_mode", b"half_pixel")
    return _text(mode) == "nearest" and _text(where) != "tf_crop_and_resize"


def _text(value: str | bytes) -> str:
    return value.decode() if isinstance(value, bytes) else value


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
    """Input and result of one type; int8 input needs int8 weights; an int32 bias of the product of both scales."""
    if not complete(case) or case.code_in(0) != case.code_out():
        return False
    if case.code_in(0) == TensorProto.INT8 and case.code_in(1) != TensorProto.INT8:
        return False
    return len(case.dq) < 3 or (case.code_in(2) == TensorProto.INT32 and _bias_scale(case) and _bias_zero(case))


def _bias_scale(case: Candidate) -> bool:
    """The bias's scale is that of the input times that of the weights, within one percent (CheckConvBiasScale)."""
    scales = [case.view.constant(d.inputs[1]) for d in case.dq]
    if any(s is None or s.dtype != np.float32 or s.size == 0 for s in scales):
        return False
    x, w, b = (np.ravel(s) for s in scales if s is not None)
    if scales[0] is not None and scales[0].shape not in ((), (1,)):
        return False
    if w.size != 1 and b.size != 1 and w.size != b.size:
        return False
    with np.errstate(all="ignore"):
        expected = x[0] * w
        near = np.abs(b - expected) <= np.float32(1e-6) + np.float32(1e-2) * np.abs(expected)
    return bool(np.isfinite(x[0]) and np.isfinite(w).all() and np.isfinite(b).all() and np.all(near))


def _bias_zero(case: Candidate) -> bool:
    """The bias has no zero point, or one of 0 (CheckConvBiasZeroPoint)."""
    names = case.dq[2].inputs
    if len(names) < 3 or not names[2]:
        return True
    zero = case.view.constant(names[2])
    return zero is not None and zero.dtype == np.int32 and zero.size > 0 and not zero.any()


def matmul(case: Candidate) -> bool:
    """Two DequantizeLinear, a QuantizeLinear of the input's type."""
    if len(case.dq) != 2:
        return False
    if case.code_in(0) == TensorProto.INT8 and case.code_in(1) != TensorProto.INT8:
        return False
    return bool(case.q) and complete(case) and case.code_in(0) == case.code_out()


def gemm(case: Candidate) -> bool:
    """As Conv, without QuantizeLinear too; zero points given; parameters as QGemm takes them; a bias needs alpha, beta 1."""
    if not complete(case, None, without_q=True) or not _gemm_parameters(case):
        return False
    if case.code_in(0) == TensorProto.INT8 and case.code_in(1) != TensorProto.INT8:
        return False
    if case.q and case.code_in(0) != case.code_out():
        return False
    if len(case.dq) < 3:
        return True
    plain = case.node.attribute("alpha", 1.0) == 1.0 and case.node.attribute("beta", 1.0) == 1.0
    return plain and case.code_in(2) == TensorProto.INT32


def _gemm_parameters(case: Candidate) -> bool:
    """Scales and zero points: of A and Y one, of B one or one a column, alike."""
    view = case.view
    a, b = case.dq[0].inputs, case.dq[1].inputs
    if len(a) < 3 or not a[2] or len(b) < 3 or not b[2]:
        return False
    weight = view.shape(b[0])
    columns: int | str | None = None
    if weight is not None and len(weight) == 2:
        columns = weight[0 if case.node.attribute("transB", 0) else 1]
    ones = [*a[1:3], *(n for q in case.q for n in q.inputs[1:3])]
    if not all(_one_or(view, n, None) for n in ones) or not all(_one_or(view, n, columns) for n in b[1:3]):
        return False
    return view.shape(b[1]) == view.shape(b[2])


def _one_or(view: View, name: str, count: int | str | None) -> bool:
    """A scalar, or one dimension of 1 or of `count`."""
    shape = view.shape(name) if name else ()
    if shape is None or len(shape) > 1:
        return False
    return not shape or (isinstance(shape[0], int) and shape[0] in (1, count))


def where(case: Candidate) -> bool:
    """Both branches dequantized, codes of one type."""
    return complete(case, 2) and case.code_in(0) == case.code_in(1) == case.code_out()


def clip(case: Candidate) -> bool:
    """The data dequantized, the limits too or not, codes of one type."""
    count = len(case.dq)
    return 1 <= count <= 3 and complete(case, count) and case.code_in(0) == case.code_out()


def any_result(case: Candidate) -> bool:
    """Every input dequantized; a result's codes are of the first one's type, where it is quantized (Einsum, Reciprocal)."""
    if not complete(case, None, without_q=True):
        return False
    return not case.q or case.code_in(0) == case.code_out()


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
    """Three inputs at least, input and result of one type; int8 input needs an int8 scale."""
    if not 3 <= len(case.dq) <= 5 or not complete(case, len(case.dq)) or not case.q or case.code_in(0) != case.code_out():
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
        (drop_qdq, "Gather GatherElements Reshape Expand Flatten Transpose MaxPool Resize Squeeze Unsqueeze Tile"),
        (drop_dq, "ArgMax ArgMin"),
        (
            unary,
            "AveragePool GlobalAveragePool GlobalMaxPool LeakyRelu ReduceMean ReduceMin ReduceMax ReduceProd ReduceSum "
            "Relu Gelu Elu HardSigmoid HardSwish Sigmoid Slice LogSoftmax Softmax Sqrt Atan Asin Sin Cos Sign Tanh Exp Log LRN Ceil "
            "Floor Round Abs Neg DepthToSpace SpaceToDepth LpNormalization CumSum",
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
        (clip, "Clip"),
        (any_result, "Einsum Reciprocal"),
        (norm, "RMSNormalization"),
        (where, "Where ScatterElements"),
        (pad, "Pad"),
        (top_k, "TopK"),
    )
    return {op: selector for selector, ops in rows for op in ops.split()}


SELECTORS = _table()
"""Op => its selector."""
