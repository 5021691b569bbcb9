"""What the QDQ selectors ask of ops with weights: Conv, MatMul, Gemm.

Source: onnxruntime/core/optimizer/qdq_transformer/selectors_actions/qdq_selectors.cc.
"""

from __future__ import annotations

import numpy as np
from onnx import TensorProto

from tfonnx_lab.mobile.graph import View
from tfonnx_lab.mobile.qdq_candidate import STRICT, Candidate, complete


def conv(case: Candidate) -> bool:
    """Input and result of one type; int8 input needs int8 weights; an int32 bias of the product of both scales."""
    if not complete(case) or case.code_in(0) != case.code_out():
        return False
    if case.code_in(0) == TensorProto.INT8 and case.code_in(1) != TensorProto.INT8:
        return False
    if len(case.dq) < 3:
        return True
    fits = case.release < STRICT or (_bias_scale(case) and _bias_zero(case))
    return case.code_in(2) == TensorProto.INT32 and fits


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
    """As Conv, without QuantizeLinear too; zero points given; parameters as QGemm takes them; a bias needs alpha, beta
    1."""
    if not complete(case, None, without_q=True):
        return False
    if case.release >= STRICT and not _gemm_parameters(case):
        return False
    if case.code_in(0) == TensorProto.INT8 and case.code_in(1) != TensorProto.INT8:
        return False
    if case.q and case.code_in(0) != case.code_out():
        return False
    if len(case.dq) < 3:
        return True
    plain = case.release < STRICT or case.node.attribute("alpha", 1.0) == 1.0
    return plain and case.node.attribute("beta", 1.0) == 1.0 and case.code_in(2) == TensorProto.INT32


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
