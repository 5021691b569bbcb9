"""What each QDQ selector asks, and which op has which.

Source: onnxruntime/core/optimizer/qdq_transformer/selectors_actions/qdq_selectors.cc and shared/utils.cc. The defaults
of providers hold: 16-bit codes and int8 are allowed.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from onnx import TensorProto

from tfonnx_lab.mobile.graph import Node
from tfonnx_lab.mobile.qdq_candidate import STRICT, Candidate, complete, is_scalar, same_parameters, valid
from tfonnx_lab.mobile.qdq_weights import conv, gemm, matmul

MOVES = "Gather GatherElements Reshape Expand Flatten Transpose MaxPool Resize Squeeze Unsqueeze Tile"
NO_CLIP = frozenset(f"{MOVES} ArgMax ArgMin Split TopK".split())
"""Ops whose groups have no Relu or Clip before their QuantizeLinear."""


def drop_qdq(case: Candidate) -> bool:
    """One DequantizeLinear, one QuantizeLinear, the same type and parameters (data is only moved)."""
    if not complete(case, 1) or not case.q or case.code_in(0) != case.code_out():
        return False
    if case.node.op == "Resize" and case.release >= STRICT and not _picks(case.node):
        return False
    return same_parameters(case.view, case.q[0], case.dq[0])


def _picks(resize: Node) -> bool:
    """Nearest values as they are; what is computed between values, or written outside of them, is no code."""
    mode, where = (
        resize.attribute("mode", b"nearest"),
        resize.attribute("coordinate_transformation_mode", b"half_pixel"),
    )
    return _text(mode) == "nearest" and _text(where) != "tf_crop_and_resize"


def _text(value: str | bytes) -> str:
    return value.decode() if isinstance(value, bytes) else value


def drop_dq(case: Candidate) -> bool:
    """One DequantizeLinear with a constant scalar scale and zero point (ArgMax, ArgMin)."""
    if len(case.dq) != 1 or not valid(case):
        return False
    inputs = case.dq[0].inputs
    return len(inputs) > 2 and all(is_scalar(case.view, n) and case.view.constant(n) is not None for n in inputs[1:3])


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


def where(case: Candidate) -> bool:
    """Both branches dequantized, codes of one type."""
    return complete(case, 2) and case.code_in(0) == case.code_in(1) == case.code_out()


def clip(case: Candidate) -> bool:
    """The data dequantized, the limits too or not, codes of one type."""
    count = len(case.dq)
    return 1 <= count <= 3 and complete(case, count) and case.code_in(0) == case.code_out()


def any_result(case: Candidate) -> bool:
    """Every input dequantized; a result's codes are of the first one's type, where it is quantized (Einsum,
    Reciprocal)."""
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
    if (
        not 3 <= len(case.dq) <= 5
        or not complete(case, len(case.dq))
        or not case.q
        or case.code_in(0) != case.code_out()
    ):
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
        (drop_qdq, MOVES),
        (drop_dq, "ArgMax ArgMin"),
        (
            unary,
            "AveragePool GlobalAveragePool GlobalMaxPool LeakyRelu ReduceMean ReduceMin ReduceMax ReduceProd "
            "ReduceSum Relu Gelu Elu HardSigmoid HardSwish Sigmoid Slice LogSoftmax Softmax Sqrt Atan Asin Sin Cos "
            "Sign Tanh Exp Log LRN Ceil Floor Round Abs Neg DepthToSpace SpaceToDepth LpNormalization CumSum",
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
