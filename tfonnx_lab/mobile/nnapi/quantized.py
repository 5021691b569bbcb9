"""What NNAPI asks of quantized inputs and outputs.

Source: onnxruntime/core/providers/nnapi/nnapi_builtin/builders/op_builder_helpers.cc (IsQuantizedIOSupported,
IsQuantizationScaleSupported, IsQuantizationZeroPointSupported, HasRequiredScaleAndZeroPoint) and helper.cc
(HasValidBinaryOpQuantizedInputTypes). Reasons are the provider's own words.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from onnx import TensorProto

from tfonnx_lab.mobile.nnapi.case import Case, Slot

NO_PARAMETERS = (
    "Exception during initialization: /onnxruntime_src/onnxruntime/core/providers/nnapi/nnapi_builtin/builders/"
    "op_builder_helpers.cc:1237 bool onnxruntime::nnapi::op_builder_helpers::IsQuantizedIOSupported(const GraphViewer "
    "&, "
    "const NodeUnit &, const std::vector<size_t> &, const OpSupportCheckParams &, ArgType) "
    "io_def.quant_param.has_value() was false. Input index,  "
)
"""The check itself stops the session: a group where one of the asked inputs or outputs has no scale (Gemm without
QuantizeLinear)."""
PER_CHANNEL = (
    " does not support per-channel quantization,  for now, only u8s8 QlinearConv supports per-channel quantization "
    "on API 29+"
)


def binary_types(case: Case) -> str | None:
    """uint8 x uint8; Conv, Gemm and MatMul also uint8 x int8."""
    a, b = case.dtype(0), case.dtype(1)
    weighted = case.is_conv or case.is_gemm_family
    fits = b in (TensorProto.UINT8, TensorProto.INT8) if weighted else a == b
    if a == TensorProto.UINT8 and fits:
        return None
    return f"[{case.op}] A Input type: [{a}] B Input type: [{b}] is not supported for now"


def slots(case: Case, inputs: Sequence[int] = (), outputs: Sequence[int] = ()) -> str | None:
    """The named inputs, then the named outputs: uint8 (weights also int8 with zero points 0), constant parameters."""
    for i in inputs:
        reason = _slot(case, case.inputs[i], True, i)
        if reason is not None:
            return reason
    for i in outputs:
        reason = _slot(case, case.outputs[i], False, i)
        if reason is not None:
            return reason
    return None


def _slot(case: Case, slot: Slot, is_input: bool, index: int) -> str | None:
    if slot.quant is None:
        return f"{NO_PARAMETERS}{index} has no quant_param"
    weight = is_input and index == 1 and (case.is_conv or case.is_gemm_family)
    dtype = case.view.dtype(slot.name)
    signed = weight and dtype == TensorProto.INT8
    if dtype != TensorProto.UINT8 and not signed:
        side = "Input" if is_input else "Output"
        return (
            f"{case.op}NodeUnit [{case.unit.node.name}], type [{case.op}]'s {side} index  [{index}] "
            f"has unsupported type [{dtype}]"
        )
    return _scale(case, slot, signed) or _zero(case, slot, signed)


def _scale(case: Case, slot: Slot, signed: bool) -> str | None:
    """Constant; one value, or with int8 weights of a convolution one a channel (from 29)."""
    assert slot.quant is not None
    scale = case.view.constant(slot.quant.scale)
    if scale is None:
        return f"The scale of {case.op} must be a constant initializer"
    count = scale.shape[0] if scale.ndim else 1
    if count == 1:
        return None
    if not signed:
        return case.op + PER_CHANNEL
    if case.is_matmul:
        return "QLinearMatMul does not support per-channel quantization"
    if case.setting.level < 29:
        return (
            f"{case.op} only supports per-channel quantization on Android API 29+, "
            f"system NNAPI feature level: {case.setting.level}"
        )
    first = _first_dimension(case, slot)
    if first != count:
        return (
            f"{case.op} mismatch int8 per-channel quantization weight, weight dimension[0] {first} "
            f"scale dimension {count}"
        )
    return None


def _zero(case: Case, slot: Slot, signed: bool) -> str | None:
    """Left out, or constant; one value; of int8 weights all 0."""
    assert slot.quant is not None
    if slot.quant.zero is None:
        return None
    zero = case.view.constant(slot.quant.zero)
    if zero is None:
        return f"The zero point of {case.op} must be a constant initializer"
    count = zero.shape[0] if zero.ndim else 1
    if not signed:
        return case.op + PER_CHANNEL if count != 1 else None
    if zero.dtype != np.int8:
        found = case.view.dtype(slot.quant.zero)
        return f"u8s8 Qlinear[Conv/MatMul] only supports int8 zero point for weight, actual zero point type: [{found}]"
    if count != 1 and case.is_matmul:
        return "QLinearMatMul does not support per-channel quantization"
    first = _first_dimension(case, slot)
    if count not in (1, first):
        return (
            f"{case.op} mismatch int8 per-channel quantization weight, weight dimension[0] {first} "
            f"zero point dimension {count}"
        )
    for i, value in enumerate(np.ravel(zero)):
        if value != 0:
            return f"u8s8 Qlinear[Conv/MatMul]  only support 0 as zero point, zero_points[{i}] has value: {value}"
    return None


def _first_dimension(case: Case, slot: Slot) -> int:
    shape = case.view.shape(slot.name) or (0,)
    return shape[0] if isinstance(shape[0], int) else 0


def required(case: Case, slot: Slot, what: str, scale: float, zero: int) -> str | None:
    """A quantized value has exactly this scale (as float32) and zero point."""
    found, point = case.scale_zero(slot)
    if found != scale:
        return f"{what} scale can only be [{scale:g}], actual scale: {found:g}"
    if point != zero:
        return f"{what}] zero point can only be [{zero}], actual zero point: {point}"
    return None
