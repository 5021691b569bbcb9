"""NNAPI's rules that need code: one small function each, named by the table's rows.

A check looks at a case and gives the provider's reason of refusal, None where it has no objection. The first line of
its docstring stands in the documentation. Source: the builder file that the table's row names
(onnxruntime/core/providers/nnapi/nnapi_builtin/builders/impl). Reasons are the provider's own words.
"""

from __future__ import annotations

import numpy as np
from onnx import TensorProto

from tfonnx_lab.mobile.nnapi import quantized
from tfonnx_lab.mobile.nnapi.case import Case
from tfonnx_lab.texts.docstrings import first_paragraph

LOWEST, HIGHEST = float(np.finfo(np.float32).min), float(np.finfo(np.float32).max)


def first_line(check: object) -> str:
    """A rule in words: the first paragraph of its function's docstring."""
    return first_paragraph(check).rstrip(".")


def shown(shape: tuple[int, ...]) -> str:
    """A shape in the provider's log: `[ 1 2 ]`."""
    return "[ " + "".join(f"{d} " for d in shape) + "]"


# Types of inputs (HasSupportedInputOutputsImpl)


def float_input(case: Case) -> str | None:
    """The first input is float32."""
    return _input_type(case, (TensorProto.FLOAT,))


def float_or_uint8_input(case: Case) -> str | None:
    """The first input is float32, or uint8 (alone it has to be made inside of the same partition)."""
    return _input_type(case, (TensorProto.FLOAT, TensorProto.UINT8))


def _input_type(case: Case, allowed: tuple[int, ...]) -> str | None:
    dtype = case.dtype(0)
    return None if dtype in allowed else f"[{case.op}] Input type: [{dtype}] is not supported for now"


def float_or_binary_codes(case: Case) -> str | None:
    """float32; quantized: uint8 x uint8, constant parameters (Conv, Gemm, MatMul: also uint8 x int8, zero points 0)."""
    if not case.is_binary:
        return float_input(case)
    return quantized.binary_types(case) or quantized.slots(case, (0, 1), (0,))


def two_floats(case: Case) -> str | None:
    """Both inputs are float32."""
    a, b = case.dtype(0), case.dtype(1)
    if a == b == TensorProto.FLOAT:
        return None
    return f"Pow only supports fp32 inputs, actual input type, Input type 1: {a}, Input type 2: {b}"


def float_or_codes(case: Case) -> str | None:
    """float32; quantized: uint8 in and out, constant parameters."""
    return quantized.slots(case, (0,), (0,)) if case.kind else float_input(case)


def codes_or_plain(case: Case) -> str | None:
    """float32 or uint8; in a QDQ group uint8 in and out, constant parameters."""
    return float_or_uint8_input(case) or (quantized.slots(case, (0,), (0,)) if case.kind else None)


def codes_in(case: Case) -> str | None:
    """uint8 in, a constant scale of one value, a constant zero point."""
    return quantized.slots(case, (0,))


def codes_out(case: Case) -> str | None:
    """uint8 out, a constant scale of one value, a constant zero point."""
    return quantized.slots(case, (), (0,))


def sigmoid_codes(case: Case) -> str | None:
    """uint8 in and out, constant parameters."""
    return quantized.slots(case, (0,), (0,))


def softmax_types(case: Case) -> str | None:
    """float32; quantized: uint8, the result's scale 1/256 and zero point 0 exactly."""
    if not case.kind:
        return float_input(case)
    what = f"Op [{case.op}] name [{case.unit.node.name}]'s output 0 "
    return quantized.slots(case, (0,), (0,)) or quantized.required(case, case.outputs[0], what, 1 / 256, 0)


def pool_types(case: Case) -> str | None:
    """float32; MaxPool also uint8 inside of a partition; AveragePool quantized: uint8, constant parameters."""
    average = case.kind in ("QLinearAveragePool", "QDQ AveragePool")
    if case.op != "MaxPool" and not average:
        return float_input(case)
    return (quantized.slots(case, (0,), (0,)) if average else None) or float_or_uint8_input(case)


def concat_types(case: Case) -> str | None:
    """float32 or uint8; quantized: all uint8, constant parameters, below 29 all equal."""
    reason = float_or_uint8_input(case)
    if reason or not case.kind:
        return reason
    reason = quantized.slots(case, range(len(case.inputs)), (0,))
    if reason or case.setting.level >= 29:
        return reason
    scale, zero = case.scale_zero(case.inputs[0])
    name = f"Op [{case.op}] name [{case.unit.node.name}]"
    rest = [(s, f"{name} input {i}") for i, s in enumerate(case.inputs) if i]
    for slot, what in (*rest, (case.outputs[0], f"{name}'s output 0")):
        reason = quantized.required(case, slot, what, scale, zero)
        if reason:
            return reason
    return None


# Ranks


def up_to_four(case: Case) -> str | None:
    """Rank 4 at most."""
    rank = len(case.shape())
    what = {"BatchNormalization": "BN only support up to 4d shape", "Slice": "Slice only supports 1-4d shape"}[case.op]
    return f"{what}, input is {rank}d shape" if rank > 4 else None


def both_up_to_four(case: Case) -> str | None:
    """Both inputs have rank 4 at most."""
    a, b = len(case.shape(0)), len(case.shape(1))
    if a <= 4 and b <= 4:
        return None
    return f"{case.op} only support up to 4d shape, input1 is {a}d shape, input 2 is {b}d shape"


def one_to_four(case: Case) -> str | None:
    """Rank 1 to 4."""
    rank = len(case.shape())
    if 1 <= rank <= 4:
        return None
    wording = {
        "Concat": f"Concat only supports up to 1-4d shape, input is {rank}d shape",
        "LeakyRelu": (
            f"NNAPI LeakyRelu supports tensor rank from 1-4d. Empty shape is not supported. Input is {rank}d shape"
        ),
        "ReduceMean": f"NNAPI reduction ops only support 1-4d shape, input is {rank}d shape",
        "Sigmoid": f"ANEURALNETWORKS_LOGISTIC only supports 1-4d shape, input is {rank}d shape",
        "Squeeze": f"Squeeze only supports 1-4d shape, input is {rank}d shape",
        "Transpose": f"Transpose only supports 1-4d shape, input is {rank}d shape",
        "Unsqueeze": f"Unsqueeze only supports 1-4d shape, input is {rank}d shape",
    }
    return wording.get(case.op, f"{case.op} only supports up to 1-4d shape, input is {rank}d shape")


def four(case: Case) -> str | None:
    """Rank 4."""
    rank = len(case.shape())
    if rank == 4:
        return None
    return {
        "DepthToSpace": f"DepthToSpace only supports 4d shape, input is {rank}d shape",
        "LRN": f"LRN only support 4d shape, input is {rank}d shape",
        "Resize": f"Resize only support 4d shape, input is {rank}d shape",
    }.get(case.op, f"{case.op} only supports rank-4 tensor, input [{case.inputs[0].name}] has actual dim count {rank}")


def no_empty_dimension(case: Case) -> str | None:
    """No dimension is 0."""
    if 0 not in case.shape():
        return None
    return (
        "Pad input with zero elements is not supported"
        if case.op == "Pad"
        else f"{case.op} doesn't support dynamic input shape"
    )


def flattened(case: Case) -> str | None:
    """Not both dimensions of the result are 0."""
    shape = case.shape()
    axis = case.attribute_int("axis", 1)
    axis += len(shape) if axis < 0 else 0
    if np.prod(shape[:axis], dtype=int) == 0 and np.prod(shape[axis:], dtype=int) == 0:
        return f"The dynamic input shape {shown(shape)} is not supported"
    return None


# Constants


def axes_constant(case: Case) -> str | None:
    """Axes (from opset 13 an input) are constant."""
    if case.version > 12 and len(case.inputs) > 1 and case.constant(1) is None:
        return f"Input axes of {case.op} must be a constant initializer"
    return None


def reduce_axes(case: Case) -> str | None:
    """Axes are constant; from opset 18 noop_with_empty_axes is 0."""
    if case.exists(1) and case.constant(1) is None:
        return "Axes of ReduceMean must be a constant initializer."
    if case.version >= 18 and case.attribute_int("noop_with_empty_axes", 0) != 0:
        return "ReduceMean 18+ with noop_with_empty_axes attribute set as 1 is not supported for now."
    return None


def norm_constants(case: Case) -> str | None:
    """One output, spatial 1; scale, B, mean and var constant."""
    if len(case.outputs) != 1:
        return "Your onnx model may be in training mode, please export it in test mode."
    reason = up_to_four(case)
    if reason:
        return reason
    if case.attribute_int("spatial", 1) != 1:
        return "Non-spatial BN is not supported"
    for i, what in enumerate(("Scale", "B", "Mean", "Var"), 1):
        if case.constant(i) is None:
            return f"{what} of BN must be a constant initializer"
    return None


def indices_constant(case: Case) -> str | None:
    """Indices are constant, or int32."""
    if case.dtype(1) != TensorProto.INT32 and case.constant(1) is None:
        return "Indices of Gather must be a constant initializer."
    return None


def slice_constants(case: Case) -> str | None:
    """starts, ends, axes and steps are constant."""
    for i, what in enumerate(("starts", "ends", "axes", "steps"), 1):
        if i < len(case.inputs) and case.constant(i) is None:
            return f"{what} of {case.unit.node.name}of type [{case.op}] must be a constant initializer"
    return None


def new_shape(case: Case) -> str | None:
    """The new shape is constant, without a 0 where allowzero is 1."""
    wanted = case.constant(1)
    if wanted is None:
        return "New shape of reshape must be a constant initializer"
    reason = one_to_four(case)
    if reason:
        return reason
    shape = case.shape()
    for i, dim in enumerate(np.ravel(wanted)):
        if dim == 0 and i < len(shape) and shape[i] == 0:
            return "Reshape doesn't support 0 reshape dimension on a dynamic dimension"
        if dim == 0 and case.attribute_int("allowzero", 0) == 1:
            return "Reshape doesn't support 0 reshape dimension when allowzero is enabled"
    return None


def pad_constants(case: Case) -> str | None:
    """Mode constant; pads constant and not negative; the value constant."""
    mode = case.attribute_text("mode", "constant")
    if mode != "constant":
        return f"Mode is not supported: {mode}"
    pads = case.constant(1)
    if pads is None:
        return "pads must be a constant initializer"
    for i, value in enumerate(np.ravel(pads)):
        if value < 0:
            return f"Negative pad value is not supported: pads[{i}] = {value}"
    if len(case.inputs) > 2 and case.constant(2) is None:
        return "constant_value must be a constant initializer"
    return None


def clip_range(case: Case) -> str | None:
    """min and max are constant: (0, 6) or (-1, 1)."""
    low, high, reason = clip_bounds(case)
    if reason:
        return reason
    if (low, high) in ((0.0, 6.0), (-1.0, 1.0)):
        return None
    return f"Clip only supports [min, max] = [0, 6] or [-1, 1], the input is [{low:g}, {high:g}]"


def clip_bounds(case: Case) -> tuple[float, float, str | None]:
    """min, max, and why they are not known (core/providers/shared/utils/utils.cc, GetClipMinMax)."""
    if case.version < 11:
        attributes = case.unit.node.attributes
        return float(attributes.get("min", LOWEST)), float(attributes.get("max", HIGHEST)), None
    bounds = [LOWEST, HIGHEST]
    for i, what in enumerate(("Min", "Max"), 1):
        if not case.exists(i):
            continue
        value = case.constant(i)
        if value is None:
            return *bounds, f"{what} input of Clip must be a constant initializer"  # type: ignore[return-value]
        bounds[i - 1] = float(np.ravel(value)[0])
    return bounds[0], bounds[1], None


# Attributes


def two_inputs(case: Case) -> str | None:
    """Exactly two inputs."""
    count = len(case.inputs)
    return None if count == 2 else f"[{case.op}] only supports 2 inputs, actual input number, {count}"


def cast_target(case: Case) -> str | None:
    """To float32 or int32."""
    to = case.attribute_int("to", 0)
    if to in (TensorProto.FLOAT, TensorProto.INT32):
        return None
    return f"[Cast] Only support cast to int32 or float, actual to type, {to}"


def depth_mode(case: Case) -> str | None:
    """DCR only; with USE_NCHW from 29."""
    if case.setting.nchw and case.setting.level < 29:
        return f"NCHW layout is not supported for android feature level: {case.setting.level}"
    mode = case.attribute_text("mode", "DCR")
    if case.version >= 11 and mode != "DCR":
        return f"ANEURALNETWORKS_DEPTH_TO_SPACE only supports DCR rearrangement mode. Current mode:{mode}"
    return None


def sigmoid_result(case: Case) -> str | None:
    """The result's scale is 1/256 and its zero point 0 exactly."""
    what = f"Op [{case.op}] name [{case.unit.node.name}]'s output 0 "
    return quantized.required(case, case.outputs[0], what, 1 / 256, 0)


def softmax_axis(case: Case) -> str | None:
    """From opset 13 rank 4 at most; below 29 rank 2 or 4 with the last axis."""
    if case.version < 13:
        return None
    rank = len(case.shape())
    if rank > 4:
        return f"Softmax only supports maximum 4d input. input is {rank}d"
    axis = case.attribute_int("axis", 1)
    axis += rank if axis < 0 else 0
    if case.setting.level >= 29:
        return None
    if rank not in (2, 4):
        return f"Softmax only support 2d or 4d shape, input has {rank}d shape"
    if axis != rank - 1:
        return (
            f"Softmax only supports axis of the last dim on Android API level {case.setting.level}. input axis: {axis}"
        )
    return None
