"""NNAPI's rules of the ops with weights, windows, parts and sizes: Conv, pools, Gemm, MatMul, Split, Resize.

As `checks`: the provider's reason of refusal or None; sources are the builder files that the table's rows name.
"""

from __future__ import annotations

import numpy as np
from onnx import TensorProto

from tfonnx_lab.mobile.nnapi.case import Case
from tfonnx_lab.mobile.nnapi.checks import four, shown

ENDS_PROCESS = "The support check of Resize"
"""How the reason begins where the provider itself ends the process (a span read behind its end)."""


def conv(case: Case) -> str | None:
    """Constant rank-4 weights; dilation from 29 and not with groups; quantized: a constant bias, not com.microsoft."""
    if case.is_conv and case.unit.node.domain == "com.microsoft":
        return "com.microsoft.QLinearConv is not supported"
    weight = case.constant(1)
    if weight is None:
        return "The weight of convolution must be a constant initializer"
    if weight.ndim != 4:
        return "Only conv 2d is supported."
    if case.attribute_ints("dilations", (1, 1)) != (1, 1):
        if case.attribute_int("group", 1) != 1 and weight.shape[1] != 1:
            return "dilation is not supported on grouped conv"
        if case.setting.level < 29:
            level = case.setting.level
            return f"{case.op} dilations is only supported on Android API level 29+, actual API level: {level}"
    if case.is_conv and len(case.inputs) > 2 and case.constant(2) is None:
        return "Bias of QLinearConv must be a constant initializer"
    return None


def pool(case: Case) -> str | None:
    """Rank 4, a kernel of two sizes; no ceil_mode, dilations, count_include_pad, storage_order, second output."""
    reason = four(case)
    if reason or case.op.startswith("Global"):
        return reason
    if case.attribute_int("count_include_pad", 0) == 1:
        return "count_include_pad == 1 is not supported"
    if case.attribute_int("storage_order", 0) == 1:
        return "storage_order == 1 is not supported"
    if len(case.attribute_ints("kernel_shape", (1, 1))) != 2:
        return "Only pooling 2d is supported"
    if case.attribute_int("ceil_mode", 0) == 1:
        return "ceil_mode == 1 is not supported for pooling"
    if case.attribute_ints("dilations", (1, 1)) != (1, 1):
        return "Dilations of pooling is not supported"
    return "Argmax in maxpooling is not supported" if len(case.outputs) != 1 else None


def pool_codes(case: Case) -> str | None:
    """A quantized average pool has the same scale and zero point in and out, to the bit."""
    if case.kind not in ("QLinearAveragePool", "QDQ AveragePool"):
        return None
    (scale, zero), (out, out_zero) = case.scale_zero(case.inputs[0]), case.scale_zero(case.outputs[0])
    name = f"Op [{case.op}] name [{case.unit.node.name}]"
    if scale != out:
        return f"{name} has different input_scale: {scale:g} than the output_scale: {out:g}"
    return f"{name} has different input_zp: {zero} than the output_zp: {out_zero}" if zero != out_zero else None


def batch_matmul(case: Case) -> bool:
    """From 29, float32, the same rank of 3 or more on both sides, the same leading dimensions."""
    if case.setting.level < 29 or case.unit.is_group or case.op != "MatMul":
        return False
    a, b = case.shape(0), case.shape(1)
    return len(a) >= 3 and len(a) == len(b) and a[:-2] == b[:-2] and case.dtype(0) == TensorProto.FLOAT


def product(case: Case) -> str | None:
    """MatMul: rank 2 with a constant B, or a batch;

    Gemm: transA 0, alpha = beta = 1, B constant unless transB, C (N).
    """
    if batch_matmul(case):
        return None
    ranks = len(case.shape(0)), len(case.shape(1))
    if min(ranks) > 2:
        return "Supported batch matmul: [0] (float32 from level 29, both with the same leading dimensions)"
    if ranks != (2, 2):
        return "A and B must be 2D"
    if case.op == "Gemm":
        return _gemm(case)
    return "B of MatMul must be a constant initializer" if case.constant(1) is None else None


def _gemm(case: Case) -> str | None:
    trans_a, trans_b = case.attribute_int("transA", 0), case.attribute_int("transB", 0)
    alpha, beta = (float(case.unit.node.attribute(n, 1.0)) for n in ("alpha", "beta"))
    if (trans_a, alpha, beta) != (0, 1.0, 1.0):
        return (
            "Only transA == 0, alpha == 1.0 and beta == 1.0 is supported. "
            f"transA {trans_a} transB {trans_b} alpha {alpha:g} beta {beta:g}"
        )
    if trans_b == 0 and case.constant(1) is None:
        return "B of Gemm must be a constant initializer if transB != 1"
    if len(case.inputs) == 3:
        reason = _gemm_bias(case, trans_b)
        if reason:
            return reason
    if case.kind == "QDQ Gemm" and len(case.inputs) > 2 and case.constant(2) is None:
        return "Bias of QDQ Gemm must be a constant initializer"
    return None


def _gemm_bias(case: Case, trans_b: int) -> str | None:
    """C has rank 1, or from 28 (1, ..., N); not a scalar; N results."""
    c, b = case.shape(2), case.shape(1)
    if not c:
        return "C of Gemm cannot be a scalar"
    if len(c) != 1 and case.setting.level < 28:
        return f"C of Gemm can only be 1d tensor for API level {case.setting.level} shape of C, {shown(c)}"
    if any(d != 1 for d in c[:-1]):
        return f"C of Gemm must be a vector or a tensor with only last dimension != 1 c_shape: {shown(c)}"
    axis = 1 if trans_b == 0 else 0
    if c[-1] != b[axis]:
        return f"C of Gemm must be a vector of b_shape[{axis}] b_shape: {shown(b)} c_shape: {shown(c)}"
    return None


def parts(case: Case) -> str | None:
    """Equal parts: a constant split, or num_outputs (from opset 18) that divides the axis."""
    shape = case.shape()
    axis = case.attribute_int("axis", 0)
    size = shape[axis]
    if case.exists(1):
        split = case.constant(1)
        if split is None:
            return "Optional input 'split' must be a constant initializer if provided."
        total = int(np.sum(split))
        if total != size:
            return (
                "Sum of the 'split' input values must equal to the dim value at 'axis' specified. "
                f"dim value at 'axis' specified: {size}, sum of 'split' input values: {total}"
            )
        if len(set(np.ravel(split).tolist())) > 1:
            return "NNAPI only supports the case that number of splits evenly divides split axis size"
        return None
    count = len(case.outputs)
    if case.version >= 18:
        asked = case.unit.node.attribute("num_outputs", None)
        if asked is None:
            return "No 'num_outputs' provided. For split 18+, num_outputs is a required attribute."
        if asked != count or asked > size:
            return (
                "Invalid num_outputs provided. The value should be less than or equal to the size of dimension being "
                f"split and align with the size of output nodes. Current num_outputs: {asked}"
            )
    return f"split count: {count} doesn't evenly divide split dimension: {size}" if size % count else None


def resize(case: Case) -> str | None:
    """linear with half_pixel or align_corners (30) or asymmetric; nearest only asymmetric with floor; constant
    sizes."""
    return four(case) or _resize_attributes(case) or _resize_sizes(case)


def _resize_attributes(case: Case) -> str | None:
    mode = case.attribute_text("mode", "nearest")
    if mode not in ("linear", "nearest"):
        return f"Resize unsupported input mode, {mode}"
    if case.attribute_int("exclude_outside", 0) != 0:
        return "Resize does not support exclude_outside for now"
    reason = _resize_coordinates(case, mode)
    if reason or case.version < 18:
        return reason
    if case.attribute_int("antialias", 0) != 0:
        return "Resize 18+ antialias feature is not currently supported by NNAPI."
    if case.attribute_ints("axes"):
        return "Resize 18+ axes attribute is not currently supported by NNAPI EP."
    if case.attribute_text("keep_aspect_ratio_policy", "stretch") != "stretch":
        return "Resize 18+ keep_aspect_ratio_policy attribute is not currently supported by NNAPI EP."
    return None


def _resize_coordinates(case: Case, mode: str) -> str | None:
    coordinates = case.attribute_text("coordinate_transformation_mode", "half_pixel")
    if mode == "linear":
        if coordinates not in ("half_pixel", "align_corners", "asymmetric"):
            return f"Resize bilinear, unsupported coord_trans_mode, {coordinates}"
        if case.setting.level < 30 and coordinates != "asymmetric":
            return (
                "Resize bilinear only support half_pixel/align_corners on API level 30+, current API level is "
                f"{case.setting.level}"
            )
        return None
    if coordinates != "asymmetric":
        return f"Resize nearest neighbor, unsupported coord_trans_mode, {coordinates}"
    nearest = case.attribute_text("nearest_mode", "round_prefer_floor")
    return f"Resize nearest neighbor, unsupported nearest_mode, {nearest}" if nearest != "floor" else None


def _resize_sizes(case: Case) -> str | None:
    """Constant scales or sizes that leave N and C and divide the size where they shrink it; NCHW from 29."""
    if not case.exists(2) and not case.exists(3):
        return "Input scales or sizes of Resize must be known"
    first, reason = _scales(case) if case.exists(2) else _sizes(case)
    if reason is None and first and case.setting.level <= 28:
        return "android_feature_level below 29 does not support nchw Resize."
    return reason


def _scales(case: Case) -> tuple[bool, str | None]:
    """Whether the second dimension is the channel, and why the scales are refused."""
    scales = case.constant(2)
    if scales is None:
        return False, "Input scales of Resize must be a constant initializer"
    if scales.size < 4:
        return False, f"{ENDS_PROCESS} reads scale 1 of {scales.size}, which ends the process"
    first = bool(scales[1] == 1.0)
    n, c = scales[0], scales[1] if first else scales[3]
    if n != 1.0 or c != 1.0:
        return first, (
            f"Scales of N/C channel should be 1Resize of N/C channels are not supported, scale_n, {n:g}, scale_c, {c:g}"
        )
    at = (2, 3) if first else (1, 2)
    factors = [np.float32(scales[i]) for i in at]
    if all(f >= 1.0 for f in factors):
        return first, None
    sizes = [case.shape()[i] for i in at]
    if 0 in sizes:
        return first, "Input H and W must be known to downsample with scales"
    if not all(_divides(s, f) for s, f in zip(sizes, factors, strict=True)):
        return first, "Input size must be evenly divisible by output size when downsampling"
    return first, None


def _divides(size: int, scale: np.float32) -> bool:
    """Below 1, its reciprocal a whole number (to 1e-4) that divides the size (core/providers/utils.cc,
    ReciprocalIsAFactorOfN)."""
    if not 0.0 < scale < 1.0:
        return False
    reciprocal = np.float32(1.0) / scale
    whole = round(float(reciprocal))
    return abs(float(reciprocal) - whole) < 1e-4 and size % whole == 0


def _sizes(case: Case) -> tuple[bool, str | None]:
    """Whether the second dimension is the channel, and why the sizes are refused."""
    shape, sizes = case.shape(), case.constant(3)
    if sizes is None:
        return False, "Input sizes of Resize must be a constant initializer"
    if sizes.size < 4:
        return False, f"{ENDS_PROCESS} reads size 1 of {sizes.size}, which ends the process"
    first = int(sizes[1]) == shape[1]
    channel = 1 if first else 3
    n, c = int(sizes[0]), int(sizes[channel])
    if n == shape[0] and c == shape[channel]:
        return first, None
    return first, (
        "Output sizes of N/C channel should match the input sizes, Resize of N/C channels are not supported, "
        f"input_size_n, {shape[0]}, output_size_n, {n}. input_size_c, {shape[channel]}, output_size_c, {c}"
    )
